"""What of a review may be posted: a model wrote it, and it had read what strangers wrote.

A finding whose words do not pass is not lost: its place, its severity and its kind are said, in our own words.
"""

import dataclasses
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from kimicode.review import suggestions
from kimicode.review.change import ChangedFile
from kimicode.review.findings import Citation, Finding, Review
from kimicode.review.prose import Gate

Read = Callable[[str], bytes | None]
"""A file's bytes at the reviewed head."""

_NAME = re.compile(r"[\w.+@/-]{1,200}")
_SYMBOL = re.compile(r"[\w$.:<>~#-]{1,120}")
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,79}")
_SPOKEN = re.compile(r"[\"'`#;%*]|//|--|\bREM\b")
"""Begins a string or a comment in some language."""
_LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class Vetted:
    """`review` as it may be posted. `withheld` are those of its findings that have no words.

    `outside` counts findings that are left out: they point at files which the pull request does not have.
    """

    review: Review
    withheld: frozenset[Finding]
    outside: int


@dataclass(frozen=True, slots=True)
class Vetting:
    """By what a review is vetted. Without `read`, which blocks, nothing is suggested.

    What programs printed is never repeated, and of a `fork`'s pull request not even which of them ran.
    """

    files: Sequence[ChangedFile]
    gates: Collection[Gate]
    read: Read | None
    fork: bool

    def vet(self, review: Review) -> Vetted:
        paths = {path for file in self.files for path in (file.path, file.old_path)}
        inside = [finding for finding in review.findings if finding.path in paths]
        told = {finding: all(gate.lets(finding) for gate in self.gates) for finding in inside}
        findings = {finding: self._told(finding) if told[finding] else _silent(finding) for finding in inside}
        withheld = frozenset(findings[finding] for finding in inside if not told[finding])
        posted = dataclasses.replace(
            review,
            findings=tuple(findings.values()),
            unread=tuple(one for one in review.unread if one.path in paths and self._short(one.why)),
            model=review.model if _MODEL.fullmatch(review.model) else "",
            notes=tuple(filter(self._short, review.notes)),
        )
        return Vetted(posted, withheld, len(review.findings) - len(inside))

    def _told(self, finding: Finding) -> Finding:
        return dataclasses.replace(
            finding,
            symbol=finding.symbol if _SYMBOL.fullmatch(finding.symbol) else "",
            citations=tuple(filter(self._citable, finding.citations)),
            suggestion=finding.suggestion if self._applies(finding) else None,
            evidence=self._evidence(finding),
        )

    def _citable(self, citation: Citation) -> bool:
        """Code that is no part of the change may be cited as well, by a path that is nothing but one."""
        known = any(citation.path in (file.path, file.old_path) for file in self.files)
        return known or (_NAME.fullmatch(citation.path) is not None and self._passes(citation.path))

    def _evidence(self, finding: Finding) -> str:
        """Without what the command printed."""
        why, mark, shown = finding.evidence.partition("\n\n$ ")
        kept = why if self.fork else why + mark + shown.partition("\n")[0]
        return kept if self._passes(kept) else ""

    def _applies(self, finding: Finding) -> bool:
        """What it suggests passes as code, and fits."""
        text = self.read(finding.path) if finding.suggestion and self.read else None
        if finding.suggestion is None or text is None:
            return False
        new = _new(finding.suggestion.text, text)
        return all(gate.lets_code(new) for gate in self.gates) and suggestions.usable(self.files, finding, text)

    def _short(self, text: str) -> bool:
        return len(text) <= _LONGEST_NOTE and self._passes(text)

    def _passes(self, text: str) -> bool:
        return all(gate.passes(text) for gate in self.gates)


def _new(suggested: str, file: bytes) -> str:
    """What a suggestion says anew: without lines that it leaves as they are, for they are not the bot's words.

    One that has room for words counts all the same.
    """
    there = {line.strip() for line in file.decode("utf-8", "replace").split("\n")}
    return "\n".join(line for line in suggested.split("\n") if line.strip() not in there or _SPOKEN.search(line))


def _silent(finding: Finding) -> Finding:
    """Its place, severity and kind alone."""
    return dataclasses.replace(
        finding, symbol="", claim="", scenario="", evidence="", citations=(), suggestion=None, finder=""
    )
