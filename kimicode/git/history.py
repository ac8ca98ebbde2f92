"""Commits as they are told of: ids, first lines, bodies."""

from collections.abc import Sequence
from dataclasses import dataclass

from kimicode.git.shadow import Origin

_FORMAT = "%H%x00%P%x00%s%x00%b%x00%x01"


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
