"""The index as the rest of kimicode asks it: files, definitions, references, words, and the graph between files.

Reading is for any thread; what writes is in `writing`.
"""

import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kimicode.index.database import DamagedIndex, connect, explained, transaction
from kimicode.index.identifiers import words_of

MOST_DEFINERS = 12
"""A name that more files define (`get`, `run`) says nothing about which of them is meant: it makes no edges."""

NAMES_WEIGHT, BODY_WEIGHT, PATH_WEIGHT = 4.0, 1.0, 3.0

_SYMBOLS = """
SELECT name.text, symbol.kind, file.path, symbol.line, symbol.end_line, symbol.signature, symbol.container
FROM name JOIN symbol ON symbol.name = name.id JOIN file ON file.content = symbol.content
WHERE file.tree = ? AND {} ORDER BY file.path, symbol.line, symbol.ordinal"""

_REFERENCES = """
SELECT file.path, reference.lines
FROM name JOIN reference ON reference.name = name.id JOIN file ON file.content = reference.content
WHERE file.tree = ? AND name.text = ? ORDER BY file.path"""

_MATCH_CONTENT = """
SELECT file.path, -bm25(words, {names}, {body}) AS score FROM words JOIN file ON file.content = words.rowid
WHERE words MATCH ? AND file.tree = ? ORDER BY score DESC LIMIT ?"""

_MATCH_PATH = """
SELECT file.path, -bm25(path_words) AS score FROM path_words JOIN file ON file.id = path_words.rowid
WHERE path_words MATCH ? AND file.tree = ? ORDER BY score DESC LIMIT ?"""


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


@dataclass(frozen=True, slots=True)
class Hit:
    """A file that words match; a higher score is better, and only scores of one query can be compared."""

    path: str
    score: float


class Store:
    """One work tree's view of a repository's index. Every method may raise DamagedIndex or DiskError.

    Paths are relative to the work tree and hold undecodable bytes as surrogates (`os.fsdecode`).
    """

    def __init__(self, connection: sqlite3.Connection, folder: Path, tree: int) -> None:
        self.connection = connection
        self.folder = folder
        self.tree = tree

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

    def sound(self) -> bool:
        """Whether every page of the database can be read: a second for a large one."""
        try:
            return bool(self._all("PRAGMA quick_check(1)") == [("ok",)])
        except DamagedIndex:
            return False

    @property
    def generation(self) -> int:
        """Grows when any process changes what can be found: what was computed from the index is good until then."""
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
        # Decoding each path would take as long as asking the disk about it.
        paths = os.fsdecode(b"\0".join(row[0] for row in rows)).split("\0")
        return {path: row[1:] for path, row in zip(paths, rows, strict=True)} if rows else {}

    def definitions(self, name: str, prefix: bool = False) -> list[Symbol]:
        """Where `name` is defined, or with `prefix` every name that begins so; upper and lower case differ."""
        if not prefix:
            return self._symbols("name.text = ?", name)
        return self._symbols("name.text >= ? AND name.text < ?", name, name + "\U0010ffff")

    def symbols_of(self, path: str) -> list[Symbol]:
        """What a file defines, in the order of its lines."""
        return self._symbols("file.path = ?", os.fsencode(path))

    def references(self, name: str) -> list[Reference]:
        """Every line that uses `name`, by path and line."""
        rows = self._all(_REFERENCES, self.tree, name)
        return [Reference(name, os.fsdecode(path), int(line)) for path, lines in rows for line in lines.split(",")]

    def match(self, words: Sequence[str], limit: int) -> list[Hit]:
        """The files that the words fit best: BM25 over their identifiers, defined names and paths counting more."""
        asked = words_of(" ".join(words))
        if not asked or limit < 1:
            return []
        query = " OR ".join(f'"{word}"' for word in asked)
        scores: defaultdict[bytes, float] = defaultdict(float)
        content = _MATCH_CONTENT.format(names=NAMES_WEIGHT, body=BODY_WEIGHT)
        for statement, weight in ((content, 1.0), (_MATCH_PATH, PATH_WEIGHT)):
            for path, score in self._all(statement, query, self.tree, 4 * limit + 20):
                scores[path] += weight * score
        best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:limit]
        return [Hit(os.fsdecode(path), score) for path, score in best]

    def edges(self) -> Iterator[tuple[str, str, str, int]]:
        """(referring path, defining path, name, lines) for every name that few enough files define."""
        paths: defaultdict[int, list[str]] = defaultdict(list)
        for content, path in self._all("SELECT content, path FROM file WHERE tree = ? AND content > 0", self.tree):
            paths[content].append(os.fsdecode(path))
        targets: defaultdict[int, list[str]] = defaultdict(list)
        for name, content in self._all("SELECT DISTINCT name, content FROM symbol"):
            targets[name] += paths.get(content, ())
        names = dict(self._all("SELECT id, text FROM name"))
        for name, content, count in self._all("SELECT name, content, count FROM reference"):
            if 0 < len(targets.get(name, ())) <= MOST_DEFINERS:
                for source in paths.get(content, ()):
                    for target in targets[name]:
                        if source != target:
                            yield source, target, names[name], count

    def _symbols(self, where: str, *values: Any) -> list[Symbol]:
        rows = self._all(_SYMBOLS.format(where), self.tree, *values)
        return [Symbol(name, kind, os.fsdecode(path), *rest) for name, kind, path, *rest in rows]

    def _all(self, query: str, *values: Any) -> list[Any]:
        with explained():
            return self.connection.execute(query, values).fetchall()
