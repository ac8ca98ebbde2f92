"""The files of the reviewed side as a folder: for tools to read in, and to be copied for running.

Where they are not checked out as they are, a private copy is made as git keeps them: no filter runs. A link becomes a
small file that says where it leads: its author chose that, and a tool that followed it would read outside the copy.
"""

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kimicode.errors import DiskError
from kimicode.git import changes
from kimicode.git.commit import head_of
from kimicode.git.entries import SUBMODULE, Entries
from kimicode.git.shadow import Shadow
from kimicode.review import scratch
from kimicode.review.source import Source

MOST_FILES = 50_000
MOST_BYTES = 500_000_000
_IMPOSSIBLE = frozenset({errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.EEXIST, errno.ENOTDIR, errno.EISDIR})
"""A name that this file system cannot have, or that is the same as another for it."""


@dataclass(frozen=True, slots=True)
class Tree:
    """`in_place`: it is the person's own folder, with what is not tracked; otherwise a copy that will be thrown away.

    `notes` say what the copy lacks.
    """

    root: Path
    in_place: bool
    notes: tuple[str, ...] = ()


@contextmanager
def head_tree(source: Source) -> Iterator[Tree]:
    """The folder for as long as the block lasts. Blocks while it copies. Raises GitError, DiskError."""
    if _checked_out(source):
        yield Tree(source.repository.root, in_place=True)
        return
    folder = scratch.make()
    try:
        root = folder / "tree"
        yield Tree(root, in_place=False, notes=_copy(source, root))
    finally:
        scratch.remove(folder)


def _checked_out(source: Source) -> bool:
    """Whether the work tree holds just these files, apart from what is not tracked."""
    if source.kind == "worktree":
        return True
    origin = source.repository.origin
    if source.kind == "commits" and head_of(origin) != source.change.head:
        return False
    with tempfile.TemporaryDirectory(prefix="kimicode-git-") as folder:
        shadow = Shadow.create(origin, Path(folder) / "status.git")
        options = ["--porcelain=v1", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules=dirty"]
        records = [record for record in shadow.run(["status", *options]).output.split(b"\0") if record]
    # Two letters: the index against HEAD, the file against the index.
    return all(source.kind == "staged" and record[1:2] == b" " for record in records)


def _copy(source: Source, root: Path) -> tuple[str, ...]:
    """Write the files into `root`; what was left out, in words."""
    root.mkdir()
    places: dict[str, list[str]] = {}
    for path in _chosen(source):
        places.setdefault(source.after[path].id, []).append(path)
    written, room = 0, MOST_BYTES
    for name, data in changes.read(source.repository.origin, places):
        room -= len(data) * len(places[name])
        if room < 0:
            break
        written += sum(_write(root / path, data, source.after[path].mode) for path in places[name])
    return tuple(_left_out(source.after, written))


def _chosen(source: Source) -> list[str]:
    """Those with a harmless name, the changed ones and their neighbours first, as many as a copy may hold."""
    changed = {file.path for file in source.change.files}
    folders = {PurePosixPath(path).parent for path in changed}
    paths = [path for path, entry in source.after.items() if entry.mode != SUBMODULE and _harmless(path)]
    if len(paths) > MOST_FILES:
        paths.sort(key=lambda path: (path not in changed, PurePosixPath(path).parent not in folders))
    return paths[:MOST_FILES]


def _harmless(path: str) -> bool:
    """git itself lets nobody check out the others, but a tree made by hand can hold them."""
    return all(part not in ("", ".", "..") and part.lower() != ".git" for part in path.split("/"))


def _write(place: Path, data: bytes, mode: str) -> bool:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as file:
            file.write(data)
        if mode == "100755":
            place.chmod(0o755)
    except OSError as error:
        if error.errno in _IMPOSSIBLE:
            return False
        raise DiskError.from_os("write", place, error) from error
    return True


def _left_out(entries: Entries, written: int) -> Iterator[str]:
    links = sum(entry.mode == "120000" for entry in entries.values())
    modules = sum(entry.mode == SUBMODULE for entry in entries.values())
    missing = len(entries) - modules - written
    if missing:
        yield f"{missing} of {len(entries) - modules} files are not in the copy that is read: too large, or too many"
    if modules:
        yield f"{modules} submodule{'s' * (modules != 1)} cannot be looked into"
    if links:
        yield f"{links} link{'s' * (links != 1)} cannot be followed"
