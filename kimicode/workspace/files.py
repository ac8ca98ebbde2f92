"""The files of a workspace, for the tools: what was seen, what may be edited, and edits that change nothing else.

An edit is refused when the file is not what was last seen here; it is written atomically, in the file's own encoding
and line endings. The bytes before the first edit are kept, so that the run can say what it changed.
"""

import copy
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kimicode.errors import ToolError
from kimicode.events import Diff, FileChange
from kimicode.workspace import atomic, beneath, difftext, hazards, match, reading, syntax
from kimicode.workspace.document import Document, plain
from kimicode.workspace.encoding import UTF8, showable
from kimicode.workspace.excerpt import region
from kimicode.workspace.nearest import nearest


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit did. `line` is the first changed line from 1; `excerpt` shows the changed region, numbered."""

    diff: Diff
    line: int
    excerpt: str
    note: str = ""
    """What was tolerated to find the place, or kept as the file has it."""
    warning: str = ""
    """A syntax error that this edit brought in."""

    def report(self, done: str) -> str:
        """The result for the model: `done` and the note in one line, the region as it is now, the warning."""
        headline = f"{done} ({self.note})." if self.note else f"{done}."
        return "\n".join(filter(None, (headline, self.excerpt, self.warning)))


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file about to be edited: where it is, what to call it, its bytes and text."""

    path: Path
    name: str
    data: bytes
    document: Document


Written = Callable[[Path, str | None, str], None]
"""Takes a real path, the text before (None: a new file) and the text after."""


def _nobody(path: Path, before: str | None, after: str) -> None:
    """Nobody wants to know."""


class Files:
    """Reads anywhere, edits only below `root` and the `allowed` folders. One per agent; not for several threads."""

    def __init__(self, root: Path, allowed: Sequence[Path] = ()) -> None:
        self.root = root.resolve()
        self._writable = (self.root, *(folder.resolve() for folder in allowed))
        self.written: Written = _nobody
        """Told of every edit, once it is on the disk."""
        self._seen: dict[Path, bytes] = {}
        self._originals: dict[Path, bytes | None] = {}
        self._rehearsing = False
        self._pinned: dict[str, Path] = {}

    @property
    def roots(self) -> tuple[Path, ...]:
        """The real folders in which files can be edited, the working one first."""
        return self._writable

    def rehearsal(self) -> "Files":
        """The same files for edits that write nothing: what they would do, and how they would fail, can be seen."""
        twin = copy.copy(self)
        twin._seen, twin._originals, twin._rehearsing = dict(self._seen), {}, True
        return twin

    def pinned(self, path: str) -> "Files":
        """The same files, where `path` goes on to mean what it means now, whatever links are changed. Raises ToolError.

        What was judged, shown and approved is then what is opened.
        """
        twin = copy.copy(self)
        twin._pinned = {path: self.resolve(path)}
        return twin

    # --- paths ----------------------------------------------------------------------------------------------

    def resolve(self, path: str, *, for_edit: bool = False) -> Path:
        """The real path, links followed; relative ones start at the root. Raises ToolError for an edit outside."""
        if not path.strip() or "\0" in path or UTF8.lacks(path):
            raise ToolError(
                "the path is empty or has characters that no path has", hint=f"Give a path relative to {self.root}."
            )
        if path == "~" or path.startswith("~/"):
            raise ToolError(f"~ is not expanded: {path}", hint=f"Give an absolute path or one relative to {self.root}.")
        try:
            real = self._pinned.get(path) or Path(os.path.realpath(self.root / path))
        except OSError as error:
            raise ToolError(f"not a usable path: {path}: {error.strerror or error}") from error
        if for_edit:
            self._insist_on_editable(real)
        return real

    def _insist_on_editable(self, real: Path) -> None:
        base = next((folder for folder in self._writable if real.is_relative_to(folder)), None)
        if base is None:
            raise ToolError(
                f"{showable(str(real))} is outside the workspace", hint=f"Files can be edited only below {self.root}."
            )
        if hazards.guarded(real.relative_to(base)):
            hint = "Use git commands in bash instead; kimicode's settings are the user's to change."
            raise ToolError(f"{self._name(real)} belongs to the settings of git or of kimicode", hint=hint)

    def _name(self, real: Path) -> str:
        """What to call a file: its path relative to the root, where it is below it."""
        return showable(str(real.relative_to(self.root) if real.is_relative_to(self.root) else real))

    # --- reading --------------------------------------------------------------------------------------------

    def read_bytes(self, path: str) -> bytes:
        """A regular file's bytes, of whatever content. Raises ToolError, also above 10 MB; never blocks."""
        real = self.resolve(path)
        return reading.load_real(real, self._name(real))

    def read(self, path: str) -> Document:
        """A text file, from now on known as seen. Raises ToolError if it is missing, binary, special or too large."""
        real = self.resolve(path)
        data = reading.load_real(real, self._name(real))
        document = self._text(real, data)
        self._remember(real, data)
        return document

    def _text(self, real: Path, data: bytes) -> Document:
        document = Document.from_bytes(data)
        if document is None:
            raise ToolError(f"{self._name(real)} is a binary file", hint="Use bash (file, xxd, strings) to read it.")
        return document

    def _remember(self, real: Path, data: bytes) -> None:
        self._seen.pop(real, None)  # the dict's order is by when a file was last seen
        self._seen[real] = _digest(data)

    def recently_seen(self, n: int) -> list[str]:
        """The names of the last `n` files seen or edited that still exist, newest last."""
        existing = (self._name(real) for real in reversed(self._seen) if os.path.isfile(real))
        return list(islice(existing, n))[::-1]

    # --- editing --------------------------------------------------------------------------------------------

    def create(self, path: str, text: str) -> Edit:
        """Write a new file (or an empty one) in UTF-8, with its folders. Raises ToolError if it exists."""
        real = self.resolve(path, for_edit=True)
        name = self._name(real)
        if os.path.lexists(real) and reading.load_real(real, name):
            raise ToolError(f"{name} exists already", hint="Use strreplace to change it, or bash to remove it first.")
        before = b"" if os.path.lexists(real) else None
        document = Document.of(text)
        self._insist_on_encodable(name, document, text)
        try:
            if not self._rehearsing:
                with beneath.folder(real.parent, make=True):
                    pass
        except OSError as error:
            raise ToolError(f"cannot create the folder of {name}: {error.strerror or error}") from error
        return self._save(real, before, None, document, (1, len(document.lines)))

    def replace(self, path: str, old: str, new: str) -> Edit:
        """Replace the one place where `old` stands. Raises ToolError for none, several, or an edit without effect."""
        if not old.strip():
            raise ToolError("old_str is blank", hint="Use insert to add lines, or createfile for a new file.")
        if old == new:
            raise ToolError("old_str and new_str are the same: nothing to change")
        opened = self._open(path)
        if plain(old) == plain(new):
            return self._replace_endings(opened, old, new)
        self._insist_on_encodable(opened.name, opened.document, new)
        found = match.find(opened.document.text, plain(old), plain(new))
        if len(found) != 1:
            raise _not_unique(opened, plain(old), found)
        place = found[0]
        return self._edit(opened, place.start, place.end, place.new, place.note)

    def fits(self, path: str, old: str) -> bool:
        """Whether `replace` would find exactly one place; changes nothing, and the file does not count as seen."""
        opened = self._open(path)
        return bool(old.strip()) and len(match.find(opened.document.text, plain(old), "")) == 1

    def insert(self, path: str, line: int, text: str) -> Edit:
        """Insert whole lines after line `line` (0: at the top). Raises ToolError if the file has fewer lines."""
        opened = self._open(path)
        content, lines = opened.document.text, opened.document.lines
        if not 0 <= line <= len(lines):
            raise ToolError(f"insert_line must be from 0 to {len(lines)}, the number of lines of {opened.name}")
        self._insist_on_encodable(opened.name, opened.document, text)
        block = plain(text).removesuffix("\n") + "\n"
        at = sum(len(before) + 1 for before in lines[:line])
        if at > len(content):  # after a last line without newline: the file goes on ending without one
            return self._edit(opened, len(content), len(content), "\n" + block[:-1], skip=1)
        return self._edit(opened, at, at, block)

    def _open(self, path: str) -> _Opened:
        real = self.resolve(path, for_edit=True)
        name = self._name(real)
        data = reading.load_real(real, name)
        if self._seen.get(real, _digest(data)) != _digest(data):
            raise ToolError(f"{name} changed on disk since you last saw it", hint="View it again, then edit.")
        return _Opened(real, name, data, self._text(real, data))

    def _edit(self, opened: _Opened, start: int, end: int, new: str, note: str = "", skip: int = 0) -> Edit:
        """Replace text[start:end]; the first `skip` lines of `new` only complete the line before."""
        before = opened.document
        after = before.replaced(start, end, new)
        if after == before:
            raise ToolError("the edit would change nothing: the file already has this text")
        if note and syntax.broken_by(opened.path, before.text, after.text):
            line, more = before.text.count("\n", 0, start) + 1, before.text.count("\n", start, end)
            raise ToolError(
                f"old_str is not in {opened.name} like this; line {line} comes near ({note}), but the result would not "
                f"parse. The file has:\n{region(before.lines, line, line + more)}",
                hint="Nothing was changed. Quote the lines exactly, or leave them if they are right already.",
            )
        first = before.text.count("\n", 0, start) + 1
        last = first + new.removesuffix("\n").count("\n")
        endings = after.endings[first - 1 : last]
        if "\n" in new and "\r\n" in endings:
            note = "; ".join(filter(None, (note, "line endings are CRLF as in the file")))
        return self._save(opened.path, opened.data, before, after, (first + skip, last), note)

    def _replace_endings(self, opened: _Opened, old: str, new: str) -> Edit:
        """An edit of nothing but line endings: the one case in which they are taken as given."""
        raw = opened.document.raw
        found = list(islice(match.occurrences(raw, old), match.MOST))
        if len(found) != 1:
            hint = "old_str and new_str differ in line endings only; use bash (sed, dos2unix) to convert the file."
            raise ToolError(f"old_str stands {len(found)} times in {opened.name}, line endings included", hint=hint)
        after = Document.of(raw[: found[0]] + new + raw[found[0] + len(old) :], opened.document.encoding)
        first = raw.count("\n", 0, found[0]) + 1
        last = first + new.removesuffix("\n").count("\n")
        return self._save(opened.path, opened.data, opened.document, after, (first, last), "line endings were changed")

    def _insist_on_encodable(self, name: str, document: Document, text: str) -> None:
        lacking = document.encoding.lacks(text)
        if lacking:
            raise ToolError(
                f"{name} is in {document.encoding.label}, which has no {showable(lacking)!r} (U+{ord(lacking):04X})",
                hint="Use other characters, or convert the file first (bash: iconv).",
            )

    def _save(
        self,
        real: Path,
        data: bytes | None,
        before: Document | None,
        after: Document,
        lines: tuple[int, int],
        note: str = "",
    ) -> Edit:
        name, written = self._name(real), after.to_bytes()
        try:
            if not self._rehearsing:
                atomic.write(real, written, data)
        except OSError as error:
            hint = "The file is unchanged." if data is not None else "Nothing was written."
            raise ToolError(f"cannot write {name}: {error.strerror or error}", hint=hint) from error
        self._originals.setdefault(real, data)
        self._remember(real, written)
        old = before.text if before else None
        if not self._rehearsing:
            self.written(real, old, after.text)
        warning = syntax.broken_by(real, old, after.text)
        excerpt = region(after.lines, *lines)
        return Edit(difftext.compare(name, before, after), lines[0], excerpt, note, warning)

    # --- what the run changed -------------------------------------------------------------------------------

    def start_over(self) -> None:
        """What was changed so far does not count as changed any more."""
        self._originals.clear()

    def changed_files(self) -> tuple[FileChange, ...]:
        """Every file edited here whose bytes are not those before its first edit, by name."""
        changes = (self._change(real, original) for real, original in self._originals.items())
        return tuple(sorted(filter(None, changes), key=lambda change: change.path))

    def _change(self, real: Path, original: bytes | None) -> FileChange | None:
        name = self._name(real)
        try:
            now = reading.load_real(real, name) if os.path.lexists(real) else None
        except ToolError:
            return FileChange(name, "M", None, None)
        if now == original:
            return None
        status = "A" if original is None else "D" if now is None else "M"
        before = None if original is None else Document.from_bytes(original)
        after = None if now is None else Document.from_bytes(now)
        if (original is not None and before is None) or (now is not None and after is None):
            return FileChange(name, status, None, None)
        diff = difftext.compare(name, before, after)
        return FileChange(name, status, diff.added, diff.removed)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def _not_unique(opened: _Opened, old: str, found: Sequence[match.Match]) -> ToolError:
    if not found:
        near = nearest(opened.document.lines, old)
        hint = "Quote the lines exactly as they are." if near else "No line resembles it; view the file."
        return ToolError(f"old_str is not in {opened.name}.\n{near}".rstrip(), hint=hint)
    numbers = ", ".join(str(opened.document.text.count("\n", 0, place.start) + 1) for place in found)
    count = f"{len(found)} or more" if len(found) == match.MOST else str(len(found))
    loosely = f" ({found[0].note.split(',')[0]})" if found[0].note else ""
    return ToolError(
        f"old_str stands {count} times in {opened.name}{loosely}, at lines {numbers}.",
        hint="Add the lines before or after it to both old_str and new_str, so that it fits one place.",
    )
