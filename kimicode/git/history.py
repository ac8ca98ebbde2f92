"""Commits as they are told of: ids, first lines, and how their messages are usually written here."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kimicode.git.shadow import Origin

_FORMAT = "%H%x00%P%x00%s%x00%b%x00%x01"
_CONVENTIONAL = re.compile(r"[a-z]+(\([^)]+\))?!?: ")
_TRAILERS = re.compile(r"([A-Z][A-Za-z-]+: .+\n?)+")
LEARNT_FROM = 40
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; `subject` is the message's first line."""

    id: str
    parents: tuple[str, ...]
    subject: str
    body: str

    @property
    def short(self) -> str:
        return f'{self.id[:9]} "{self.subject[:100]}"'


def commits(origin: Origin, revisions: Sequence[str], limit: int, paths: Sequence[str] = ()) -> list[Commit]:
    """The newest of these revisions first; none where there are no commits. Raises GitError."""
    head = origin.run(["rev-parse", "--verify", "--quiet", "HEAD"], check=False)
    if head.status != 0:
        return []
    options = [f"--max-count={limit}", f"--format=tformat:{_FORMAT}", "--no-show-signature", "--encoding=UTF-8"]
    output = origin.run(["log", *options, *revisions, "--", *paths]).output.decode("utf-8", "replace")
    found = []
    for record in output.split("\x01"):
        fields = record.lstrip("\n").split("\0")
        if len(fields) >= 4:
            found.append(Commit(fields[0], tuple(fields[1].split()), fields[2], fields[3].strip()))
    return found


def commit_at(origin: Origin, revision: str) -> Commit | None:
    """The commit that a name stands for, if it stands for one."""
    name = origin.run(["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], check=False).line
    return next(iter(commits(origin, [name], 1)), None) if name else None


def style(origin: Origin) -> str:
    """How messages are written in this repository, in words for a model, with examples; "" before the first commit."""
    latest = [commit for commit in commits(origin, ["HEAD"], LEARNT_FROM) if len(commit.parents) < 2]
    if not latest:
        return ""
    subjects = [commit.subject for commit in latest]
    lengths = sorted(map(len, subjects))
    with_body = _share(bool(_TRAILERS.sub("", commit.body).strip()) for commit in latest)
    facts = [
        f"First lines have up to {max(lengths[int(0.9 * (len(lengths) - 1))], 30)} characters.",
        "They begin with a type as in the examples (`fix: `, `feat(scope): `)."
        if _share(bool(_CONVENTIONAL.match(subject)) for subject in subjects) > 0.6
        else "They have no type prefix unless the examples show one.",
        "Most have a body." if with_body > 0.5 else "Most are a first line alone." if with_body < 0.2 else "",
        "The newest, as examples of style and language:",
        *(f"- {subject}" for subject in subjects[:SHOWN]),
    ]
    return "\n".join(filter(None, facts))


def _share(flags: Iterable[bool]) -> float:
    found = list(flags)
    return sum(found) / len(found)
