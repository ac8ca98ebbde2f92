"""A command in the sandbox swaps folders for links while the agent, which nothing confines, reads and writes there."""

import contextlib
import os
import subprocess
import sys

import pytest

from kimicode.errors import DiskError, ToolError
from kimicode.workspace import atomic, beneath, reading
from kimicode.workspace.files import Files
from kimicode.workspace.restore import perform
from kimicode.workspace.snapshots import ABSENT, State, Store, observe
from kimicode.workspace.steplog import Change

_SWAPPING = """
import ctypes, os, sys
place, elsewhere = sys.argv[1:]
os.symlink(elsewhere, place + ".link")
libc, here, exchange = ctypes.CDLL(None), -100, 2
one, other = place.encode(), (place + ".link").encode()
print("ready", flush=True)
while True:
    libc.renameat2(here, one, here, other, exchange)
"""

linux = pytest.mark.skipif(sys.platform != "linux", reason="swaps two names at once")


@pytest.fixture
def project(tmp_path):
    (tmp_path / "project/a").mkdir(parents=True)
    (tmp_path / "project/a/key").write_text("harmless")
    return tmp_path / "project"


@pytest.fixture
def elsewhere(tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/key").write_text("the person's key")
    return tmp_path / "keys"


@contextlib.contextmanager
def swapping(folder, target):
    """Again and again, as fast as it can."""
    with subprocess.Popen([sys.executable, "-c", _SWAPPING, folder, target], stdout=subprocess.PIPE) as job:
        assert job.stdout is not None
        job.stdout.readline()
        try:
            yield
        finally:
            job.kill()


def swap(folder, target):
    """What a job does between two system calls of the agent."""
    folder.rename(folder.with_name("aside"))
    folder.symlink_to(target)


def test_what_was_approved_is_not_written_through_a_link_that_came_later(project, elsewhere):
    files = Files(project).pinned("a/new")
    swap(project / "a", elsewhere)
    with pytest.raises(ToolError):
        files.create("a/new", "text")
    assert sorted(os.listdir(elsewhere)) == ["key"]


def test_what_was_judged_harmless_is_not_read_through_a_link_that_came_later(project, elsewhere):
    files = Files(project)
    pinned = files.pinned("a/key")
    swap(project / "a", elsewhere)
    with pytest.raises(ToolError):
        pinned.read("a/key")
    assert files.read("a/key").text == "the person's key", "a link that stands there already is followed, and judged so"


def test_a_file_that_becomes_a_link_is_neither_read_nor_replaced_through_it(project, elsewhere):
    files = Files(project).pinned("a/key")
    (project / "a/key").unlink()
    (project / "a/key").symlink_to(elsewhere / "key")
    with pytest.raises(ToolError):
        files.replace("a/key", "the person's key", "mine")
    assert (elsewhere / "key").read_text() == "the person's key"


def test_folders_are_not_made_through_links(project, elsewhere):
    files = Files(project).pinned("a/deep/er/file")
    swap(project / "a", elsewhere)
    with pytest.raises(ToolError):
        files.create("a/deep/er/file", "text")
    assert os.listdir(elsewhere) == ["key"]


def test_missing_folders_are_made_where_they_belong(project):
    Files(project).create("x/y/z.txt", "text")
    assert (project / "x/y/z.txt").read_text() == "text"


def test_a_folder_that_may_be_entered_and_not_listed_is_passed(project):
    os.chmod(project, 0o311)
    try:
        assert reading.load_real(project / "a/key", "key") == b"harmless"
    finally:
        os.chmod(project, 0o755)


def test_no_descriptor_is_left_over_whatever_happens(project):
    before = len(os.listdir("/dev/fd"))
    for path in (project / "a", project / "missing/folder", project / "a/key/not-a-folder"):
        for _ in range(5):
            with contextlib.suppress(OSError), beneath.folder(path):
                pass
    assert len(os.listdir("/dev/fd")) == before


@linux
def test_a_race_of_hundreds_of_rounds_never_reaches_the_other_folder(project, elsewhere):
    judged = [(f"a/{number}", Files(project).pinned(f"a/{number}")) for number in range(400)]
    read = set()
    with swapping(project / "a", elsewhere):
        for path, files in judged:
            with contextlib.suppress(ToolError):
                files.create(path, "text")
            with contextlib.suppress(ToolError):
                read.add(reading.load_real(project / "a/key", "key"))
            with contextlib.suppress(OSError):
                atomic.write(project / "a/key", b"harmless", b"harmless")
    assert os.listdir(elsewhere) == ["key"]
    assert (elsewhere / "key").read_text() == "the person's key"
    assert read <= {b"harmless"}


@linux
def test_what_is_taken_back_meanwhile_is_neither_written_to_nor_kept_from_the_other_folder(
    project, elsewhere, tmp_path
):
    store = Store(tmp_path / "store")
    after = State("file", 0o644, store.put(b"taken back"), 10)
    secret = State("file", 0o644, store.put(b"the person's key"), 16).digest
    seen = set()
    with swapping(project / "a", elsewhere):
        for number in range(300):
            with contextlib.suppress(OSError, DiskError):
                perform([Change(f"{project}/a/{number}", ABSENT, after)], store, "0a")
            seen.add(observe(f"{project}/a/key").digest)
    assert os.listdir(elsewhere) == ["key"]
    assert secret not in seen


def test_looking_does_not_wait_for_a_pipe(project):
    os.mkfifo(project / "pipe")
    assert observe(str(project / "pipe")).kind == "other"
