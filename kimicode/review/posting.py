"""Brings a review to its pull request. No model takes part, and nothing that one wrote is trusted.

What to do is decided first (`plan.py`), then done in an order in which it may break off anywhere and be done again:
comments, resolved threads, the check, and last the summary, which says that this commit was reviewed.
"""

import asyncio
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from kimicode.review import marks
from kimicode.review.anchors import Anchor
from kimicode.review.change import Change
from kimicode.review.findings import Finding, Review
from kimicode.review.forges.failures import Denied
from kimicode.review.forges.forge import Comment, Forge, Posted, PullRequest, Thread
from kimicode.review.gathered import is_gitlab
from kimicode.review.plan import Plan, Scene, planned, too_late
from kimicode.review.prose import Gate
from kimicode.review.render import markdown, words
from kimicode.review.vetting import Read, Vetted, Vetting

_LOOKS = 3
"""Times that a pull request is read anew because somebody pushed while it was read."""
_MOVED = "The branch has moved on since: findings stand where their code still is."
_OUTSIDE = "Findings that point outside of the changed files were left out."


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
    if why := too_late(scene, review):
        return Outcome(nothing=why)
    vetted = await asyncio.to_thread(_vetted, scene, review, gate, read)
    plan = planned(scene, vetted, most)
    comments = tuple(_comment(finding, anchor, scene.pull_request) for finding, anchor in plan.inline)
    posted = await forge.comment(scene.pull_request.head, comments) if comments else Posted(())
    resolved, notes = await _resolve(forge, plan.fixed)
    listed = _listed(plan, posted)
    await _conclude(forge, scene, _summary(scene, vetted, plan, listed), _title(plan, vetted.review))
    return Outcome(posted.comments, posted.refused, resolved, len(listed), len(vetted.withheld), notes)


async def _look(forge: Forge) -> Scene:
    """Read the pull request, with a diff that belongs to its head."""
    pull_request = await forge.pull_request()
    for _ in range(_LOOKS):
        files = await forge.files()
        before, pull_request = pull_request, await forge.pull_request()
        if before.head == pull_request.head:
            break
    return Scene(pull_request, files, await forge.threads(), await forge.summary())


def _vetted(scene: Scene, review: Review, gate: Gate | None, read: Read | None) -> Vetted:
    pull_request = scene.pull_request
    change = Change(
        pull_request.merge_base, pull_request.head, scene.files, pull_request.title, pull_request.description
    )
    said = [one.text for thread in scene.threads for one in thread.said if not one.mine]
    own = Gate.of(change, [pull_request.head_branch, *said])
    moved = review.head != pull_request.head
    vetting = Vetting(scene.files, (own, gate) if gate else (own,), None if moved else read, pull_request.fork)
    return vetting.vet(review)


async def _resolve(forge: Forge, threads: Sequence[Thread]) -> tuple[tuple[Thread, ...], tuple[str, ...]]:
    """A token that may comment need not be allowed to resolve: that costs the review nothing else."""
    resolved: list[Thread] = []
    for thread in threads:
        try:
            await forge.resolve(thread)
        except Denied as error:
            return tuple(resolved), (f"fixed findings stay open: {error.message}",)
        resolved.append(thread)
    return tuple(resolved), ()


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
    text = markdown.summary(review, commented, listed, before=plan.before, fixed=plan.gone)
    return f"{marks.of_summary(plan.reviewed)}\n{text}"


def _said(plan: Plan) -> tuple[Finding, ...]:
    return (*plan.standing, *(finding for finding, _ in plan.inline))


def _title(plan: Plan, review: Review) -> str:
    """What a check says in one line."""
    found = (*_said(plan), *plan.listed)
    if review.state == "failed":
        return "The review failed"
    if found:
        return f"{words.count(len(found), 'fault')} found: {words.severities(found)}"
    return f"No new faults, {words.count(plan.before, 'earlier finding')} open" if plan.before else "No faults found"


async def _conclude(forge: Forge, scene: Scene, summary: str, title: str) -> None:
    """The summary is written last: where it stands already all was done before."""
    if summary.split() != scene.summary.split():
        await forge.check(scene.pull_request.head, title, summary.partition("\n")[2])
        await forge.write_summary(summary)
