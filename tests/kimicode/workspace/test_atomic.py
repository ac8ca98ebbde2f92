"""Old bytes or new bytes, never a part; what belongs to the file besides its bytes stays."""

import errno
import os
import subprocess
from pathlib import Path

import pytest

from kimicode.workspace import atomic


def leftovers(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if name.endswith(".tmp")]


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o640, 0o4755])
def test_mode_bits_stay(tmp_path, mode):
    path = tmp_path / "f"
    path.write_bytes(b"old")
    path.chmod(mode)
    atomic.write(path, b"new", b"old")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o7777 == mode
    assert leftovers(tmp_path) == []


def test_a_new_file_gets_the_mode_that_the_umask_says(tmp_path):
    atomic.write(tmp_path / "new", b"x", None)
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    assert (tmp_path / "new").stat().st_mode == ordinary.stat().st_mode


def test_a_new_file_never_overwrites_one_that_came_meanwhile(tmp_path):
    (tmp_path / "f").write_bytes(b"someone else's")
    with pytest.raises(FileExistsError):
        atomic.write(tmp_path / "f", b"mine", None)
    assert (tmp_path / "f").read_bytes() == b"someone else's"
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_stays(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"old")
    os.chown(path, 12345, 23456)
    atomic.write(path, b"new", b"old")
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)


def test_extended_attributes_stay(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "user.origin", b"here")
    except OSError:
        pytest.skip("this file system has no user attributes")
    atomic.write(path, b"new", b"old")
    assert os.getxattr(path, "user.origin") == b"here"


def test_hard_links_stay_one_file(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"a longer old text")
    os.link(one, other)
    atomic.write(one, b"short", b"a longer old text")
    assert other.read_bytes() == b"short"
    assert one.stat().st_ino == other.stat().st_ino


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write read-only files")
def test_a_read_only_file_is_refused(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(PermissionError):
        atomic.write(path, b"new", b"old")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system is not permitted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("linked", [False, True])
def test_on_a_full_disk_the_old_bytes_stay(small_disk, linked):
    path = small_disk / "f"
    path.write_bytes(b"old" * 1000)
    if linked:
        os.link(path, small_disk / "other")
    with pytest.raises(OSError, match="space") as caught:
        atomic.write(path, b"x" * 200_000, b"old" * 1000)
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == b"old" * 1000
    assert leftovers(small_disk) == []


def test_on_a_read_only_disk_the_reason_is_told(small_disk):
    (small_disk / "f").write_bytes(b"old")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(OSError, match=r"[Rr]ead-only") as caught:
        atomic.write(small_disk / "f", b"new", b"old")
    assert caught.value.errno in (errno.EROFS, errno.EACCES)


def test_a_writer_killed_at_any_moment_leaves_a_whole_file(tmp_path):
    import sys
    import time

    path = tmp_path / "f"
    old, new = b"o" * 3_000_000, b"n" * 3_000_000
    path.write_bytes(old)
    script = (
        "import sys, pathlib; from kimicode.workspace import atomic\n"
        "p = pathlib.Path(sys.argv[1]); print('ready', flush=True)\n"
        "while True:\n for c in b'no': atomic.write(p, bytes([c]) * 3_000_000, p.read_bytes())"
    )
    for round_number in range(8):
        with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(0.003 * round_number)
            writer.kill()
        assert path.read_bytes() in (old, new)


def test_what_a_person_named_is_not_written_through_a_link_that_came_later(tmp_path):
    victim, named = tmp_path / "victim", tmp_path / "fix.patch"
    victim.write_bytes(b"the person's")
    atomic.put(named, b"one, and longer")
    atomic.put(named, b"two")
    assert named.read_bytes() == b"two"
    named.unlink()
    named.symlink_to(victim)
    with pytest.raises(OSError, match="symbolic link"):
        atomic.put(named, b"three")
    assert victim.read_bytes() == b"the person's"
