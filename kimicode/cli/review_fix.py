"""`kimicode review --fix N`: one finding of the last review, handed to the agent as its task."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kimicode.agent.budget import Limits
from kimicode.agent.place import absolute
from kimicode.cli.commit import say
from kimicode.cli.headless import Request, execute
from kimicode.cli.review_last import last
from kimicode.errors import UsageError
from kimicode.review import source
from kimicode.review.change import Side
from kimicode.review.findings import Finding
from kimicode.review.fingerprint import stamped
from kimicode.sessions.transcript import printable

if TYPE_CHECKING:
    from kimicode.cli.reviewing import Asked


def hand_over(asked: "Asked", number: int) -> int:
    """An ordinary run whose task is the finding; returns its exit code. Raises UsageError, DiskError."""
    folder = absolute(asked.folder or Path())
    repository = source.discover(folder)
    findings = last(repository).findings
    if number > len(findings):
        count = f"{len(findings)} finding{'s' * (len(findings) != 1)}" if findings else "no findings"
        raise UsageError(f"there is no finding {number}: the last review had {count}")
    finding = findings[number - 1]
    refuse_stale(finding, repository.root)
    if not asked.quiet:
        say(printable(f"{finding.severity.label}, {finding.path}:{finding.first}: {finding.claim}"))
    request = Request(
        prompt=task(finding),
        folder=repository.root,
        flags=asked.flags,
        limits=Limits(
            tokens=asked.tuned["max_tokens"], price=asked.tuned["max_price"], seconds=asked.tuned["time_limit"]
        ),
        output="text",
        plan_first=False,
        patch=None,
        resume="",
        progress=not asked.quiet and sys.stderr.isatty(),
    )
    return execute(request)


def refuse_stale(finding: Finding, root: Path) -> None:
    """Raises UsageError where the code that the finding is about no longer stands in the folder as it did."""

    def read(path: str, side: Side) -> bytes | None:
        place = root / path
        return place.read_bytes() if place.is_file() and not place.is_symlink() else None

    if finding.side == "new" and stamped(finding, read).fingerprint == finding.fingerprint:
        return
    if finding.side == "old" and (root / finding.path).exists():  # what it is about was removed: nothing to compare
        return
    hint = "Review it again, or check out what was reviewed."
    raise UsageError(f"{finding.path} is not as it was when it was reviewed", hint=hint)


def task(finding: Finding) -> str:
    """The finding as a prompt."""
    lines = f"line {finding.first}" if finding.first == finding.last else f"lines {finding.first} to {finding.last}"
    where = f"{finding.path}, {lines}" + (f", in {finding.symbol}" if finding.symbol else "")
    side = " (before the change that removed them)" if finding.side == "old" else ""
    pieces = [
        f"A review of this repository found a fault at {where}{side}:",
        finding.claim,
        finding.scenario,
        f"What the reviewer saw: {finding.evidence}" if finding.evidence else "",
        "Look at the code and make sure that the fault is real; if it is not, say why and change nothing. "
        "Else mend it with the smallest change that does, show with a test or a command that it is mended, "
        "and leave everything else as it is.",
    ]
    return "\n\n".join(filter(None, pieces))
