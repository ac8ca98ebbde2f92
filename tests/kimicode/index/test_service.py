"""The index of a session: built behind its back, asked while it is built, mended when damaged."""

import asyncio
import os
import threading
import time

import pytest

from kimicode.errors import DiskError
from kimicode.index.build import LOCK
from kimicode.index.database import NAME, remove
from kimicode.index.service import Index, folder_for, forget_unused, refreshed

PATIENCE = 30.0


@pytest.fixture
def index(tmp_path, tree):
    held = Index(tmp_path / "index", tree, lambda: None)
    yield held
    held.close()


async def test_it_is_built_when_somebody_asks(index):
    assert await index.ready(PATIENCE)
    assert index.store.definitions("FileReader")
    assert index.report.indexed == 4
    assert index.notice == ""


async def test_who_does_not_want_to_wait_gets_what_is_there(tmp_path, tree, asked):
    gate = threading.Event()

    def slowly():
        assert gate.wait(PATIENCE)

    index = Index(tmp_path / "index", tree, slowly)
    assert not await index.ready(0.01)
    assert asked(index.store, "reader") == []
    gate.set()
    assert await index.ready(PATIENCE)
    assert asked(index.store, "reader")
    index.close()


async def test_an_edit_is_found_soon_after_it_is_told(index, tree):
    assert await index.ready(PATIENCE)
    (tree / "app/main.py").write_text("def just_written(): pass\n")
    index.touch([tree / "app/main.py", "notes.txt", tree.parent / "outside.py", tree])
    until(lambda: index.store.definitions("just_written"))


async def test_what_a_command_changed_is_found_at_the_next_question(index, tree):
    assert await index.ready(PATIENCE)
    (tree / "made.py").write_text("def made_by_a_command(): pass\n")
    assert await index.ready(PATIENCE), "nobody said that anything changed"
    assert not index.store.definitions("made_by_a_command")
    index.changed()
    assert await index.ready(PATIENCE)
    assert index.store.definitions("made_by_a_command")


async def test_a_damaged_database_is_built_anew_with_a_notice(index, tmp_path):
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / NAME).write_bytes(os.urandom(50_000))
    assert await index.ready(PATIENCE)
    assert index.store.definitions("FileReader")
    assert "built anew" in index.notice


async def test_damage_in_the_middle_is_mended_too(tmp_path, tree):
    refreshed(tmp_path / "index", tree, lambda: None)
    database = tmp_path / "index" / NAME
    data = bytearray(database.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    database.write_bytes(data)
    report, notice = refreshed(tmp_path / "index", tree, lambda: None)
    assert report.indexed == 4
    assert "built anew" in notice


async def test_a_store_that_another_process_replaced_is_opened_anew(index):
    assert await index.ready(PATIENCE)
    old = index.store
    remove(index.folder)
    assert index.store is not old
    assert await index.ready(PATIENCE), "what another process removed is built again without being asked to"
    assert index.store.definitions("FileReader")
    assert index.store is index.store


async def test_damage_that_only_a_question_finds_is_mended(index):
    assert await index.ready(PATIENCE)
    damaged = index.store
    index.mend(damaged)
    assert await index.ready(PATIENCE)
    assert damaged.replaced
    mended = index.store
    assert mended.definitions("FileReader")
    assert "built anew" in index.notice
    index.mend(damaged)
    assert await index.ready(PATIENCE)
    assert index.store is mended, "who comes late with the same complaint breaks nothing"


async def test_where_nothing_can_be_written_it_says_why_and_breaks_nothing(tmp_path, tree):
    (tmp_path / "file").write_text("in the way")
    index = Index(tmp_path / "file" / "index", tree, lambda: None)
    assert not await index.ready(PATIENCE)
    assert "cannot open the index" in index.notice
    index.touch(["notes.txt"])
    with pytest.raises(DiskError):
        _ = index.store
    index.close()


async def test_a_list_that_fails_is_told_and_tried_again(tmp_path, tree):
    answers = [DiskError("git is tired"), None]

    def list_files():
        answer = answers.pop(0)
        if answer:
            raise answer

    index = Index(tmp_path / "index", tree, list_files)
    assert not await index.ready(PATIENCE)
    assert index.notice == "git is tired"
    index.changed()
    assert await index.ready(PATIENCE)
    index.close()


async def test_many_may_wait_at_once(index):
    assert await asyncio.gather(*(index.ready(PATIENCE) for _ in range(5))) == [True] * 5


def test_closing_ends_a_build(tmp_path, tree):
    for number in range(300):
        (tree / f"m{number}.py").write_text(f"def made_{number}(): pass\n")
    index = Index(tmp_path / "index", tree, lambda: None)
    index.changed()

    async def begin():
        await index.ready(0.0)

    asyncio.run(begin())
    begun = time.monotonic()
    index.close()
    assert time.monotonic() - begun < 20


def test_an_index_that_nobody_asked_for_in_months_is_deleted(tmp_path, tree):
    for name in ("old", "new"):
        refreshed(tmp_path / "indexes" / name, tree, lambda: None)
    os.utime(tmp_path / "indexes/old" / LOCK, (10**9, 10**9))
    (tmp_path / "indexes/stranger").mkdir()
    forget_unused(tmp_path / "indexes")
    assert sorted(path.name for path in (tmp_path / "indexes").iterdir()) == ["new", "stranger"]


def test_work_trees_of_one_repository_share_a_folder(tmp_path):
    git = tmp_path / "repo/.git"
    one = Index.for_folder(tmp_path / "repo", shared=git)
    two = Index.for_folder(tmp_path / "linked", shared=git)
    assert one.folder == two.folder == folder_for(git)
    assert Index.for_folder(tmp_path / "other").folder != one.folder


def until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
