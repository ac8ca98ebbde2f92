"""Random edits by tools, by commands and by a person; every step can be taken back, byte for byte."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.errors import DiskError
from kimicode.workspace.changes import Origin, Watched
from kimicode.workspace.lastlook import LastLook
from kimicode.workspace.pending import Rewind, restoring
from kimicode.workspace.restore import plan
from kimicode.workspace.snapshots import FILE_LIMIT
from kimicode.workspace.steplog import StepLog
from tests.fakes.trees import tree

NAMES = ["a", "b c", "new\nline", "\udcff\udcfe.txt", "ünï", "x", "x/y", "x/y/z", "x/deep/er", "-rf", "*"]
paths_of = st.sampled_from(NAMES)
edits = st.one_of(
    st.tuples(st.just("write"), paths_of, st.sampled_from([b"", b"1", b"2", b"\r\n\0\xff", b"long" * 999])),
    st.tuples(st.just("create"), paths_of, st.sampled_from([b"1", b"fresh"])),
    st.tuples(st.just("chmod"), paths_of, st.sampled_from([0o600, 0o644, 0o755, 0o700, 0o2755])),
    st.tuples(st.just("delete"), paths_of, st.just(None)),
    st.tuples(st.just("link"), paths_of, st.sampled_from(["a", "x", "../outside", "nowhere/\udcff", "."])),
    st.tuples(st.just("folder"), paths_of, st.just(None)),
    st.tuples(st.just("move"), paths_of, paths_of),
)
steps_of = st.lists(
    st.tuples(st.sampled_from(["tool", "shell", "person", "killed"]), st.lists(edits, min_size=1, max_size=4)),
    max_size=6,
)


class Place:
    """A workspace with its trail, as a session has them."""

    def __init__(self, folder: Path) -> None:
        self.root = (folder / "work").resolve()
        self.root.mkdir()
        (folder / "outside").mkdir()
        (folder / "outside/y").write_bytes(b"not ours")
        self.pending = folder / "pending"
        self.log = StepLog(folder / "undo")
        self.watched = Watched(self.root, self.log.store)
        self.last_look = LastLook(folder / "undo")

    def begin(self) -> None:
        self.watched.begin(Origin())
        self.last_look.begin(self.root, "", self.watched.news())

    def start_again(self) -> None:
        """What looks from now on is another process, which knows of this one's looks from the disk alone."""
        seen = self.last_look.seen()
        assert seen is not None
        self.watched = Watched(seen.root, self.log.store)
        self.watched.go_on(Origin(), seen.known)

    def act(self, author: str, actions) -> None:
        if author == "person":
            self.do(actions)
            return
        named = None
        if author == "tool":
            real = os.path.realpath(os.path.join(self.root, actions[0][1]))  # as tools do
            if not Path(real).is_relative_to(self.root) or real == str(self.root):
                return
            name = os.path.relpath(real, self.root)
            actions = [("write", name, b"by a tool")]
            named = [name, *(str(each) for each in Path(name).parents if str(each) != ".")]
        self.look(named, "person")
        self.do(actions)
        if author == "killed":
            self.start_again()
        self.look(named, "agent")

    def look(self, named, author) -> None:
        changes = self.watched.look() if named is None else self.watched.look_at(named)
        self.log.append(author, "t1", author, changes)
        self.last_look.add(self.watched.news())

    def do(self, actions) -> None:
        for verb, name, what in actions:
            path = os.path.join(self.root, name)
            try:
                if self.inside(path) and (verb != "move" or self.inside(os.path.join(self.root, what))):
                    getattr(self, verb)(path, what)
            except (OSError, shutil.Error):
                pass  # a file where a folder is needed, a folder moved into itself, …

    def inside(self, path) -> bool:
        """Whether it would really be in the workspace: the links made here must not lead an edit out of it."""
        return Path(os.path.realpath(os.path.dirname(path))).is_relative_to(self.root)

    def write(self, path, data) -> None:
        if os.path.islink(path):
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(path).write_bytes(data)

    def create(self, path, data) -> None:
        self.delete(path, None)
        self.write(path, data)

    def chmod(self, path, mode) -> None:
        if not os.path.islink(path):
            os.chmod(path, mode)

    def delete(self, path, _) -> None:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)

    def link(self, path, target) -> None:
        self.delete(path, None)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)

    def folder(self, path, _) -> None:
        os.makedirs(path, exist_ok=True)

    def move(self, path, other) -> None:
        os.rename(path, os.path.join(self.root, other))

    def restore(self, chosen) -> None:
        with restoring(self.log, chosen.changes, "restore", "t1", Rewind(), self.pending):
            pass
        assert not list(self.pending.iterdir())


@contextmanager
def a_place():
    with tempfile.TemporaryDirectory(prefix="kimicode-undo-") as folder:
        yield Place(Path(folder))
        assert list(tree(f"{folder}/outside").values()) == [("file", 0o644, b"not ours")]


def begun(place, first):
    place.do(first)
    place.begin()
    return place


@settings(max_examples=25, deadline=None)
@given(st.lists(edits, max_size=6), steps_of, st.data())
def test_any_step_of_the_agent_can_be_taken_back_byte_for_byte_and_that_as_well(first, history, data):
    with a_place() as place:
        begun(place, first)
        before = {}
        for author, actions in history:
            place.look(None, "person")
            number = place.log.last_number + 1
            seen = tree(place.root)
            place.act("shell" if author == "person" else author, actions)
            if place.log.last_number == number:
                before[number] = seen
        place.look(None, "person")  # what a tool did beside the file that it named
        now = tree(place.root)
        for number in data.draw(st.permutations(list(before)))[:3]:
            chosen = plan(place.log.steps, number)
            assert not chosen.lost
            restore_number = place.log.last_number + 1
            place.restore(chosen)
            assert tree(place.root) == before[number]
            if chosen.changes:
                place.restore(plan(place.log.steps, restore_number))
            assert tree(place.root) == now


@settings(max_examples=30, deadline=None)
@given(st.lists(edits, max_size=6), steps_of, st.data())
def test_what_a_person_did_later_is_never_lost_without_asking(first, history, data):
    with a_place() as place:
        begun(place, first)
        for author, actions in history:
            place.act(author, actions)
        if not place.log.last_number:
            return
        number = data.draw(st.integers(1, place.log.last_number))
        mine = {}
        for step in place.log.steps:
            for change in step.changes:
                mine[change.path] = step.author == "person"
        now = tree(place.root)
        chosen = plan(place.log.steps, number)
        for change in chosen.changes:
            comes_back = change.after.kind == "folder" and change.before.kind == "absent"  # for a file below it
            assert change.path in chosen.edited or comes_back or not mine[change.path]
        restore_number = place.log.last_number + 1
        try:
            place.restore(chosen)
        except DiskError:
            assert tree(place.root) == now
            return
        after = tree(place.root)
        touched = {change.path for change in chosen.changes}
        assert {path: what for path, what in now.items() if path not in touched} == {
            path: what for path, what in after.items() if path not in touched
        }
        if place.log.last_number == restore_number:
            place.restore(plan(place.log.steps, restore_number))
        assert tree(place.root) == now


def test_a_folder_that_a_person_filled_meanwhile_stays(tmp_path):
    place = begun(Place(tmp_path), [])
    place.act("shell", [("write", "x/made", b"by the agent")])
    place.act("person", [("write", "x/mine", b"by me")])
    chosen = plan(place.log.steps, 1)
    assert not chosen.edited
    place.restore(chosen)
    assert sorted(os.listdir(place.root / "x")) == ["mine"]


def test_a_later_edit_by_a_person_is_named(tmp_path):
    place = begun(Place(tmp_path), [("write", "a", b"0")])
    place.act("shell", [("write", "a", b"agent")])
    place.act("person", [("write", "a", b"mine")])
    assert plan(place.log.steps, 1).edited == (str(place.root / "a"),)
    place.act("shell", [("write", "b c", b"agent")])
    assert plan(place.log.steps, 1).edited == (str(place.root / "a"),)
    assert plan(place.log.steps, 2).edited == ()


def test_an_edit_by_a_person_before_the_agents_first_touch_is_where_it_goes_back_to(tmp_path):
    place = begun(Place(tmp_path), [("write", "a", b"0")])
    place.act("shell", [("write", "b c", b"agent")])
    place.act("person", [("write", "a", b"mine")])
    place.act("shell", [("write", "a", b"agent")])
    place.restore(plan(place.log.steps, 1))
    assert (place.root / "a").read_bytes() == b"mine"
    assert not (place.root / "b c").exists()


def test_a_restore_that_fails_halfway_leaves_everything_as_it_was(tmp_path):
    place = begun(Place(tmp_path), [("write", "a", b"0"), ("write", "x", b"a file")])
    place.act("shell", [("write", "a", b"1"), ("delete", "x", None), ("folder", "x", None)])
    place.act("person", [("write", "x/mine", b"by me")])  # the folder cannot become a file again
    now = tree(place.root)
    with pytest.raises(DiskError, match="nothing was restored"):
        place.restore(plan(place.log.steps, 1))
    assert tree(place.root) == now
    assert not list(place.pending.iterdir())


def test_damaged_snapshots_are_noticed_before_anything_is_changed(tmp_path):
    place = begun(Place(tmp_path), [("write", "a", b"0")])
    place.act("shell", [("write", "a", b"1")])
    for blob in (tmp_path / "undo/blobs").glob("??/*"):
        blob.write_bytes(b"rotten")
    with pytest.raises(DiskError, match="damaged"):
        place.restore(plan(place.log.steps, 1))
    assert (place.root / "a").read_bytes() == b"1"


def test_a_link_that_took_a_folders_place_is_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "y").write_bytes(b"not ours")
    place = begun(Place(tmp_path), [("write", "x/y", b"0")])
    place.act("shell", [("write", "x/y", b"1")])
    shutil.rmtree(place.root / "x")
    (place.root / "x").symlink_to(elsewhere)
    chosen = plan(place.log.steps, 1)
    assert chosen.lost == (str(place.root / "x/y"),)
    place.restore(chosen)
    assert (elsewhere / "y").read_bytes() == b"not ours"


def test_a_file_that_is_too_large_is_named_and_everything_else_goes_back(tmp_path):
    place = begun(Place(tmp_path), [("write", "a", b"0"), ("write", "x/y", b"0")])
    os.truncate(place.root / "a", FILE_LIMIT + 1)  # holds no blocks
    place.act("shell", [("write", "x/y", b"1"), ("chmod", "a", 0o700), ("write", "b c", b"1")])
    assert place.watched.unkept
    chosen = plan(place.log.steps, 1)
    assert chosen.lost == (str(place.root / "a"),)
    place.restore(chosen)
    assert (place.root / "a").stat().st_size == FILE_LIMIT + 1
    assert (place.root / "x/y").read_bytes() == b"0"
    assert not (place.root / "b c").exists()


@pytest.mark.slow
def test_a_large_file_that_only_came_goes_again_and_comes_back_whole(tmp_path):
    place = begun(Place(tmp_path), [])
    place.look(None, "person")
    os.truncate(os.open(place.root / "a", os.O_CREAT | os.O_WRONLY), FILE_LIMIT + 1)
    place.look(None, "agent")
    chosen = plan(place.log.steps, 1)
    assert not chosen.lost
    place.restore(chosen)
    assert not (place.root / "a").exists()
    place.restore(plan(place.log.steps, 2))
    assert (place.root / "a").stat().st_size == FILE_LIMIT + 1


def test_a_link_in_a_moved_folders_place_is_seen_although_it_leads_to_the_same_files(tmp_path):
    place = begun(Place(tmp_path), [("write", "x/y", b"0")])
    before = tree(place.root)
    place.act("shell", [("move", "x", "z"), ("link", "x", "z")])
    assert place.log.last_number == 1
    place.restore(plan(place.log.steps, 1))
    assert tree(place.root) == before


def test_an_empty_folder_that_the_sandbox_keeps_is_nobodys_change(tmp_path):
    place = begun(Place(tmp_path), [])
    place.act("shell", [("folder", ".kimicode", None)])
    assert place.log.steps == []
    place.act("shell", [("folder", "x", None), ("write", ".kimicode/config.toml", b"1")])
    assert len(place.log.steps[0].changes) == 3


def test_a_workspace_that_was_removed_as_a_whole_comes_back(tmp_path):
    place = begun(Place(tmp_path), [("write", "x/y", b"0"), ("link", "a", "x/y")])
    before = tree(place.root)
    shutil.rmtree(place.root)
    place.look(None, "agent")
    place.restore(plan(place.log.steps, 1))
    assert tree(place.root) == before


def test_a_second_name_of_a_file_becomes_a_file_of_its_own(tmp_path):
    place = begun(Place(tmp_path), [("write", "a", b"0")])
    os.link(place.root / "a", place.root / "x")
    place.act("shell", [("write", "a", b"1")])
    place.restore(plan(place.log.steps, 1))
    assert (place.root / "a").read_bytes() == (place.root / "x").read_bytes() == b"0"


def test_a_change_that_keeps_size_and_time_stamp_is_seen(tmp_path):
    place = begun(Place(tmp_path), [("write", "a", b"0")])
    status = (place.root / "a").stat()
    (place.root / "a").write_bytes(b"1")
    os.utime(place.root / "a", ns=(status.st_atime_ns, status.st_mtime_ns))
    place.look(None, "agent")
    place.restore(plan(place.log.steps, 1))
    assert (place.root / "a").read_bytes() == b"0"


def test_a_torn_last_line_of_the_record_is_passed_over_and_the_next_step_is_whole(tmp_path):
    place = begun(Place(tmp_path), [])
    place.act("shell", [("write", "a", b"1")])
    place.act("shell", [("write", "a", b"2")])
    file = tmp_path / "undo/steps.jsonl"
    file.write_bytes(file.read_bytes()[:-40])
    log = StepLog(tmp_path / "undo")
    assert [step.number for step in log.steps] == [1]
    log.append("agent", "t1", "next", log.steps[0].changes)
    assert [step.number for step in StepLog(tmp_path / "undo").steps] == [1, 2]
