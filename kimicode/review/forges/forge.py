"""What a review needs of a forge: plain data, and the protocol that GitHub and GitLab fulfil."""

from dataclasses import dataclass
from typing import Protocol

from kimicode.review.change import ChangedFile, Side


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull or merge request. `merge_base` is the commit that the forge's own diff begins at.

    Title and description are the author's words. `fork`: its head lies in another repository.
    """

    url: str
    number: int
    title: str
    description: str
    author: str
    base: str
    head: str
    merge_base: str
    base_branch: str
    head_branch: str
    fork: bool
    draft: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Said:
    """One comment of a thread. `mine`: this bot wrote it. `may_write`: its author has write access."""

    author: str
    text: str
    mine: bool
    may_write: bool


@dataclass(frozen=True, slots=True)
class Thread:
    """A discussion at a line that this bot began. `fingerprint` is the hidden one of its first comment.

    `line` is 0 where the forge says that the place is outdated. `head` is the commit that it was posted on, `comment`
    the forge's number of that first comment. `fixed`: this bot itself has said that the fault is gone, in its comment
    or by resolving the thread.
    """

    id: str
    fingerprint: str
    path: str
    line: int
    resolved: bool
    said: tuple[Said, ...]
    head: str = ""
    comment: str = ""
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    """An inline comment, anchored where the forge's diff has that line; `first` equals `line` for a single one."""

    path: str
    old_path: str
    side: Side
    first: int
    line: int
    body: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a posting: comments that stand, and those that the forge refused, with its reason."""

    comments: tuple[Comment, ...]
    refused: tuple[tuple[Comment, str], ...] = ()


class Forge(Protocol):
    """One pull request at its forge. Every call may raise ForgeError (`forges/failures.py`)."""

    async def pull_request(self) -> PullRequest: ...

    async def files(self) -> tuple[ChangedFile, ...]:
        """The forge's own diff: what it takes comments on. Files whose patch it does not give have no hunks."""
        ...

    async def threads(self) -> tuple[Thread, ...]:
        """Those that this bot began, told by the mark in their first comment and by its author."""
        ...

    async def summary(self) -> str:
        """The bot's own summary comment as it stands, "" if there is none."""
        ...

    async def may_write(self, login: str) -> bool:
        """Whether somebody has write access to the repository; False for bots and strangers."""
        ...

    async def shared(self) -> bool:
        """Whether others than this bot may write under the name that it has here."""
        ...

    async def is_later(self, commit: str, *, than: str) -> bool:
        """Whether a commit came to the pull request after another; False where the forge cannot tell."""
        ...

    async def comment(self, head: str, comments: tuple[Comment, ...]) -> Posted:
        """Post inline comments on commit `head` as one review that neither approves nor requests changes."""
        ...

    async def write_summary(self, body: str) -> None:
        """Make or change the bot's one summary comment."""
        ...

    async def check(self, head: str, title: str, body: str) -> None:
        """Show the outcome at the commit, neutrally, where the forge and the token allow it."""
        ...

    async def rewrite(self, thread: Thread, body: str) -> None:
        """Give the comment that begins a thread of this bot's another text."""
        ...

    async def resolve(self, thread: Thread) -> None: ...

    async def close(self) -> None: ...
