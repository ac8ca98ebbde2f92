"""The real bare git repository behind a fake forge: commits by fast-import, and diffs as git computes them."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tests.fakes.forge import patches

_DIFF = ("--no-color", "--no-ext-diff", "--no-textconv", "--full-index", "--src-prefix=a/", "--dst-prefix=b/")
_QUIET = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    **{
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "T"), ("EMAIL", "t@t"))
    },
}
_FIRST_COMMIT_AT = 1_767_225_600  # 2026-01-01
_HASH = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Blob:
    """A file's content with a mode of its own: "100755" can be run, "120000" is a link to the path in `data`."""

    data: bytes
    mode: str = "100644"


@dataclass(frozen=True, slots=True)
class Delta:
    """One changed file, as `git diff --raw` and its patch tell it. `patch` is None where git shows no lines.

    Paths are git's bytes, decoded with surrogateescape; the patch's bytes that are not UTF-8 became U+FFFD.
    """

    letter: str
    old_path: str
    path: str
    old_blob: str
    new_blob: str
    old_mode: str
    new_mode: str
    patch: str | None

    def count(self, kind: str) -> int:
        """How many lines are new ("+") or gone ("-")."""
        return sum(row.kind == kind for piece in patches.pieces(self.patch or "") for row in piece.rows)


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit says of itself."""

    tree: str
    parents: tuple[str, ...]
    author: str
    message: str


class Bare:
    """A bare repository at `path`. Blocking; calls are one or two processes of git.

    What is asked of commits by their hashes never changes and is remembered: give `diff`, `merge_base`, `between` and
    `said` no names.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._commits = 0
        subprocess.run(
            ["git", "init", "-q", "--bare", "--template=", "-b", "main", str(path)],
            check=True,
            env={**os.environ, **_QUIET},
        )
        self._there: set[str] = set()
        self.diff = lru_cache(maxsize=256)(self._diff)
        self.merge_base = lru_cache(maxsize=1024)(self._merge_base)
        self.between = lru_cache(maxsize=1024)(self._between)
        self.said = lru_cache(maxsize=1024)(self._said)

    def git(self, *arguments: str, data: bytes = b"") -> bytes:
        """What git prints. Raises CalledProcessError."""
        command = ["git", "-C", str(self.path), *arguments]
        done = subprocess.run(command, input=data, capture_output=True, check=True, env={**os.environ, **_QUIET})
        return done.stdout

    def commit(
        self, ref: str, files: Mapping[str, bytes | Blob | None], *, message: str, author: str, start: str = ""
    ) -> str:
        """Commit changes on top of a ref; None deletes. `start`: the commit it goes on top of instead, by force."""
        self._commits += 1
        signature = f"{author} <{author}@example.invalid> {_FIRST_COMMIT_AT + 60 * self._commits} +0000\n"
        told = message.encode()
        stream = [f"commit {ref}\nauthor {signature}committer {signature}data {len(told)}\n".encode(), told, b"\n"]
        parent = start or self.tip(ref)
        stream += [f"from {parent}\n".encode()] if parent else []
        stream += [_line(path, content) for path, content in files.items()]
        self.git("fast-import", "--quiet", "--force", data=b"".join(stream))
        return self.tip(ref)

    def merge(self, ref: str, other: str) -> str:
        """Merge a ref into another, without conflicts. Raises CalledProcessError if there are any."""
        tree = self.git("merge-tree", "--write-tree", ref, other).decode().strip()
        parents = ("-p", self.tip(ref), "-p", self.tip(other))
        commit = self.git("commit-tree", tree, *parents, "-m", "Merge").decode().strip()
        self.git("update-ref", ref, commit)
        return commit

    def point(self, name: str, target: str) -> None:
        """Make a ref that stands for whatever another one stands for."""
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"ref: {target}\n", "ascii")

    def tip(self, name: str) -> str:
        """The commit that a name stands for, "" if there is none."""
        loose = self.path / name
        if name.startswith("refs/") and loose.is_file():  # far cheaper than a process
            said = loose.read_text("ascii").strip()
            return self.tip(said.removeprefix("ref: ")) if said.startswith("ref: ") else said
        if name in self._there:
            return name
        if name.startswith("refs/") and not (self.path / "packed-refs").exists():
            return ""
        try:
            found = self.git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode().strip()
        except subprocess.CalledProcessError:
            return ""
        if name == found and _HASH.fullmatch(name):  # a commit that was pushed stays
            self._there.add(name)
        return found

    def _merge_base(self, one: str, other: str) -> str:
        return self.git("merge-base", one, other).decode().strip()

    def _between(self, base: str, head: str) -> tuple[str, ...]:
        """The commits of `head` that `base` does not have, oldest first."""
        return tuple(self.git("rev-list", "--reverse", f"{base}..{head}").decode().split())

    def _said(self, commit: str) -> Commit:
        told = self.git("log", "-1", "--format=%T%x00%P%x00%an%x00%B", commit).decode("utf-8", "replace")
        tree, parents, author, message = told.split("\0")
        return Commit(tree, tuple(parents.split()), author.strip(), message.strip())

    def read(self, commit: str, path: str) -> bytes | None:
        """A file's bytes at a commit."""
        try:
            return self.git("cat-file", "blob", f"{commit}:{path}")
        except subprocess.CalledProcessError:
            return None

    def text(self, old: str, new: str) -> bytes:
        """The whole diff as git prints it."""
        return self.git("diff", "-M", *_DIFF, old, new)

    def moved(self, old: str, new: str, path: str, line: int) -> tuple[str, int] | None:
        """Where a line of one commit stands in another; None if it was changed or is gone."""
        delta = next(
            (each for each in self.diff(old, new, context=0) if each.old_path == path and each.letter != "A"), None
        )
        if delta is None:
            return path, line
        place = None if delta.letter in "DT" else patches.moved(delta.patch or "", line)
        return None if place is None or (delta.patch is None and delta.letter == "M") else (delta.path, place)

    def _diff(self, old: str, new: str, *, context: int = 3) -> tuple[Delta, ...]:
        raw = self.git("diff", "-M", "--raw", "--no-abbrev", "-z", *_DIFF, old, new).split(b"\0")
        whole = self.git("diff", "-M", f"-U{context}", *_DIFF, old, new)
        # A line of a file never begins with "d" in a patch, so this can only be git's own head of a file.
        patches_left = iter(whole.removeprefix(b"diff --git ").split(b"\ndiff --git "))
        deltas, fields = [], iter(raw)
        for head in fields:
            if not head:
                break
            old_mode, new_mode, old_blob, new_blob, letter = head.decode()[1:].split()
            names = [os.fsdecode(next(fields)) for _ in range(2 if letter[0] in "RC" else 1)]
            patch = _lines(next(patches_left))
            if letter == "T":  # git prints it as a deletion and an addition; no forge shows lines for it
                next(patches_left)
                patch = None
            deltas.append(Delta(letter[0], names[0], names[-1], old_blob, new_blob, old_mode, new_mode, patch))
        return tuple(deltas)


def _line(path: str, content: bytes | Blob | None) -> bytes:
    """A change of one file in the words of fast-import; octal digits can spell every name."""
    name = b'"' + b"".join(b"\\%03o" % byte for byte in os.fsencode(path)) + b'"'
    if content is None:
        return b"D " + name + b"\n"
    blob = content if isinstance(content, Blob) else Blob(content)
    return b"M %b inline %b\ndata %d\n%b\n" % (blob.mode.encode(), name, len(blob.data), blob.data)


def _lines(section: bytes) -> str | None:
    """The hunks of one file's section."""
    start = section.find(b"\n@@ ")
    return None if start < 0 else section[start + 1 :].decode("utf-8", "replace").removesuffix("\n")
