"""A database with other bytes or values in it: an answer, or an error by which it is thrown away and built anew."""

import contextlib
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.errors import KimicodeError
from kimicode.index.answer import answer
from kimicode.index.build import refresh
from kimicode.index.database import NAME, DamagedIndex
from kimicode.index.repomap import repository_map
from kimicode.index.store import Store
from tests.fakes.indexed import index_of, place_of, plant

QUESTIONS = ("Money", "split the money evenly", "Shopping", "cart.py")
COLUMNS = {
    "meta": ("value",),
    "tree": ("root",),
    "content": ("digest", "language", "timed_out"),
    "file": ("path", "mtime_ns", "size", "content", "skipped"),
    "name": ("text",),
    "symbol": ("line", "kind", "end_line", "signature", "container"),
    "reference": ("count", "lines"),
}
VALUES = (None, "x", -1, 2**62, 1.5, b"\xff\xfe", "\0", "1,2,x", "[" * 5_000)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of a tree, and the bytes of its index."""
    place = tmp_path_factory.mktemp("whole")
    root = plant(place / "tree")
    index_of(place / "index", root).close()
    return root, (place / "index" / NAME).read_bytes()


def used(folder, root):
    """Everything that is done with an index."""
    store = Store.open(folder, root)
    try:
        place = place_of(store, root)
        for question in QUESTIONS:
            answer(place, question)
        repository_map(store, place.files, place.graph, 500, text=QUESTIONS[1])
        refresh(store, root, None)
    finally:
        store.close()


def changed(database, statement, value):
    """What the tables themselves refuse no file holds either."""
    connection = sqlite3.connect(database, isolation_level=None)
    with contextlib.suppress(sqlite3.IntegrityError):
        connection.execute(statement, (value,))
    connection.close()


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)), min_size=1))
def test_other_bytes_are_an_answer_or_an_error(whole, tmp_path_factory, changes):
    root, data = whole
    damaged = bytearray(data)
    for where, piece in changes:
        place = int(where * len(data))
        damaged[place : place + len(piece)] = piece
    folder = tmp_path_factory.mktemp("index")
    (folder / NAME).write_bytes(damaged[: len(data)])
    with contextlib.suppress(KimicodeError):
        used(folder, root)


@pytest.mark.parametrize(("table", "column"), [(table, each) for table in COLUMNS for each in COLUMNS[table]])
def test_other_values_are_an_answer_or_an_error(whole, tmp_path, table, column):
    root, data = whole
    for number, value in enumerate(VALUES):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / NAME).write_bytes(data)
        changed(folder / NAME, f"UPDATE OR REPLACE {table} SET {column} = ?", value)
        with contextlib.suppress(KimicodeError):
            used(folder, root)


def test_text_that_is_none_is_damage_and_not_the_disks_fault(whole, tmp_path):
    root, data = whole
    (tmp_path / NAME).write_bytes(data)
    changed(tmp_path / NAME, "UPDATE symbol SET signature = CAST(? AS TEXT)", b"\xff\xfe")
    with pytest.raises(DamagedIndex):
        used(tmp_path, root)
