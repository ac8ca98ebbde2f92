"""What becomes of a finished run's changes: a commit of them alone, in the folder or on the branch of a worktree."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from kimicode.agent.wording import Ask, commit_message, with_trailer
from kimicode.errors import ModelError, UsageError
from kimicode.git.commit import Draft, remarks
from kimicode.git.repository import why_not
from kimicode.git.style import style_of
from kimicode.git.worktree import Worktree, untouched

MakeDraft = Callable[[], Awaitable[Draft]]

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person asked for, and the model that did it and can be asked for words."""

    text: str
    model: str
    ask: Ask


@dataclass(frozen=True, slots=True)
class Delivery:
    """Commits; `worktree` is what the run works in, if that is its own."""

    worktree: Worktree | None = None

    async def deliver(self, draft: MakeDraft | None, wish: Wish, *, unfinished: bool) -> str:
        """Commit what `draft` makes, and what to say of it. Raises KimicodeError.

        Work that is `unfinished` is not committed.
        """
        said = "Not committed: the work is not finished" if unfinished else ""
        if draft is not None:
            said = await _committed(await draft(), wish)
        return "\n".join(filter(None, (said, await asyncio.to_thread(self.way_back))))

    def way_back(self) -> str:
        """How the person gets what a worktree holds, as commands; "" without one. Raises GitError, DiskError."""
        tree = self.worktree
        if tree is None:
            return ""
        folder = tree.own.root
        if tree.head != tree.start:
            commands = [f"git merge {tree.branch}", f"git worktree remove {folder}", f"git branch -d {tree.branch}"]
            head = f"The work is on the branch {tree.branch}. In {tree.home.root}:"
            return "\n".join([head, *(f"  {command}" for command in commands)])
        if untouched(tree):
            return "Nothing changed: the worktree is removed"
        return f"The work is in {folder}, uncommitted, on the branch {tree.branch}"


def commits_in(folder: Path) -> Delivery:
    """For work in this folder. Raises UsageError, before anything is done, where nothing can be committed."""
    if why := why_not(folder):
        raise UsageError(f"--commit needs a git repository: {why}")
    return Delivery()


async def _committed(draft: Draft, wish: Wish) -> str:
    lines = [f"Not committed: {why}" for why in draft.left_out[:MOST_NAMED]]
    if len(draft.left_out) > MOST_NAMED:
        lines.append(f"Not committed: {len(draft.left_out) - MOST_NAMED} more files")
    if not draft.empty:
        message = await _message(draft, wish)
        made = await asyncio.to_thread(draft.commit, with_trailer(message, wish.model))
        lines.insert(0, f"Committed {made[:9]}: {message.splitlines()[0]}")
        lines += [note[0].upper() + note[1:] for note in await asyncio.to_thread(remarks, draft.origin)]
    return "\n".join(lines)


async def _message(draft: Draft, wish: Wish) -> str:
    try:
        difference = await asyncio.to_thread(draft.difference)
        learnt = await asyncio.to_thread(style_of, draft.origin)
        return await commit_message(wish.ask, difference, learnt, wish.text)
    except ModelError:  # the work is done and shall not wait for words
        first = next(iter(wish.text.strip().splitlines()), "") or "Changes of a run"
        return first if len(first) <= 72 else f"{first[:69]}..."
