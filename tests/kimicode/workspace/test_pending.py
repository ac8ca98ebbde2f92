"""A restore that is killed at any moment: the next start finds the state before or brings about the one after."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kimicode.errors import DiskError
from kimicode.workspace.changes import Origin, Watched
from kimicode.workspace.pending import Rewind, claimed, cut_off, finish, restoring
from kimicode.workspace.restore import plan
from kimicode.workspace.steplog import StepLog
from tests.fakes.trees import tree

ROOT = Path(__file__).parents[3]
_FILE_OPERATIONS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.symlink", "os.chown"}


@pytest.fixture
def changed(tmp_path):
    """A workspace in which a command did everything that can be done to files; (root, log, the tree before it)."""
    root = (tmp_path / "work").resolve()
    (root / "deep/er").mkdir(parents=True)
    (root / "deep/er/file").write_bytes(b"old\r\n")
    (root / "gone").write_bytes(b"gone")
    (root / "gone").chmod(0o640)
    (root / "turns into a folder").write_bytes(b"a file")
    (root / "turns into a file").mkdir(mode=0o750)
    (root / "turns into a file/x").write_bytes(b"x")
    (root / "link").symlink_to("gone")
    log = StepLog(tmp_path / "undo")
    watched = Watched(root, log.store)
    watched.begin(Origin())
    before = tree(root)
    (root / "deep/er/file").write_bytes(b"new")
    (root / "deep/er/file").chmod(0o755)
    (root / "gone").unlink()
    (root / "turns into a folder").unlink()
    (root / "turns into a folder/y").mkdir(parents=True)
    (root / "turns into a file/x").unlink()
    (root / "turns into a file").rmdir()
    (root / "turns into a file").write_bytes(b"now a file")
    (root / "link").unlink()
    (root / "link").symlink_to("elsewhere")
    (root / "created/by").mkdir(parents=True)
    (root / "created/by/me").write_bytes(b"created")
    log.append("agent", "t1", "bash", watched.look())
    return root, log, before


def restore(log, pending):
    with restoring(log, plan(log.steps, 1).changes, "back", "t1", Rewind(), pending):
        pass


def recover(pending):
    for path in cut_off(pending):
        with claimed(path) as cut:
            assert cut is not None
            finish(cut)
            path.unlink()


class Doomed:
    """Does work in processes that are killed, as by `kill -9`, before one of their operations on files.

    They are forked from an interpreter of its own: a test process with a thousand modules takes long to copy.
    """

    def __init__(self):
        command = [sys.executable, "-c", f"from {__name__} import obey; obey()"]
        self._parent = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def killed(self, number, work, *paths):
        """Whether it got to its `number`-th operation; a failure of another kind is one of the test."""
        self._parent.stdin.write(json.dumps([number, work, *map(str, paths)]) + "\n")
        self._parent.stdin.flush()
        code = int(self._parent.stdout.readline())
        assert code in (0, -signal.SIGKILL)
        return code != 0

    def close(self):
        self._parent.communicate(timeout=30)


def obey():
    """What the interpreter does from which they are forked: one order a line, one exit code a line."""
    works = {"restore": lambda folder, pending: restore(StepLog(folder), pending), "recover": recover}
    for line in sys.stdin:
        number, work, *paths = json.loads(line)
        child = os.fork()
        if child == 0:
            kill_before(number)
            works[work](*map(Path, paths))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def kill_before(number):
    count = 0

    def hook(event, arguments):
        nonlocal count
        if event in _FILE_OPERATIONS:
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


@pytest.fixture(scope="module")
def doomed():
    doomed = Doomed()
    yield doomed
    doomed.close()


@pytest.mark.parametrize("apart", [pytest.param(1, id="every stage", marks=pytest.mark.slow), 5])
def test_killed_at_any_stage_it_leaves_the_state_before_or_the_one_after(changed, doomed, tmp_path, apart):
    root, log, before = changed
    pending = tmp_path / "pending"
    after = tree(root)
    stages = 1
    while doomed.killed(stages, "restore", log.folder, pending):
        begun = bool(cut_off(pending))
        doomed.killed(stages % 40 + 1, "recover", pending)  # the next start does not end well, either
        recover(pending)
        assert tree(root) == (before if begun else after)
        steps = StepLog(log.folder).steps
        assert len([step for step in steps if step.author == "restore"]) == begun
        again(log, after, pending)
        assert tree(root) == after
        stages += apart
    assert stages > 40
    assert tree(root) == before


def again(log, after, pending):
    """Everything as before the restore that was killed."""
    steps = StepLog(log.folder)
    if steps.last_number > 1:
        with restoring(steps, plan(steps.steps, 2).changes, "forth", "t1", Rewind(), pending):
            pass
    lines = (log.folder / "steps.jsonl").read_bytes().splitlines(keepends=True)
    (log.folder / "steps.jsonl").write_bytes(lines[0])


def test_another_start_leaves_a_restore_alone_that_is_under_way(changed, tmp_path):
    _, log, _ = changed
    pending = tmp_path / "pending"
    with restoring(log, plan(log.steps, 1).changes, "back", "t1", Rewind(), pending):
        (path,) = cut_off(pending)
        with claimed(path) as cut:
            assert cut is None
    assert cut_off(pending) == []


def test_what_belongs_to_a_restore_and_fails_is_left_to_the_next_start(changed, tmp_path):
    root, log, before = changed
    pending = tmp_path / "pending"
    with (
        pytest.raises(DiskError, match="journal"),
        restoring(log, plan(log.steps, 1).changes, "back", "t1", Rewind("t1", "c7"), pending),
    ):
        raise DiskError("the journal is full")
    (path,) = cut_off(pending)
    with claimed(path) as cut:
        assert cut is not None
        assert cut.rewind == Rewind("t1", "c7")
    assert tree(root) == before


def test_a_person_who_edits_after_the_crash_keeps_that_edit(changed, doomed, tmp_path):
    root, log, _ = changed
    pending = tmp_path / "pending"
    number = 1
    while not cut_off(pending):
        doomed.killed(number, "restore", log.folder, pending)
        number += 1
    (root / "deep/er/file").write_bytes(b"mine")
    (path,) = cut_off(pending)
    with claimed(path) as cut:
        assert finish(cut).foreign == (str(root / "deep/er/file"),)
    assert (root / "deep/er/file").read_bytes() == b"mine"
    assert (root / "gone").read_bytes() == b"gone"


def test_a_plan_that_cannot_be_read_is_an_error_and_not_a_crash(tmp_path):
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(DiskError, match="cannot be read"), claimed(tmp_path / "x.json"):
        pass
