"""From what a run changed to a commit of it alone: a person's changes in the same files stay out, or the file does."""

from collections.abc import Collection

from kimicode.git.commit import Draft, of_entries, refuse_unfinished
from kimicode.git.diff import shown, tree_of_head
from kimicode.git.entries import SUBMODULE, Collision, Entries, Entry, of_index, of_tree, three_way
from kimicode.git.programs import filtered
from kimicode.git.shadow import Shadow
from kimicode.git.snapshot import WorkTree

LARGEST_BYPRODUCT = 500_000


class _Left(Exception):
    """Why a file is not committed."""


def of_work(tree: WorkTree, before: str, after: str, edited: Collection[str] = ()) -> Draft:
    """A commit of what changed between two snapshots. `edited` are the paths that tools edited: those are meant.

    Raises UsageError where a merge waits to be finished, GitError, DiskError.
    """
    return _draft(tree, before, after, edited, index_follows=False)


def of_tracked(tree: WorkTree) -> Draft:
    """A commit of all changes to tracked files, staged or not, as `git commit -a` makes it. Raises as `of_work`."""
    shadow = tree.shadow
    shadow.run(["add", "--update", *(["--sparse"] if shadow.sparse else [])])
    after = shadow.run(["write-tree", "--missing-ok"]).line
    before = tree_of_head(shadow.origin)
    return _draft(tree, before, after, None, index_follows=True)


def _draft(tree: WorkTree, before: str, after: str, edited: Collection[str] | None, *, index_follows: bool) -> Draft:
    shadow, origin = tree.shadow, tree.shadow.origin
    refuse_unfinished(origin)
    weigh = _Weighing(shadow, before, after, edited)
    chosen: dict[str, Entry | None] = {}
    index: dict[str, Entry | None] = {}
    left_out = []
    for path in weigh.changed:
        try:
            entry = weigh.entry(path)
            if entry == weigh.head.get(path):
                continue  # committed meanwhile, by a command of the run
            index[path] = entry if index_follows else weigh.for_index(path, entry)
            chosen[path] = entry
        except _Left as why:
            left_out.append(f"{shown(path)} {why}")
    _carry(shadow, {entry.id for entry in (*chosen.values(), *index.values()) if entry is not None})
    return of_entries(origin, chosen, index, left_out)


class _Weighing:
    """Four versions of each changed file: HEAD's, before the run, after it, and the person's index."""

    def __init__(self, shadow: Shadow, before: str, after: str, edited: Collection[str] | None) -> None:
        self._shadow = shadow
        self._edited = edited
        self.head = self._entries(tree_of_head(shadow.origin))
        self._before, self._after = self._entries(before), self._entries(after)
        self._index, _ = of_index(shadow.origin)
        paths = sorted(self._before.keys() | self._after.keys())
        self.changed = [path for path in paths if self._before.get(path) != self._after.get(path)]
        self._filtered = filtered(shadow, self.changed)

    def entry(self, path: str) -> Entry | None:
        """What is to be committed at a path. Raises _Left."""
        head, before, after = (entries.get(path) for entries in (self.head, self._before, self._after))
        if SUBMODULE in (entry.mode for entry in (head, before, after) if entry):
            raise _Left("is a submodule: commit and publish it first")
        if path in self._filtered:
            raise _Left(f"passes through the filter {self._filtered[path]}, which kimicode does not run")
        if head is None and before is not None and before != after:
            raise _Left("was not committed before the run")
        if before is None and after is not None and self._is_byproduct(path, after):
            raise _Left("is new, made by a command, and binary or large")
        return self._joined(before, head, after, "has changes of yours in the same lines")

    def for_index(self, path: str, new: Entry | None) -> Entry | None:
        """What the index holds at a path when it is committed: what was staged, on top of it. Raises _Left."""
        return self._joined(self.head.get(path), self._index.get(path), new, "has staged changes in the same lines")

    def _joined(self, base: Entry | None, ours: Entry | None, theirs: Entry | None, why: str) -> Entry | None:
        try:
            return three_way(base, ours, theirs, self._read, self._write)
        except Collision:
            raise _Left(why) from None

    def _is_byproduct(self, path: str, entry: Entry) -> bool:
        if self._edited is None or path in self._edited or not entry.is_file:
            return False
        size = int(self._shadow.run(["cat-file", "-s", entry.id]).line)
        return size > LARGEST_BYPRODUCT or b"\0" in self._read(entry.id)[:8_000]

    def _entries(self, tree: str) -> Entries:
        return of_tree(self._shadow.run(["ls-tree", "-r", "-z", tree]))

    def _read(self, object_id: str) -> bytes:
        return self._shadow.run(["cat-file", "blob", object_id]).output

    def _write(self, data: bytes) -> str:
        return self._shadow.run(["hash-object", "-w", "--stdin"], feed=data).line


def _carry(shadow: Shadow, object_ids: Collection[str]) -> None:
    """Bring objects of the shadow into the person's repository."""
    if object_ids:
        feed = "".join(f"{object_id}\n" for object_id in object_ids).encode()
        packed = shadow.run(["pack-objects", "--stdout", "-q"], feed=feed).output
        shadow.origin.run(["unpack-objects", "-q"], feed=packed, settings=[("core.fsync", "committed")])
