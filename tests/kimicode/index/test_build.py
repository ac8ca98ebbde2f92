"""Bringing the index up to date: what is read again, what is left out, and what survives a crash."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.index.build import RECENT, refresh, touch
from kimicode.index.reading import LARGEST
from kimicode.index.store import Store
from kimicode.index.writing import Writer

MANY = 120

BUILD = """
import sys
from pathlib import Path
from kimicode.index.build import refresh
from kimicode.index.store import Store
def progress(done, total):
    print(done, flush=True)
if __name__ == "__main__":
    refresh(Store.open(Path(sys.argv[1]), Path(sys.argv[2])), Path(sys.argv[2]), None, on_progress=progress)
    print("finished", flush=True)
"""


@pytest.fixture
def many(tree):
    """A tree that is large enough for workers."""
    for number in range(MANY):
        path = tree / f"many/m{number}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"def made_{number}():\n    return made_{(number + 1) % MANY}()\n")
        os.utime(path, (10**9, 10**9))
    return tree


def test_the_first_build_reads_everything_and_the_next_nothing(store, tree):
    first = refresh(store, tree, None)
    assert (first.indexed, first.unchanged, first.complete) == (4, 0, True)
    second = refresh(store, tree, None)
    assert (second.indexed, second.unchanged) == (0, 4)


def test_workers_find_the_same_as_one_process(tmp_path, store, many, linked):
    report = refresh(store, many, None, workers=2)
    assert report.indexed == MANY + 4
    alone = Store.open(tmp_path / "alone", many)
    for row in store.files():
        touch(alone, many, [row.path])
    assert linked(alone) == linked(store)
    assert [alone.symbols_of(row.path) for row in alone.files()] == [
        store.symbols_of(row.path) for row in store.files()
    ]
    alone.close()


def test_only_the_given_files_belong_to_the_tree(store, tree):
    report = refresh(store, tree, ["app/reader.py", "gone.py", "app", "with\0nul"])
    assert report.indexed == 1
    assert [row.path for row in store.files()] == ["app/reader.py"]


def test_an_edited_a_new_and_a_deleted_file_are_noticed(built, tree, asked):
    (tree / "notes.txt").write_text("the parser joins words\n")
    (tree / "new.py").write_text("def brand_new(): pass\n")
    (tree / "app/main.py").unlink()
    report = refresh(built, tree, None)
    assert (report.indexed, report.unchanged, report.removed) == (2, 2, 1)
    assert asked(built, "parser") == ["notes.txt"]
    assert asked(built, "tokenizer") == []
    assert built.definitions("brand_new")
    assert all(one.path != "app/main.py" for one in built.references("open_file"))
    assert asked(built, "main") == []


def test_an_edit_that_keeps_size_and_time_is_noticed_while_the_file_is_young(built, tree):
    path = tree / "young.py"
    path.write_text("def first(): pass\n")
    refresh(built, tree, None)
    stamp = path.stat().st_mtime_ns
    path.write_text("def other(): pass\n")
    os.utime(path, ns=(stamp, stamp))
    refresh(built, tree, None)
    assert built.definitions("other")
    assert not built.definitions("first")


def test_a_new_time_without_a_new_content_parses_nothing(built, tree):
    before = built.generation
    os.utime(tree / "app/reader.py", (10**9, 10**9 + 5))
    assert refresh(built, tree, None).indexed == 1
    assert built.generation == before


def test_large_and_binary_files_are_left_out_and_counted(store, tree):
    (tree / "large.py").write_bytes(b"x = 1\n" * (LARGEST // 6 + 1))
    (tree / "picture.bin").write_bytes(b"\x89PNG\0\0\0")
    report = refresh(store, tree, None)
    assert (report.skipped_large, report.skipped_binary, report.indexed) == (1, 1, 4)
    assert {row.path: row.skipped for row in store.files() if row.skipped} == {
        "large.py": "large",
        "picture.bin": "binary",
    }
    os.utime(tree / "large.py", (10**9, 10**9))
    os.utime(tree / "picture.bin", (10**9, 10**9))
    refresh(store, tree, None)
    assert refresh(store, tree, None).unchanged == 6


def test_links_folders_and_pipes_are_passed_over(store, tree, tmp_path):
    (tmp_path / "secret.py").write_text("def secret(): pass\n")
    os.symlink(tmp_path / "secret.py", tree / "link.py")
    os.mkfifo(tree / "pipe.py")
    report = refresh(store, tree, ["link.py", "pipe.py", "app", "notes.txt"])
    touch(store, tree, ["link.py", "pipe.py", "app"])
    assert report.indexed == 1
    assert store.definitions("secret") == []
    assert [row.path for row in store.files()] == ["notes.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_counted(store, tree):
    (tree / "locked.py").write_text("x")
    (tree / "locked.py").chmod(0)
    assert refresh(store, tree, None).unreadable == 1


def test_other_encodings_are_read(store, tree):
    (tree / "utf16.py").write_bytes("def wide_name(): pass\n".encode("utf-16"))
    (tree / "bom.py").write_bytes(b"\xef\xbb\xbfdef marked_name(): pass\n")
    (tree / "latin.py").write_bytes(b"def old_name(): pass  # caf\xe9\n")
    refresh(store, tree, None)
    for name in ("wide_name", "marked_name", "old_name"):
        assert store.definitions(name), name


def test_names_that_are_no_text_are_found_all_the_same(store, tree, asked):
    odd = os.fsdecode(b"caf\xe9.py")
    (tree / odd).write_text("def odd_one(): pass\n")
    refresh(store, tree, None)
    assert [one.path for one in store.definitions("odd_one")] == [odd]
    assert asked(store, "odd_one") == [odd]
    (tree / odd).unlink()
    assert refresh(store, tree, None).removed == 1


def test_a_touched_file_is_found_at_once(built, tree, asked):
    (tree / "notes.txt").write_text("zebra\n")
    touch(built, tree, ["notes.txt"])
    assert asked(built, "zebra") == ["notes.txt"]
    (tree / "notes.txt").unlink()
    touch(built, tree, ["notes.txt"])
    assert asked(built, "zebra") == []


def test_what_a_person_works_on_is_read_first(store, many):
    (many / "many/m77.py").write_text("def hot(): pass\n")
    total = MANY + 4
    assert total < RECENT
    seen = []

    def progress(done, _):
        seen.append(bool(store.definitions("hot")))

    refresh(store, many, None, on_progress=progress, workers=1)
    assert seen[0]


def test_a_build_that_is_stopped_says_so_and_the_next_goes_on(store, many):
    stop = threading.Event()
    stop.set()
    assert not refresh(store, many, None, stop=stop).complete
    report = refresh(store, many, None)
    assert report.complete
    assert report.indexed + report.unchanged == MANY + 4


def test_paths_are_found_while_their_files_still_wait(store, many, asked):
    stop = threading.Event()
    report = refresh(store, many, None, on_progress=lambda *_: stop.set(), stop=stop)
    assert report.indexed <= MANY + 4
    assert len(list(store.files())) == MANY + 4
    assert "many/m99.py" in asked(store, "many m99")


def test_a_worker_that_cannot_live_leaves_the_work_to_us(store, many, tmp_path):
    script = tmp_path / "build.py"
    script.write_text("import sys; sys.executable = '/bin/false'\n" + BUILD)
    done = subprocess.run([sys.executable, script, store.folder, many], capture_output=True, text=True, timeout=60)
    assert "finished" in done.stdout, done.stderr
    assert store.definitions("made_7")


@pytest.mark.parametrize("batches", [0, 1])
def test_killed_at_any_moment_the_next_build_goes_on(tmp_path, store, many, batches):
    script = tmp_path / "build.py"
    script.write_text(BUILD)
    with subprocess.Popen([sys.executable, script, store.folder, many], stdout=subprocess.PIPE) as process:
        if batches:
            process.stdout.readline()
        else:
            until(lambda: (store.folder / "build.lock").exists())
        process.send_signal(signal.SIGKILL)
    assert store.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    refresh(store, many, None)
    assert len(list(store.files())) == MANY + 4
    assert store.definitions("made_7")
    assert refresh(store, many, None).unchanged == MANY + 4


def test_no_worker_outlives_a_build_that_was_killed(tmp_path, store, many):
    script = tmp_path / "build.py"
    script.write_text(BUILD)
    with subprocess.Popen([sys.executable, script, store.folder, many], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    until(lambda: not workers_of(store.folder))


def test_two_builders_at_once_do_the_work_once(tmp_path, store, many):
    script = tmp_path / "build.py"
    script.write_text(BUILD)
    command = [sys.executable, script, store.folder, many]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert all("finished" in each for each in said)
    assert len(list(store.files())) == MANY + 4
    assert store.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_contents_that_nobody_has_are_dropped_once_they_are_many(store, tree, asked):
    for number in range(30):
        (tree / "notes.txt").write_text(f"{'abcdef'[number % 6]}{'uvwxyz'[number // 6]}xyz\n")
        touch(store, tree, ["notes.txt"])
    count = "SELECT count(*) FROM content"
    assert store.connection.execute(count).fetchone()[0] == 30
    Writer(store, spare=5).prune()
    assert store.connection.execute(count).fetchone()[0] == 0, "so much was dropped that all is to be read anew"
    assert refresh(store, tree, None).indexed == 4
    assert asked(store, "fyxyz") == ["notes.txt"]
    assert asked(store, "eyxyz") == []


def test_a_work_tree_that_is_gone_is_forgotten(tmp_path, built, tree):
    other = tmp_path / "other"
    other.mkdir()
    (other / "own.py").write_text("def only_here(): pass\n")
    second = Store.open(built.folder, other)
    refresh(second, other, None)
    second.close()
    (other / "own.py").unlink()
    other.rmdir()
    (tree / "notes.txt").write_text("changed\n")
    refresh(built, tree, None)
    assert built.connection.execute("SELECT count(*) FROM tree").fetchone()[0] == 1
    assert built.connection.execute("SELECT count(*) FROM file").fetchone()[0] == 4


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from(["", "one", "two", "three"])), max_size=12))
def test_after_any_edits_the_index_is_that_of_a_fresh_build(tmp_path_factory, edits):
    base = tmp_path_factory.mktemp("edits")
    root = base / "tree"
    root.mkdir()
    store = Store.open(base / "index", root)
    for name, text in edits:
        path = root / f"{name}.py"
        if text:
            path.write_text(f"def {text}():\n    return {name}()\n")
        else:
            path.unlink(missing_ok=True)
        refresh(store, root, None) if len(text) % 2 else touch(store, root, [path.name])
    fresh = Store.open(base / "fresh", root)
    refresh(fresh, root, None)
    refresh(store, root, None)
    for name in ("one", "two", "three"):
        assert store.definitions(name) == fresh.definitions(name)
    assert told_by(store) == told_by(fresh)
    for each in (store, fresh):
        each.close()


def told_by(store):
    """What the index holds, apart from the numbers that its rows happened to get."""
    asked = (
        "SELECT path, digest FROM file JOIN content ON content.id = file.content",
        "SELECT path, name.text, lines FROM file JOIN reference USING(content) JOIN name ON name.id = reference.name",
        "SELECT path FROM file JOIN words ON words.rowid = file.content WHERE words MATCH 'one OR two'",
    )
    return [sorted(store.connection.execute(query)) for query in asked]


def until(condition, seconds=20.0):
    """Wait for something that other processes do."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def workers_of(folder):
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if b"kimicode.index.worker" in words and os.fsencode(folder) in words:
            found.append(name)
    return found
