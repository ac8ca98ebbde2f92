"""The files of a snapshot, byte for byte where git has their bytes unchanged; and what a work tree does not ignore."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kimicode.git.command import GitError
from kimicode.git.shadow import Shadow

_CONVERTING = ("filter", "working-tree-encoding", "ident")
"""Attributes with which the bytes in git may be others than those in the file."""


@dataclass(frozen=True, slots=True)
class TreeContents:
    """A tree's files: id and size by path."""

    shadow: Shadow
    tree: str
    files: dict[str, tuple[str, int]]

    @classmethod
    def of(cls, shadow: Shadow, tree: str) -> "TreeContents":
        """Raises GitError."""
        return cls(shadow, tree, dict(_entries(shadow.run(["ls-tree", "-r", "-l", "-z", tree]).output)))

    def read(self, files: Sequence[tuple[str, int]]) -> dict[str, bytes]:
        """The bytes of these files, which had these sizes, where git can give them back. Raises GitError.

        Lines that git keeps with LF come back with CRLF, where that alone explains the size.
        """
        wanted = [(path, size) for path, size in files if self.files.get(path, ("", size + 1))[1] <= size]
        if not wanted:
            return {}
        ids = "".join(f"{self.files[path][0]}\n" for path, _ in wanted)
        output = self.shadow.run(["cat-file", "--batch"], feed=ids.encode("ascii")).output
        found = {}
        for (path, size), data in zip(wanted, blobs(output), strict=False):
            if data is not None and len(data) != size and size - len(data) == data.count(b"\n"):
                data = data.replace(b"\n", b"\r\n")
            if data is not None and len(data) == size:
                found[path] = data
        return found

    def differing(self, files: Iterable[tuple[str, int]]) -> list[str]:
        """Those of these files (with their sizes) whose bytes git does not have as they are. Raises GitError."""
        files = list(files)
        alike = [path for path, size in files if self.files.get(path, ("", -1))[1] == size]
        converted = self._converted(alike)
        exact = {path for path in alike if path not in converted}
        return [path for path, _ in files if path not in exact]

    def belong(self, paths: Sequence[str]) -> list[str]:
        """Those of these paths that are not ignored. Raises GitError."""
        if not self.shadow.follows_untracked:
            return []
        # "./" keeps a name that begins with a colon from being taken for a pattern.
        feed = _joined([f"./{path}" for path in paths])
        answer = self.shadow.run(["check-ignore", "--stdin", "-z"], check=False, feed=feed, literal=False)
        if answer.status > 1:  # 1 means that none is ignored
            raise GitError(f"git could not say what is ignored: {answer.errors.strip()}")
        ignored = {os.fsdecode(name) for name in answer.output.split(b"\0")}
        return [path for path in paths if f"./{path}" not in ignored]

    def _converted(self, paths: Sequence[str]) -> set[str]:
        if not paths or not self._has_attributes():
            return set()
        answer = self.shadow.run(["check-attr", "--stdin", "-z", *_CONVERTING], feed=_joined(paths))
        fields = answer.output.split(b"\0")
        triples = zip(fields[::3], fields[2::3], strict=False)
        return {os.fsdecode(path) for path, value in triples if value not in (b"unspecified", b"unset")}

    def _has_attributes(self) -> bool:
        """Asking for the attributes of 30,000 files takes a second, and most repositories have none."""
        beside = (self.shadow.git_dir / "info/attributes").exists() or "core.attributesfile" in self.shadow.settings
        return beside or any(os.path.basename(path) == ".gitattributes" for path in self.files)


def _joined(paths: Sequence[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)


def _entries(output: bytes) -> Iterator[tuple[str, tuple[str, int]]]:
    """Read `ls-tree -l -z`: "mode type id size TAB path"; links and submodules are left out."""
    for entry in output.split(b"\0"):
        head, _, path = entry.partition(b"\t")
        fields = head.split()
        if len(fields) == 4 and fields[0].startswith(b"100") and fields[3].isdigit():
            yield os.fsdecode(path), (fields[2].decode("ascii"), int(fields[3]))


def blobs(output: bytes) -> Iterator[bytes | None]:
    """Read `cat-file --batch`: "id blob size", the bytes, a line break; None for "id missing"."""
    at = 0
    while at < len(output):
        end = output.index(b"\n", at)
        fields = output[at:end].split()
        at = end + 1
        if len(fields) != 3:
            yield None
            continue
        size = int(fields[2])
        yield output[at : at + size]
        at += size + 1
