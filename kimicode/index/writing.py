"""What changes the index: files that were looked at, files that are gone, contents that nobody has any more."""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, repeat

from kimicode.index.database import explained, transaction
from kimicode.index.facts import Facts, Outcome
from kimicode.index.identifiers import words_of
from kimicode.index.store import Store

SPARE_CONTENTS = 2_000
"""Contents without a file that are kept, so that going back to another branch parses nothing anew."""

MOST_NAMES = 150_000
"""Whose numbers are remembered: some 20 MB."""

_PLACE = """
INSERT INTO file(tree, path, mtime_ns, size, content, skipped) VALUES(?, ?, ?, ?, ?, ?)
ON CONFLICT(tree, path) DO UPDATE SET mtime_ns = excluded.mtime_ns, size = excluded.size,
    content = CASE excluded.skipped WHEN 'pending' THEN content ELSE excluded.content END, skipped = excluded.skipped"""
_ENTER_SYMBOL = """
INSERT INTO symbol(content, ordinal, name, kind, line, end_line, signature, container) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"""
_FORGET_PATH = "INSERT INTO path_words(path_words, rowid, path) VALUES('delete', ?, ?)"
_UNUSED = "FROM content WHERE id NOT IN (SELECT content FROM file WHERE content IS NOT NULL)"


class Writer:
    """Writes one work tree's files. Each call is one transaction: killed at any moment, the index is as before it."""

    def __init__(self, store: Store, *, spare: int = SPARE_CONTENTS) -> None:
        self._spare = spare
        self._connection = store.connection
        self._tree = store.tree
        self._names: dict[str, int] = {}
        self._references: list[tuple[int, int, int, str]] = []
        self._altered = False

    def announce(self, files: Iterable[tuple[str, int]]) -> None:
        """Enter (path, size) of new files that are still to be read: their paths are found at once."""
        with self._change():
            last = self._connection.execute("SELECT coalesce(max(id), 0) FROM file").fetchone()[0]
            found = self._connection.execute("SELECT path FROM file WHERE tree = ?", (self._tree,))
            known = {os.fsdecode(path) for (path,) in found}
            new = [(last + place, *one) for place, one in enumerate((one for one in files if one[0] not in known), 1)]
            self._connection.executemany(
                "INSERT INTO file(id, tree, path, mtime_ns, size, skipped) VALUES(?, ?, ?, 0, ?, 'pending')",
                [(number, self._tree, os.fsencode(path), size) for number, path, size in new],
            )
            self._connection.executemany(
                "INSERT INTO path_words(rowid, path) VALUES(?, ?)",
                [(number, _path_words(path)) for number, path, _ in new],
            )
            self._altered = bool(new)

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Enter what became of files. Raises DamagedIndex, DiskError."""
        with self._change():
            for outcome in outcomes:
                if outcome.gone:
                    self._remove(outcome.path)
                    continue
                content = self._content(outcome) if outcome.digest else None
                if outcome.digest and content is None:  # it was known when the file was read, and dropped since
                    outcome = outcome._replace(skipped="pending", mtime_ns=0)
                self._place(outcome, content)
            # In the order of the table: neighbours lie on the same page.
            self._connection.executemany(
                "INSERT OR REPLACE INTO reference(name, content, count, lines) VALUES(?, ?, ?, ?)",
                sorted(self._references),
            )

    def prune(self) -> None:
        """Drop work trees whose folder is gone, and contents that no file has, once they are many."""
        with self._change():
            others = self._connection.execute("SELECT id, root FROM tree WHERE id <> ?", (self._tree,)).fetchall()
            for tree, root in others:
                if root and not os.path.lexists(root):
                    self._drop_tree(tree)
            counts = f"SELECT (SELECT count(*) {_UNUSED}), (SELECT count(*) FROM content)"
            unused, known = self._connection.execute(counts).fetchone()
            live = known - unused
            if unused > self._spare + live // 4:
                self._drop_contents(unused, live)

    @contextlib.contextmanager
    def _change(self) -> Iterator[None]:
        self._references.clear()
        self._altered = False
        if len(self._names) > MOST_NAMES:
            self._names.clear()
        try:
            with explained(), transaction(self._connection):
                yield
                if self._altered:
                    self._connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
        except BaseException:
            self._names.clear()  # what was rolled back has no number
            raise

    def _place(self, outcome: Outcome, content: int | None) -> None:
        path = os.fsencode(outcome.path)
        known = self._file(path)
        row = (self._tree, path, outcome.mtime_ns, outcome.size, content, outcome.skipped)
        added = self._connection.execute(_PLACE, row).lastrowid
        self._altered |= known is None or (known[1] != content and outcome.skipped != "pending")
        if known is None:
            words = _path_words(outcome.path)
            self._connection.execute("INSERT INTO path_words(rowid, path) VALUES(?, ?)", (added, words))

    def _remove(self, path: str) -> None:
        known = self._file(os.fsencode(path))
        if known is not None:
            self._connection.execute(_FORGET_PATH, (known[0], _path_words(path)))
            self._connection.execute("DELETE FROM file WHERE id = ?", (known[0],))
            self._altered = True

    def _file(self, path: bytes) -> tuple[int, int | None] | None:
        """A file's number and its content's."""
        query = "SELECT id, content FROM file WHERE tree = ? AND path = ?"
        found: tuple[int, int | None] | None = self._connection.execute(query, (self._tree, path)).fetchone()
        return found

    def _content(self, outcome: Outcome) -> int | None:
        """The number of a content, entered if it is new; None if it is new and nothing is known about it."""
        query = "SELECT id FROM content WHERE digest = ?"
        found = self._connection.execute(query, (outcome.digest,)).fetchone()
        if found:
            return int(found[0])
        return self._enter(outcome.digest, outcome.facts) if outcome.facts else None

    def _enter(self, digest: bytes, facts: Facts) -> int:
        insert = "INSERT INTO content(digest, language, timed_out) VALUES(?, ?, ?)"
        content = self._connection.execute(insert, (digest, facts.language, facts.timed_out)).lastrowid
        assert content is not None
        self._connection.execute(
            "INSERT INTO words(rowid, names, body) VALUES(?, ?, ?)", (content, facts.names, facts.body)
        )
        if facts.symbols:
            names, *rest = facts.symbols
            rows = zip(repeat(content), count(), self._numbers(names), *rest)
            self._connection.executemany(_ENTER_SYMBOL, rows)
        if facts.uses:
            names, *rest = facts.uses
            self._references += zip(self._numbers(names), repeat(content), *rest)
        return content

    def _numbers(self, names: Sequence[str]) -> Iterator[int]:
        """The number of each name, entered where it is new."""
        for text in set(names).difference(self._names):
            entered = self._connection.execute("INSERT OR IGNORE INTO name(text) VALUES(?)", (text,))
            number = entered.lastrowid if entered.rowcount else None
            if number is None:
                number = self._connection.execute("SELECT id FROM name WHERE text = ?", (text,)).fetchone()[0]
            self._names[text] = number
        return map(self._names.__getitem__, names)

    def _drop_tree(self, tree: int) -> None:
        rows = self._connection.execute("SELECT id, path FROM file WHERE tree = ?", (tree,)).fetchall()
        words = [(number, _path_words(os.fsdecode(path))) for number, path in rows]
        self._connection.executemany(_FORGET_PATH, words)
        self._connection.execute("DELETE FROM file WHERE tree = ?", (tree,))
        self._connection.execute("DELETE FROM tree WHERE id = ?", (tree,))

    def _drop_contents(self, unused: int, live: int) -> None:
        """Their words stay in the full-text index, which could forget them only by being told them again.

        Nothing leads from there to a file any more. Once such words are the greater part, all is built anew.
        """
        for table in ("symbol", "reference"):
            self._connection.execute(f"DELETE FROM {table} WHERE content IN (SELECT id {_UNUSED})")
        self._connection.execute(f"DELETE {_UNUSED}")
        self._connection.execute("UPDATE meta SET value = value + ? WHERE key = 'orphans'", (unused,))
        orphans = self._connection.execute("SELECT value FROM meta WHERE key = 'orphans'").fetchone()[0]
        if orphans > live + self._spare:
            self._forget_all()

    def _forget_all(self) -> None:
        self._altered = True
        for table in ("symbol", "reference", "content"):
            self._connection.execute(f"DELETE FROM {table}")
        self._connection.execute("INSERT INTO words(words) VALUES('delete-all')")
        self._connection.execute("UPDATE file SET content = NULL, mtime_ns = 0, skipped = 'pending'")
        self._connection.execute("UPDATE meta SET value = 0 WHERE key = 'orphans'")


def _path_words(path: str) -> str:
    return " ".join(words_of(path))


def knows(connection: sqlite3.Connection, digest: bytes) -> bool:
    """Whether a content with this digest was parsed already."""
    with explained():
        return bool(connection.execute("SELECT 1 FROM content WHERE digest = ?", (digest,)).fetchone())
