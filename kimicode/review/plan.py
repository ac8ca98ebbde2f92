"""What posting a review comes to: which findings get a comment, which stand in the summary, which threads are done.

A plan follows from the review and from what the forge has, and from nothing else: made again after half of it was done,
it holds the other half.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from kimicode.review import anchors, earlier, marks, selection
from kimicode.review.anchors import Anchor
from kimicode.review.change import ChangedFile
from kimicode.review.findings import Finding, Review
from kimicode.review.forges.forge import PullRequest, Thread
from kimicode.review.marks import Reviewed
from kimicode.review.replies import meaning
from kimicode.review.vetting import Vetted


@dataclass(frozen=True, slots=True)
class Scene:
    """A pull request as the forge has it: `files` are the forge's own diff of its head."""

    pull_request: PullRequest
    files: tuple[ChangedFile, ...]
    threads: tuple[Thread, ...]
    summary: str

    @property
    def reviewed(self) -> Reviewed:
        return marks.reviewed_in(self.summary) or Reviewed()


@dataclass(frozen=True, slots=True)
class Plan:
    """`inline` are to be posted, the worst first; `standing` have their comment already, `listed` get none.

    `carried` are rows of the last summary that stand. `fixed` are threads to resolve. Of earlier findings `before`
    counts the open ones that have comments, and `gone` those that were fixed, whoever resolved their threads.
    `reviewed` is to be remembered.
    """

    inline: tuple[tuple[Finding, Anchor], ...] = ()
    standing: tuple[Finding, ...] = ()
    listed: tuple[Finding, ...] = ()
    carried: tuple[Finding, ...] = ()
    fixed: tuple[Thread, ...] = ()
    before: int = 0
    gone: int = 0
    reviewed: Reviewed = field(default_factory=Reviewed)


def too_late(scene: Scene, review: Review) -> str:
    """Why nothing of it is worth posting any more, "" if it is."""
    head = scene.pull_request.head
    if not review.head:
        return "it is a review of something that is not committed"
    if not scene.pull_request.open:
        return "the pull request is closed"
    return "a later commit was reviewed meanwhile" if scene.reviewed.head == head != review.head else ""


def planned(scene: Scene, vetted: Vetted, most: int, rows: Iterable[Finding] = ()) -> Plan:
    """What is to be done. At most `most` comments stand at a time, those that are there already included.

    `rows` are findings of the last summary's table.
    """
    review, head = vetted.review, scene.pull_request.head
    settled = {thread.fingerprint for thread in scene.threads if earlier.settled(thread)}
    told = settled | {thread.fingerprint for thread in scene.threads if not thread.fixed}
    found = _distinct(review.findings)
    prints = {finding.fingerprint for finding in found}
    fixed = _fixed(scene, review, prints)
    standing = tuple(one for one in found if one.fingerprint in told - settled)
    new = [finding for finding in found if finding.fingerprint not in told]
    placed = _placed(scene, review, [finding for finding in new if finding not in vetted.withheld])
    room = most - sum(_takes_room(thread, head) for thread in scene.threads if thread not in fixed)
    inline, _ = selection.inline(list(placed), room)
    _, listed = selection.inline([finding for finding in new if finding not in inline], 0)
    past = [one for one in _past(scene) if one.fingerprint not in prints]
    return Plan(
        inline=tuple((finding, placed[finding]) for finding in inline),
        standing=standing,
        listed=listed,
        carried=tuple(row for row in rows if row.fingerprint not in prints | told) if _is_narrow(review) else (),
        fixed=fixed,
        before=sum(not (earlier.settled(thread) or thread.fixed) and thread not in fixed for thread in past),
        gone=len({thread.fingerprint for thread in past} & set(review.fixed)),
        reviewed=_remembered(scene.reviewed, review),
    )


def _is_narrow(review: Review) -> bool:
    """Whether it may not have looked where earlier ones found something: then its silence says nothing about that."""
    return bool(review.since) or review.state != "complete"


def _distinct(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Without what is there twice: a comment is known by its fingerprint."""
    return tuple({finding.fingerprint or finding: finding for finding in findings}.values())


def _placed(scene: Scene, review: Review, findings: Iterable[Finding]) -> dict[Finding, Anchor]:
    """Those that are bad enough for a comment of their own by now, where the diff shows what they mean."""
    head = scene.pull_request.head
    rounds = scene.reviewed.rounds - (scene.reviewed.head == review.head)
    least = earlier.least(rounds, _past(scene))
    return {
        finding: anchor
        for finding in findings
        if finding.severity >= least
        and finding.fingerprint
        and (review.head == head or _quotes_itself(finding))
        and (anchor := anchors.place(scene.files, finding))
    }


def _quotes_itself(finding: Finding) -> bool:
    """Whether it cites a line that it is about: then it is found again, or not, in a diff that it was not made from."""
    return any(
        cited.path == finding.path and finding.first <= cited.line <= finding.last and cited.text.strip()
        for cited in finding.citations
    )


def _past(scene: Scene) -> list[Thread]:
    """Threads of other commits than this head."""
    return [thread for thread in scene.threads if _posted_on(thread) != scene.pull_request.head]


def _posted_on(thread: Thread) -> str:
    """The commit that our comment was made for; a forge may move a thread along with the head."""
    return marks.posted_on(thread.said[0].text if thread.said else "") or thread.head


def _takes_room(thread: Thread, head: str) -> bool:
    """Whether it counts among those that stand: all of this head, and open ones that still point at code."""
    return _posted_on(thread) == head or (thread.line > 0 and not (earlier.settled(thread) or thread.fixed))


def _fixed(scene: Scene, review: Review, found: set[str]) -> tuple[Thread, ...]:
    """Our threads of which the review of a later commit says that the fault is gone, and of which nobody said more.

    Nothing is won by talking the model into that: who opened the pull request may resolve its threads anyway.
    """
    gone = set(review.fixed) - found
    unresolved = (thread for thread in _past(scene) if not thread.resolved and thread.fingerprint in gone)
    return tuple(thread for thread in unresolved if all(meaning(one.text) == "accepted" for one in thread.said[1:]))


def _remembered(reviewed: Reviewed, review: Review) -> Reviewed:
    """A review that failed leaves no trace; one of the same commit again is no round."""
    if review.state == "failed":
        return reviewed
    return Reviewed(review.head, reviewed.rounds if reviewed.head == review.head else min(reviewed.rounds + 1, 9_999))
