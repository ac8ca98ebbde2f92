"""The index as the rest of kimicode asks it: files, definitions and references.

Reading is for any thread; what writes is in `writing`, words are asked for in `search`.
"""

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kimicode.index.database import NAME, connect, explained, transaction

_SYMBOLS = """
SELECT name.text, symbol.kind, file.path, symbol.line, symbol.end_line, symbol.signature, symbol.container
FROM {} WHERE file.tree = ? AND {} ORDER BY file.path, symbol.line, symbol.ordinal"""

_BY_NAME = "name CROSS JOIN symbol ON symbol.name = name.id CROSS JOIN file ON file.content = symbol.content"
_BY_FILE = "file CROSS JOIN symbol ON symbol.content = file.content CROSS JOIN name ON name.id = symbol.name"
"""CROSS keeps the order of a join: left to itself SQLite looks at every file of the tree for a single name."""

_REFERENCES = """
SELECT file.path, reference.lines
FROM name CROSS JOIN reference ON reference.name = name.id CROSS JOIN file ON file.content = reference.content
WHERE file.tree = ? AND name.text = ? ORDER BY file.path"""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition. `path` is relative to the work tree; lines count from 1; `container` is "" at the top."""

    name: str
    kind: str
    path: str
    line: int
    end_line: int
    signature: str
    container: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A line on which a name is used: called, imported, inherited from, named as a type."""

    name: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of the work tree. `skipped` is "", or why it has no content here: pending, large, binary, unreadable."""

    path: str
    language: str
    size: int
    mtime_ns: int
    skipped: str


class Store:
    """One work tree's view of a repository's index. Every method may raise DamagedIndex or DiskError.

    Paths are relative to the work tree and hold undecodable bytes as surrogates (`os.fsdecode`).
    """

    def __init__(self, connection: sqlite3.Connection, folder: Path, tree: int) -> None:
        self.connection = connection
        self.folder = folder
        self.tree = tree
        self._identity = _identity(folder)

    @classmethod
    def open(cls, folder: Path, root: Path | None = None) -> "Store":
        """The index in `folder`, made where there is none, as the work tree `root` sees it.

        Without `root` it belongs to one nameless tree. Raises DamagedIndex, DiskError.
        """
        connection = connect(folder)
        name = os.fsencode(root) if root else b""
        find = "SELECT id FROM tree WHERE root = ?"
        try:
            with explained():
                found = connection.execute(find, (name,)).fetchone()
                if not found:
                    with transaction(connection):
                        connection.execute("INSERT OR IGNORE INTO tree(root) VALUES(?)", (name,))
                    found = connection.execute(find, (name,)).fetchone()
        except BaseException:
            connection.close()
            raise
        return cls(connection, folder, found[0])

    def close(self) -> None:
        self.connection.close()

    @property
    def replaced(self) -> bool:
        """Whether another database lies in its place: this one was removed, and nobody fills it any more."""
        return _identity(self.folder) != self._identity

    @property
    def generation(self) -> int:
        """Grows when any process changes what can be found: what was computed from the index is good until then."""
        with explained():
            return int(self._all("SELECT value FROM meta WHERE key = 'generation'")[0][0])

    def files(self) -> Iterator[FileRow]:
        """All files of the work tree, by path."""
        query = (
            "SELECT file.path, coalesce(content.language, ''), size, mtime_ns, skipped "
            "FROM file LEFT JOIN content ON content.id = file.content WHERE tree = ? ORDER BY file.path"
        )
        return (FileRow(os.fsdecode(path), *rest) for path, *rest in self._all(query, self.tree))

    def stamps(self) -> dict[str, tuple[int, int]]:
        """(mtime_ns, size) of every file when it was read; mtime_ns is 0 for what has to be read again."""
        rows = self._all("SELECT path, mtime_ns, size FROM file WHERE tree = ?", self.tree)
        with explained():
            # Decoding each path would take as long as asking the disk about it.
            paths = os.fsdecode(b"\0".join(row[0] for row in rows)).split("\0")
            return {path: row[1:] for path, row in zip(paths, rows, strict=True)} if rows else {}

    def definitions(self, name: str, prefix: bool = False) -> list[Symbol]:
        """Where `name` is defined, or with `prefix` every name that begins so; upper and lower case differ."""
        if not prefix:
            return self._symbols(_BY_NAME, "name.text = ?", name)
        return self._symbols(_BY_NAME, "name.text >= ? AND name.text < ?", name, name + "\U0010ffff")

    def symbols_of(self, path: str) -> list[Symbol]:
        """What a file defines, in the order of its lines."""
        return self._symbols(_BY_FILE, "file.path = ?", os.fsencode(path))

    def references(self, name: str) -> list[Reference]:
        """Every line that uses `name`, by path and line."""
        rows = self._all(_REFERENCES, self.tree, name)
        with explained():
            return [Reference(name, os.fsdecode(path), int(line)) for path, lines in rows for line in lines.split(",")]

    def _symbols(self, joined: str, where: str, *values: Any) -> list[Symbol]:
        rows = self._all(_SYMBOLS.format(joined, where), self.tree, *values)
        with explained():
            return [Symbol(name, kind, os.fsdecode(path), *rest) for name, kind, path, *rest in rows]

    def _all(self, query: str, *values: Any) -> list[Any]:
        with explained():
            return self.connection.execute(query, values).fetchall()


def _identity(folder: Path) -> tuple[int, int] | None:
    """Of the file that the database in `folder` is; while somebody has it open, no other file gets the same."""
    try:
        status = os.stat(folder / NAME)
    except OSError:
        return None
    return status.st_dev, status.st_ino
