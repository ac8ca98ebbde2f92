"""How messages are written in a repository, learnt from its log: in words for a model, and to check what it wrote."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kimicode.git.history import commits
from kimicode.git.shadow import Origin

LEARNT_FROM = 40
SHOWN = 12
_USUAL = 0.6
"""A share of the messages from which on something is the custom."""
_TYPE = re.compile(r"[a-z]+(\([^)]+\))?!?: ")
_TRAILERS = re.compile(r"([A-Z][A-Za-z-]+: .+\n?)+")


@dataclass(frozen=True, slots=True)
class Style:
    """The first lines of the newest messages, and what is usual in them; all empty before the first commit."""

    subjects: tuple[str, ...] = ()
    bodies: float = 0.0
    """The share of messages that have a body."""

    @property
    def typed(self) -> bool:
        """Whether first lines begin with a type, as `fix: ` or `feat(scope): `."""
        return _share(bool(_TYPE.match(subject)) for subject in self.subjects) > _USUAL

    @property
    def told(self) -> str:
        """In words, with examples; "" before the first commit."""
        if not self.subjects:
            return ""
        lengths = sorted(map(len, self.subjects))
        facts = [
            f"First lines have up to {max(lengths[int(0.9 * (len(lengths) - 1))], 30)} characters.",
            "They begin with a type as in the examples (`fix: `, `feat(scope): `)."
            if self.typed
            else "They have no type prefix unless the examples show one.",
            "Most have a body." if self.bodies > 0.5 else "Most are a first line alone." if self.bodies < 0.2 else "",
            "The newest, of other changes, as examples of style and language:",
            *(f"- {subject}" for subject in self.subjects[:SHOWN]),
        ]
        return "\n".join(filter(None, facts))

    def fault(self, subject: str) -> str:
        """What makes a first line unusable here, for who wrote it; "" for a good one."""
        if subject.casefold() in {known.casefold() for known in self.subjects}:
            return "that is the message of an earlier commit, which was an example of style alone"
        if self.typed and not _TYPE.match(subject):
            return "the first line lacks a type such as those of the examples"
        return ""

    def fitted(self, subject: str) -> str:
        """A first line with the usual case of its first letter, and without a full stop where none is usual."""
        if (
            subject.endswith(".")
            and not subject.endswith("..")
            and _share(s.endswith(".") for s in self.subjects) < 0.5
        ):
            subject = subject[:-1]
        kind = _TYPE.match(subject)
        at = kind.end() if kind else 0
        word = subject[at:].partition(" ")[0]
        if not word.isalpha() or word[1:] != word[1:].lower():
            return subject  # a name, or code
        starts = [start for known in self.subjects if (start := _TYPE.sub("", known, count=1)[:1]).isalpha()]
        if len(starts) > 2 and _share(map(str.isupper, starts)) > 0.8:
            word = word.capitalize()
        elif len(starts) > 2 and _share(map(str.islower, starts)) > 0.8:
            word = word.lower()
        return subject[:at] + word + subject[at + len(word) :]


def style_of(origin: Origin) -> Style:
    """What the log shows; merges do not count. Raises GitError."""
    latest = [commit for commit in commits(origin, ["HEAD"], LEARNT_FROM) if len(commit.parents) < 2]
    bodies = _share(bool(_TRAILERS.sub("", commit.body).strip()) for commit in latest)
    return Style(tuple(commit.subject for commit in latest), bodies)


def _share(flags: Iterable[bool]) -> float:
    found = list(flags)
    return sum(found) / len(found) if found else 0.0
