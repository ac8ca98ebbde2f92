"""The SQLite file behind the index: its tables, how it is opened, and what happens when it is damaged.

One file serves all work trees of a repository and several processes at once (WAL). It is a cache: thrown away, it comes
back with the next build.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from kimicode.errors import DiskError, KimicodeError

VERSION = 2
"""Of tables, queries and words together: an index of another version is built anew."""

NAME = "index.sqlite"
BUSY_MS = 10_000

_TABLES = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE tree(id INTEGER PRIMARY KEY, root BLOB NOT NULL UNIQUE);
CREATE TABLE content(
    id INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL UNIQUE, language TEXT NOT NULL,
    timed_out INTEGER NOT NULL);
CREATE TABLE file(
    id INTEGER PRIMARY KEY, tree INTEGER NOT NULL, path BLOB NOT NULL, mtime_ns INTEGER NOT NULL,
    size INTEGER NOT NULL, content INTEGER, skipped TEXT NOT NULL, UNIQUE(tree, path));
CREATE INDEX file_by_content ON file(content);
CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE symbol(
    content INTEGER NOT NULL, line INTEGER NOT NULL, ordinal INTEGER NOT NULL, name INTEGER NOT NULL,
    kind TEXT NOT NULL, end_line INTEGER NOT NULL, signature TEXT NOT NULL, container TEXT NOT NULL,
    PRIMARY KEY(content, line, ordinal)) WITHOUT ROWID;
CREATE INDEX symbol_by_name ON symbol(name);
CREATE TABLE reference(
    name INTEGER NOT NULL, content INTEGER NOT NULL, count INTEGER NOT NULL, lines TEXT NOT NULL,
    PRIMARY KEY(name, content)) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(
    names, body, content='', detail=column, tokenize='porter unicode61');
CREATE VIRTUAL TABLE path_words USING fts5(
    path, content='', detail=column, tokenize='porter unicode61');
INSERT INTO meta VALUES('generation', 0), ('orphans', 0);
"""


class DamagedIndex(KimicodeError):
    """The database cannot be read. `remove` it and build it again."""


def connect(folder: Path) -> sqlite3.Connection:
    """Open the database in `folder`, made where there is none. Raises DamagedIndex, DiskError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = sqlite3.connect(folder / NAME, isolation_level=None, check_same_thread=False, cached_statements=64)
    except (OSError, sqlite3.OperationalError) as error:
        raise DiskError(f"cannot open the index in {folder}: {error}") from error
    try:
        with explained():
            _prepare(connection)
    except KimicodeError:
        connection.close()
        raise
    return connection


def remove(folder: Path) -> None:
    """Delete the database and what was made from it; who still has it open keeps the old one until they open anew."""
    for path in [*(folder / (NAME + ending) for ending in ("", "-wal", "-shm")), *folder.glob("graph-*.bin")]:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn what SQLite raises into DamagedIndex, or DiskError where the disk or another process is at fault.

    A column of a damaged file may hold a value of any kind: what cannot be read as what it should be counts as well.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        if "decode" in str(error):
            raise DamagedIndex(f"the index is damaged: {error}") from error
        raise DiskError(f"the index: {error}") from error
    except (sqlite3.DatabaseError, TypeError, ValueError, LookupError) as error:
        raise DamagedIndex(f"the index is damaged: {error}") from error


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and one writer at a time among all processes."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def checkpoint(connection: sqlite3.Connection) -> None:
    """Move what was written into the database itself, as far as readers allow, and shorten the log."""
    with explained():
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _prepare(connection: sqlite3.Connection) -> None:
    connection.executescript(
        f"PRAGMA busy_timeout={BUSY_MS}; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
        "PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=4000;"
    )
    if _version(connection) == VERSION:
        return
    with transaction(connection):
        found = _version(connection)  # another process may have been faster
        if found == 0:
            for statement in _TABLES.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={VERSION}")
        elif found != VERSION:
            raise DamagedIndex(f"the index is of another version ({found}, not {VERSION})")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
