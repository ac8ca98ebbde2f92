"""Entries of trees and of the index: reading them, and putting three versions of one together."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kimicode.git.command import Answer, run
from kimicode.git.shadow import Origin

SUBMODULE = "160000"
Entries = dict[str, "Entry"]
Read = Callable[[str], bytes]
Write = Callable[[bytes], str]


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands at a path: mode and object id."""

    mode: str
    id: str

    @property
    def is_file(self) -> bool:
        return self.mode.startswith("100")


class Collision(Exception):
    """Two sides changed the same thing in different ways."""


def of_tree(listing: Answer) -> Entries:
    """From `ls-tree -r -z`."""
    return {path: Entry(fields[0], fields[2]) for fields, path in _records(listing.output)}


def of_index(origin: Origin) -> tuple[Entries, frozenset[str]]:
    """The person's index, and the paths in it that are in conflict. Raises GitError."""
    entries, unmerged = {}, set()
    for fields, path in _records(origin.run(["ls-files", "--stage", "-z"]).output):
        if fields[2] == "0":
            entries[path] = Entry(fields[0], fields[1])
        else:
            unmerged.add(path)
    return entries, frozenset(unmerged)


def index_info(entries: Mapping[str, Entry | None], empty: str) -> bytes:
    """The input of `update-index -z --index-info`: removals first, for a folder may take a file's place."""
    lines = []
    for path, entry in sorted(entries.items(), key=lambda item: item[1] is not None):
        mode, object_id = (entry.mode, entry.id) if entry else ("0", empty)
        lines.append(f"{mode} {object_id}\t".encode() + os.fsencode(path) + b"\0")
    return b"".join(lines)


def three_way(base: Entry | None, ours: Entry | None, theirs: Entry | None, read: Read, write: Write) -> Entry | None:
    """What `ours` is with the change from `base` to `theirs`. Raises Collision, GitError."""
    if ours in (base, theirs):
        return theirs
    if base == theirs:
        return ours
    if not (base and ours and theirs and base.is_file and ours.is_file and theirs.is_file):
        raise Collision
    mode = theirs.mode if ours.mode == base.mode else ours.mode
    if ours.id in (base.id, theirs.id) or base.id == theirs.id:
        return Entry(mode, theirs.id if ours.id == base.id else ours.id)
    return Entry(mode, write(_merged(read(base.id), read(ours.id), read(theirs.id))))


def _merged(base: bytes, ours: bytes, theirs: bytes) -> bytes:
    with tempfile.TemporaryDirectory(prefix="kimicode-merge-") as folder:
        for name, data in (("base", base), ("ours", ours), ("theirs", theirs)):
            Path(folder, name).write_bytes(data)
        answer = run(["merge-file", "-p", "-q", "ours", "base", "theirs"], cwd=Path(folder), env={}, check=False)
    if answer.status != 0:
        raise Collision
    return answer.output


def _records(output: bytes) -> Iterator[tuple[list[str], str]]:
    for record in output.split(b"\0"):
        head, tab, path = record.partition(b"\t")
        if tab:
            yield head.decode("ascii").split(), os.fsdecode(path)
