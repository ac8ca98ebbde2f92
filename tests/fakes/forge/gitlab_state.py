"""What the fake GitLab remembers: people and their levels, merge requests, diff versions, discussions, statuses."""

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from tests.fakes.forge.github_state import Pull
from tests.fakes.forge.repository import Bare

Level = Literal[0, 10, 20, 30, 40, 50]
"""No member, guest, reporter, developer, maintainer, owner."""
DEVELOPER = 30
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Key:
    """A token: whose, and what it may. A job's token reaches none of what a review needs."""

    text: str
    login: str
    scope: Literal["api", "read_api", "job"]


@dataclass(frozen=True, slots=True)
class Version:
    """The diff as it was after one push: the three commits that a position names."""

    id: int
    base: str
    start: str
    head: str
    at: str

    def refs(self) -> dict[str, str]:
        return {"base_sha": self.base, "head_sha": self.head, "start_sha": self.start}


@dataclass(slots=True)
class Note:
    """A comment. `position` is what was posted, None for one that is at no line."""

    id: int
    login: str
    body: str
    at: str
    changed_at: str
    position: dict[str, Any] | None = None
    system: bool = False


@dataclass(slots=True)
class Discussion:
    """Notes that belong together. A single note has a discussion of its own."""

    id: str
    pull: Pull
    notes: list[Note]
    single: bool
    resolved_by: str = ""

    @property
    def first(self) -> Note:
        return self.notes[0]


@dataclass(slots=True)
class Status:
    """A commit status."""

    id: int
    login: str
    commit: str
    fields: dict[str, Any]
    at: str


@dataclass(slots=True)
class State:
    """Everything. `web` is where people look; a GitLab below a folder of its host has that folder in it."""

    bare: Bare
    web: str
    full_name: str
    private: bool = False
    levels: dict[str, Level] = field(default_factory=dict)
    """What people may; who is not in it has no account."""
    pulls: dict[int, Pull] = field(default_factory=dict)
    versions: dict[int, list[Version]] = field(default_factory=dict)
    discussions: list[Discussion] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    approvals: list[str] = field(default_factory=list)
    preparing: set[int] = field(default_factory=set)
    """Merge requests whose diff GitLab has not computed yet: their diff_refs are null."""
    patch_lines: int = 5000
    """A file whose patch is longer is too large to show."""
    collapsed_lines: int = 1000
    """One whose patch is longer than this is collapsed: shown on demand, and not by this API."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1001))
    ticks: Iterator[int] = field(default_factory=itertools.count)
    logins: dict[str, int] = field(default_factory=dict)

    def now(self) -> str:
        """A clock that ticks when it is looked at."""
        return (_BEGINNING + timedelta(seconds=next(self.ticks))).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def number_of(self, login: str) -> int:
        return self.logins.setdefault(login, 501 + len(self.logins))

    def may_push(self, login: str) -> bool:
        return self.levels.get(login, 0) >= DEVELOPER

    def version(self, pull: Pull) -> Version:
        """The newest version of the diff. A push makes a new one, and a note that says so."""
        known = self.versions.setdefault(pull.number, [])
        head, base = pull.head, pull.merge_base
        if not known or (known[-1].head, known[-1].base) != (head, base):
            if known:
                self.say(pull, pull.author, "added 1 commit", system=True)
            known.append(Version(next(self.numbers), base, pull.base, head, self.now()))
        return known[-1]

    def say(
        self,
        pull: Pull,
        login: str,
        text: str,
        *,
        position: dict[str, Any] | None = None,
        single: bool = True,
        system: bool = False,
    ) -> Discussion:
        """A new discussion."""
        number, now = next(self.numbers), self.now()
        note = Note(number, login, text, now, now, position, system)
        name = hashlib.sha1(f"discussion {number}".encode()).hexdigest()
        discussion = Discussion(name, pull, [note], single and position is None)
        self.discussions.append(discussion)
        return discussion

    def of(self, pull: Pull) -> list[Discussion]:
        return [one for one in self.discussions if one.pull is pull]
