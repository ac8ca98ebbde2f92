"""Reads patches: what git prints for a change, and the text that a forge gives for one file of it.

A line ends at a line feed and nowhere else, as for git: `str.splitlines` would count other lines than git does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from kimicode.errors import KimicodeError
from kimicode.review.change import ChangedFile, Hunk, Line, Status

_START = "diff --git "
_COMBINED = ("diff --cc ", "diff --combined ", "@@@ ")
_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(.*)", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPED = dict(zip(b'abtnvfr"\\', b'\a\b\t\n\v\f\r"\\', strict=True))
_UNREADABLE = re.compile("[\ud800-\udfff]")
_STATUS: dict[str, Status] = {"new file mode": "added", "deleted file mode": "deleted"}


class DiffError(KimicodeError):
    """A patch is cut off, damaged, or of a merge."""


def parse(patch: bytes) -> tuple[ChangedFile, ...]:
    """The files of a patch as `git diff -p` prints it, with the prefixes a/ and b/. Raises DiffError.

    The patch does not tell the mode of a file that was only moved: it is given as that of an ordinary file.
    """
    reader = _Reader(patch.decode("utf-8", "surrogateescape").split("\n"))
    files: list[ChangedFile] = []
    for file in reader.files():
        if files and _changed_type(files[-1], file):
            files.append(_of_other_type(files.pop(), file))
        else:
            files.append(file)
    return tuple(files)


def hunks(patch: str) -> tuple[Hunk, ...]:
    """The hunks of one file, from its patch without the lines before the first @@. Raises DiffError."""
    return _Reader(patch.split("\n")).hunks()


def lines(data: bytes) -> list[str]:
    """The lines of a file as `Line.text` has them: line N of git is the one at N - 1."""
    parts = data.decode("utf-8", "surrogateescape").split("\n")
    if not parts[-1]:
        parts.pop()
    return [_shown(part) for part in parts]


@dataclass(slots=True)
class _Header:
    """What stands before a file's hunks; paths are "" until a line names them."""

    git: str
    status: Status = "modified"
    old_path: str = ""
    path: str = ""
    old_mode: str = ""
    new_mode: str = ""
    binary: bool = False

    def take(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word in ("---", "+++"):
            self._name(word, rest)
        elif word == "index":
            if mode := rest.partition(" ")[2]:  # it stands there where it is the same on both sides
                self.old_mode = self.new_mode = mode
        elif word in ("rename", "copy"):
            self._moved(word, rest)
        elif line.startswith(("Binary files ", "GIT binary patch")):
            self.binary = True
        else:
            self._mode(*line.rpartition(" ")[::2])

    def file(self, hunks: tuple[Hunk, ...]) -> ChangedFile:
        same = _same_path(self.git) if not (self.path or self.old_path) else ""
        path, old_path = self.path or self.old_path or same, self.old_path or self.path or same
        before = "" if self.status == "added" else self.old_mode or "100644"
        after = "" if self.status == "deleted" else self.new_mode or "100644"
        return ChangedFile(path, old_path, self.status, before, after, self.binary, hunks)

    def _name(self, word: str, rest: str) -> None:
        name = _unquoted(rest.removesuffix("\t"))  # git puts a tab behind a name with a space in it
        if name == "/dev/null":
            return
        if word == "---":
            self.old_path = name[2:]
        else:
            self.path = name[2:]

    def _moved(self, word: str, rest: str) -> None:
        self.status = "renamed" if word == "rename" else "copied"
        end, _, name = rest.partition(" ")
        if end == "from":
            self.old_path = _unquoted(name)
        else:
            self.path = _unquoted(name)

    def _mode(self, what: str, mode: str) -> None:
        self.status = _STATUS.get(what, self.status)
        if what in ("old mode", "deleted file mode"):
            self.old_mode = mode
        elif what in ("new mode", "new file mode"):
            self.new_mode = mode


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._at = 0

    def files(self) -> Iterator[ChangedFile]:
        while self._until(_START):
            header = _Header(self._lines[self._at].removeprefix(_START))
            self._at += 1
            while self._at < len(self._lines) and not self._lines[self._at].startswith(("@@ ", _START)):
                header.take(self._lines[self._at])
                self._at += 1
            yield header.file(self.hunks())

    def hunks(self) -> tuple[Hunk, ...]:
        """Those up to the next file."""
        found = []
        while self._until("@@ ", _START) and self._lines[self._at].startswith("@@ "):
            found.append(self._hunk())
        return tuple(found)

    def _until(self, *starts: str) -> bool:
        """Go on to the next line that begins so; False where there is none."""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.startswith(starts):
                return True
            if line.startswith(_COMBINED):
                raise DiffError("the patch of a merge shows more than two sides and cannot be reviewed")
            self._at += 1
        return False

    def _hunk(self) -> Hunk:
        match = _HUNK.fullmatch(self._line())
        if match is None:
            raise self._damaged()
        old, new = int(match[1]), int(match[3])
        old_count, new_count = int(match[2] or 1), int(match[4] or 1)
        found = tuple(self._body(old, new, old + old_count, new + new_count))
        return Hunk(old, old_count, new, new_count, _shown(match[5]).strip(), found)

    def _body(self, old: int, new: int, old_end: int, new_end: int) -> Iterator[Line]:
        while old < old_end or new < new_end:
            line = self._line()
            kind, text = line[:1], _shown(line[1:])
            if kind == "\\":  # "No newline at end of file"
                continue
            if kind == "+":
                yield Line("+", 0, new, text)
                new += 1
            elif kind == "-":
                yield Line("-", old, 0, text)
                old += 1
            elif kind in (" ", ""):  # git can be told to leave the space of an empty line out
                yield Line(" ", old, new, text)
                old, new = old + 1, new + 1
            else:
                raise self._damaged()
        if (old, new) != (old_end, new_end):
            raise self._damaged()

    def _line(self) -> str:
        if self._at >= len(self._lines) or (self._at == len(self._lines) - 1 and not self._lines[self._at]):
            raise DiffError("the patch is cut off in the middle of a hunk")
        self._at += 1
        return self._lines[self._at - 1]

    def _damaged(self) -> DiffError:
        return DiffError(f"line {self._at} of the patch is not what git writes there")


def _changed_type(gone: ChangedFile, come: ChangedFile) -> bool:
    """Whether git, which has no words for it, shows one file that became a link as deleted and added."""
    return (gone.status, come.status, gone.path) == ("deleted", "added", come.path)


def _of_other_type(gone: ChangedFile, come: ChangedFile) -> ChangedFile:
    binary = gone.binary or come.binary
    return replace(come, status="type", old_mode=gone.old_mode, binary=binary, hunks=gone.hunks + come.hunks)


def _same_path(git: str) -> str:
    """The path in "a/PATH b/PATH", which may hold spaces: both are the same where no other line names them."""
    if match := _QUOTED.match(git):
        return _unquoted(match[0])[2:]
    half = len(git) // 2
    if git[2:half] != git[half + 3 :]:
        raise DiffError(f"the patch does not say which file it means: {_shown(git[:200])}")
    return git[2:half]


def _unquoted(name: str) -> str:
    match = _QUOTED.fullmatch(name)
    if match is None:
        return name
    return _ESCAPE.sub(_byte, match[1].encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _byte(match: "re.Match[bytes]") -> bytes:
    escape = match[1]
    return bytes([int(escape, 8) & 255 if len(escape) == 3 else _ESCAPED.get(escape[0], escape[0])])


def _shown(text: str) -> str:
    text = text.removesuffix("\r")
    return text if text.isascii() else _UNREADABLE.sub("\ufffd", text)
