"""What the fake GitHub remembers: people, pull requests, reviews, threads, comments, check runs."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from tests.fakes.forge.patches import Side, pieces
from tests.fakes.forge.repository import Bare

Role = Literal["admin", "maintain", "write", "triage", "read", "none"]
Event = Literal["APPROVE", "REQUEST_CHANGES", "COMMENT"]
_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED", None: "PENDING"}
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
_OF_ROLE = {"admin": "OWNER", "maintain": "MEMBER", "write": "COLLABORATOR", "triage": "COLLABORATOR"}


def is_bot(login: str) -> bool:
    return login.endswith("[bot]")


@dataclass(slots=True)
class Pull:
    """A pull request. Its commits are read from git whenever they are asked for: a push moves them."""

    bare: Bare = field(repr=False)
    url: str
    number: int
    title: str
    body: str
    author: str
    base_branch: str
    head_branch: str
    fork: str
    """The login of the fork's owner, "" where the head lies in the repository itself."""
    draft: bool
    at: str
    state: Literal["open", "closed"] = "open"
    locked: bool = False
    """Only who may push comments; an app is nobody who may push."""

    @property
    def head_ref(self) -> str:
        return head_ref(self.head_branch, self.fork)

    @property
    def head(self) -> str:
        return self.bare.tip(self.head_ref)

    @property
    def base(self) -> str:
        return self.bare.tip(f"refs/heads/{self.base_branch}")

    @property
    def merge_base(self) -> str:
        return self.bare.merge_base(self.base, self.head)


def head_ref(branch: str, fork: str) -> str:
    """Where a branch lies: forks share the store of objects, as they do at GitHub."""
    return f"refs/forks/{fork}/{branch}" if fork else f"refs/heads/{branch}"


@dataclass(slots=True)
class Review:
    """A submitted or pending review."""

    id: int
    pull: Pull
    login: str
    body: str
    event: Event | None
    commit: str
    at: str

    @property
    def state(self) -> str:
        return _STATES[self.event]


@dataclass(slots=True)
class Remark:
    """A review comment as it was written: the place is that of commit `commit`, and `line` 0 means the whole file."""

    id: int
    review: int
    login: str
    body: str
    path: str
    side: Side
    line: int
    start_side: Side
    start_line: int
    """Equal to `line` for a single line."""
    commit: str
    hunk: str
    position: int
    at: str
    reply_to: int = 0


@dataclass(slots=True)
class Thread:
    """Review comments at one place: the first, and the replies to it."""

    id: str
    pull: Pull
    remarks: list[Remark]
    resolved_by: str = ""

    @property
    def first(self) -> Remark:
        return self.remarks[0]


@dataclass(slots=True)
class IssueComment:
    """A comment below a pull request."""

    id: int
    pull: Pull
    login: str
    body: str
    at: str
    changed_at: str


@dataclass(slots=True)
class CheckRun:
    """A check run, as its requests have put it together."""

    id: int
    app: str
    fields: dict[str, object]
    annotations: list[dict[str, object]]


@dataclass(slots=True)
class State:
    """Everything. `web` is where people look, `api` where programs ask."""

    bare: Bare
    web: str
    api: str
    owner: str
    name: str
    private: bool = False
    roles: dict[str, Role] = field(default_factory=dict)
    """What people may; who is not in it does not exist."""
    pulls: dict[int, Pull] = field(default_factory=dict)
    reviews: list[Review] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    comments: list[IssueComment] = field(default_factory=list)
    checks: list[CheckRun] = field(default_factory=list)
    former_names: list[str] = field(default_factory=list)
    """What the repository was called before: requests are led to what it is called now."""
    most_files: int = 3000
    """A pull request with more files is listed without the others."""
    patch_lines: int = 20_000
    """A file whose patch is longer is shown without it."""
    diff_files: int = 300
    """A pull request with more files is not given as one diff."""
    most_comments: int = 30
    """A review with more comments runs into a limit; where exactly GitHub's lies is not published."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1001))
    ticks: Iterator[int] = field(default_factory=itertools.count)
    logins: dict[str, int] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    def now(self) -> str:
        """A clock that ticks when it is looked at."""
        return (_BEGINNING + timedelta(seconds=next(self.ticks))).strftime("%Y-%m-%dT%H:%M:%SZ")

    def number_of(self, login: str) -> int:
        return self.logins.setdefault(login, 501 + len(self.logins))

    def role(self, login: str) -> Role:
        """What somebody may here; everybody may read what is public."""
        role = self.roles.get(login, "none")
        return "read" if role == "none" and not self.private else role

    def may_push(self, login: str) -> bool:
        return self.role(login) in ("admin", "maintain", "write")

    def association(self, pull: Pull, login: str) -> str:
        """GitHub's word for somebody's relation to the repository."""
        known = _OF_ROLE.get(self.roles.get(login, "none"))
        return known or ("CONTRIBUTOR" if login == pull.author and not pull.fork else "NONE")

    def place(self, pull: Pull, remark: Remark, line: int, side: Side) -> tuple[str, int] | None:
        """Where a commented line stands at the pull request's head now; None once it is outdated.

        It is outdated where the line was changed, and where the diff no longer shows it.
        """
        head = pull.head
        old, new = (remark.commit, head) if side == "RIGHT" else (self.fork_point(pull, remark.commit), pull.merge_base)
        place = (remark.path, line) if old == new else pull.bare.moved(old, new, remark.path, line)
        if place is None:
            return None
        for delta in pull.bare.diff(pull.merge_base, head):
            if place[0] in (delta.path, delta.old_path) and shows(delta.patch or "", side, place[1]):
                return delta.path, place[1]
        return None

    def fork_point(self, pull: Pull, commit: str) -> str:
        return pull.bare.merge_base(pull.base, commit)


def shows(patch: str, side: Side, line: int) -> bool:
    """Whether a patch shows a line on a side, changed or not."""
    return any(piece.index(side, line) is not None for piece in pieces(patch))
