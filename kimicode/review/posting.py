"""Brings a review to its pull request. No model takes part, and nothing that one wrote is trusted.

What to do is decided first (`plan.py`), then done in an order in which it may break off anywhere and be done again:
comments, resolved threads, the check, and last the summary, which says that this commit was reviewed.
"""

import asyncio
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from kimicode.review import carried, marks, selection
from kimicode.review.anchors import Anchor
from kimicode.review.change import Change
from kimicode.review.findings import Finding, Review
from kimicode.review.forges.failures import Denied, Locked, Missing
from kimicode.review.forges.forge import Comment, Forge, Posted, PullRequest, Thread
from kimicode.review.gathered import is_gitlab
from kimicode.review.plan import Plan, Scene, planned, too_late
from kimicode.review.prose import Gate
from kimicode.review.render import markdown, words
from kimicode.review.vetting import Read, Vetted, Vetting

_LOOKS = 3
"""Times that a pull request is read anew because somebody pushed while it was read."""
_MOVED = "The branch has moved on since: findings stand where their code still is."
_OUTSIDE = "Findings that point outside of the changed files, as far as the forge lists them, were left out."
_OVERTAKEN = "a later commit was reviewed meanwhile"
_LOCKED = "its conversation is locked"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a review. `nothing` says why nothing was posted at all; `refused` come with the forge's reasons.

    `listed` counts findings in the summary's table, `withheld` those of them that stand there without their words.
    """

    comments: tuple[Comment, ...] = ()
    refused: tuple[tuple[Comment, str], ...] = ()
    resolved: tuple[Thread, ...] = ()
    listed: int = 0
    withheld: int = 0
    notes: tuple[str, ...] = ()
    nothing: str = ""


async def post(
    forge: Forge, review: Review, *, most: int, gate: Gate | None = None, read: Read | None = None
) -> Outcome:
    """Post it: at most `most` comments at lines, those included that stand there already, and one summary.

    `gate` refuses texts for more reasons than the pull request itself gives: it may know the messages of commits.
    `read` gives a file at the reviewed head; without it nothing is suggested. Raises ForgeError: then the same call
    goes on where it stopped.
    """
    scene = await _look(forge)
    if why := too_late(scene, review) or await _overtaken(forge, scene, review):
        return Outcome(nothing=why)
    vetted, rows = await asyncio.to_thread(_vetted, scene, review, gate, read)
    try:
        return await _do(forge, scene, vetted, planned(scene, vetted, most, rows))
    except Locked:
        return Outcome(nothing=_LOCKED)


async def _do(forge: Forge, scene: Scene, vetted: Vetted, plan: Plan) -> Outcome:
    comments = tuple(_comment(finding, anchor, scene.pull_request) for finding, anchor in plan.inline)
    posted = await forge.comment(scene.pull_request.head, comments) if comments else Posted(())
    resolved, notes = await _settle(forge, plan.fixed, vetted.review.head)
    listed = _listed(plan, posted)
    await _conclude(forge, scene, _summary(scene, vetted, plan, listed), _title(plan, vetted.review))
    count = len(listed) + len(plan.carried)
    return Outcome(posted.comments, posted.refused, resolved, count, len(vetted.withheld), notes)


async def _look(forge: Forge) -> Scene:
    """Read the pull request, with a diff that belongs to its head."""
    pull_request = await forge.pull_request()
    for _ in range(_LOOKS):
        files = await forge.files()
        before, pull_request = pull_request, await forge.pull_request()
        if before.head == pull_request.head:
            break
    return Scene(pull_request, files, await forge.threads(), await forge.summary())


async def _overtaken(forge: Forge, scene: Scene, review: Review) -> str:
    """Why a slow review says nothing: the summary would forget what was reviewed after it."""
    last = scene.reviewed.head
    if review.head == scene.pull_request.head or last in ("", review.head):
        return ""
    return _OVERTAKEN if await forge.is_later(last, than=review.head) else ""


def _vetted(scene: Scene, review: Review, gate: Gate | None, read: Read | None) -> tuple[Vetted, tuple[Finding, ...]]:
    """The review as it may be posted, and the last summary's rows, which are believed no more than a review is."""
    pull_request = scene.pull_request
    change = Change(
        pull_request.merge_base, pull_request.head, scene.files, pull_request.title, pull_request.description
    )
    said = [one.text for thread in scene.threads for one in thread.said if not one.mine]
    own = Gate.of(change, [pull_request.head_branch, *said])
    moved = review.head != pull_request.head
    vetting = Vetting(scene.files, (own, gate) if gate else (own,), None if moved else read, pull_request.fork)
    rows = dataclasses.replace(review, findings=carried.read(scene.summary, scene.files))
    return vetting.vet(review), vetting.vet(rows).review.findings


async def _settle(forge: Forge, threads: Sequence[Thread], head: str) -> tuple[tuple[Thread, ...], tuple[str, ...]]:
    """Say of fixed findings that they are, and resolve their threads where the token may: some may only comment."""
    for thread in threads:
        if not thread.fixed:
            await _say_fixed(forge, thread, head)
    resolved: list[Thread] = []
    for thread in threads:
        try:
            await forge.resolve(thread)
        except Denied as error:
            return tuple(resolved), (f"threads of fixed findings stay open: {error.message}",)
        resolved.append(thread)
    return tuple(resolved), ()


async def _say_fixed(forge: Forge, thread: Thread, head: str) -> None:
    """In the comment that begins its thread; where that is gone or not ours to change, nothing else is lost."""
    text = thread.said[0].text
    mark = marks.of_finding(thread.fingerprint, marks.posted_on(text), fixed=head)
    _, _, told = text.partition("\n")
    try:
        await forge.rewrite(thread, f"{mark}\n{markdown.fixed(told, head)}")
    except Locked:
        raise
    except (Denied, Missing):
        return


def _comment(finding: Finding, anchor: Anchor, pull_request: PullRequest) -> Comment:
    at = (anchor.first, anchor.line)
    dialect: markdown.Dialect = "gitlab" if is_gitlab(pull_request) else "github"
    text = markdown.comment(finding, at=at if anchor.side == "new" else None, dialect=dialect)
    body = f"{marks.of_finding(finding.fingerprint, pull_request.head)}\n{text}"
    return Comment(anchor.path, anchor.old_path, anchor.side, *at, body, finding.fingerprint)


def _listed(plan: Plan, posted: Posted) -> tuple[Finding, ...]:
    """What has no comment, with what the forge refused."""
    refused = {comment.fingerprint for comment, _ in posted.refused}
    return (*(finding for finding, _ in plan.inline if finding.fingerprint in refused), *plan.listed)


def _summary(scene: Scene, vetted: Vetted, plan: Plan, listed: Sequence[Finding]) -> str:
    moved = vetted.review.head != scene.pull_request.head
    notes = [*vetted.review.notes, *([_MOVED] if moved else []), *([_OUTSIDE] if vetted.outside else [])]
    review = dataclasses.replace(vetted.review, notes=tuple(notes))
    commented = [finding for finding in _said(plan) if finding not in listed]
    text = markdown.summary(
        review,
        commented,
        listed,
        carried=selection.inline(plan.carried, 0)[1],
        before=plan.before,
        fixed=plan.gone,
        mark=partial(carried.mark, scene.files),
    )
    return f"{marks.of_summary(plan.reviewed)}\n{text}"


def _said(plan: Plan) -> tuple[Finding, ...]:
    return (*plan.standing, *(finding for finding, _ in plan.inline))


def _title(plan: Plan, review: Review) -> str:
    """What a check says in one line."""
    found = (*_said(plan), *plan.listed)
    before = plan.before + len(plan.carried)
    if review.state == "failed":
        return "The review failed"
    if found:
        return f"{words.count(len(found), 'fault')} found: {words.severities(found)}"
    none = "Nothing was reviewed" if not review.files else "No new faults" if before else "No faults found"
    return f"{none}, {words.count(before, 'earlier finding')} open" if before else none


async def _conclude(forge: Forge, scene: Scene, summary: str, title: str) -> None:
    """The summary is written last: where it stands already all was done before."""
    if summary.split() != scene.summary.split():
        await forge.check(scene.pull_request.head, title, summary.partition("\n")[2])
        await forge.write_summary(summary)
