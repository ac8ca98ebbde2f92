"""The journal under faults: its process killed, its file not allowed to grow, its disk full or read-only."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kimicode.errors import DiskError
from kimicode.events import ToolUpdated, TurnStarted
from kimicode.sessions.journal import JOURNAL, Journal, read_events

AFTER = TurnStarted("after", "written after the repair")


def write(folder: Path, *events) -> Path:
    """A closed session that holds these events."""
    journal = Journal.create(folder)
    for event in events:
        journal.append(event)
    journal.close()
    return folder / JOURNAL


APPENDING = """
import sys
from pathlib import Path
from kimicode.events import ToolUpdated, TurnStarted
from kimicode.sessions.journal import Journal

journal = Journal.open(Path(sys.argv[1]))
number = int(sys.argv[2])
while True:
    text = "y" * (number * 7919 % 30_000)
    journal.append(TurnStarted(str(number), text) if number % 3 else ToolUpdated(str(number), text))
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
    number += 1
"""


def killed_while_appending(folder: Path, first: int, delay: float) -> list[int]:
    """Let a child append records from number `first` on, kill it, and return the numbers it acknowledged."""
    child = subprocess.Popen(
        [sys.executable, "-c", APPENDING, str(folder), str(first)], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert child.stdout
    begun = child.stdout.readline()
    time.sleep(delay)
    child.kill()
    rest = child.stdout.read()
    child.wait()
    child.stdout.close()
    return [int(line) for line in (begun + rest).splitlines()]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kills", [7, pytest.param(40, marks=pytest.mark.slow)])
def test_every_acknowledged_record_survives_kill_9(tmp_path, kills):
    folder = tmp_path / "s"
    write(folder)
    chance = random.Random(20261122)
    acknowledged: list[int] = []
    for kill in range(kills):
        acknowledged += killed_while_appending(folder, kill * 1_000_000, chance.uniform(0, 0.03))
    Journal.open(folder).close()
    loaded = read_events(folder)
    names = {
        event.turn_id if isinstance(event, TurnStarted) else getattr(event, "call_id", "") for event in loaded.events
    }
    assert len(acknowledged) >= kills
    assert {str(number) for number in acknowledged} <= names
    assert not loaded.damaged


FILLING = """
import resource, signal, sys
from pathlib import Path
from kimicode.errors import DiskError
from kimicode.events import ToolUpdated
from kimicode.sessions.journal import Journal

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
journal = Journal.open(Path(sys.argv[1]))
for number in range(10):
    try:
        journal.append(ToolUpdated(str(number), "z" * 3_000))
    except DiskError as error:
        print(number, error.message)
        break
try:
    journal.append(ToolUpdated("small", ""))
except DiskError as error:
    print("again", error.message)
"""


def test_a_file_that_may_not_grow_is_a_disk_error_and_the_journal_stays_whole(tmp_path):
    path = write(tmp_path / "s")
    output = subprocess.run(
        [sys.executable, "-c", FILLING, str(tmp_path / "s")], capture_output=True, text=True, check=True, cwd=Path.cwd()
    ).stdout.splitlines()
    assert output == [
        f"6 cannot write {path}: File too large",
        f"again cannot write {path}: File too large",
    ]
    assert len(read_events(path).events) == 6
    assert path.read_bytes().endswith(b"\n")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a small file system is not permitted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_told_every_time_and_costs_nothing_that_was_acknowledged(small_disk):
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 20_000)
    journal = Journal.create(small_disk / "s")
    kept: list[int] = []

    def fill() -> None:
        for number in range(100):
            journal.append(ToolUpdated(str(number), "z" * 3_000))
            kept.append(number)

    with pytest.raises(DiskError, match="No space left") as caught:
        fill()
    assert "resume" in caught.value.hint
    ballast.unlink()
    with pytest.raises(DiskError, match="No space left"):
        journal.append(AFTER)
    journal.close()
    assert 5 < len(kept) < 100
    assert len(read_events(small_disk / "s").events) == len(kept)
    again = Journal.open(small_disk / "s")
    again.append(AFTER)
    again.close()
    loaded = read_events(small_disk / "s")
    assert (len(loaded.events), loaded.damaged) == (len(kept) + 1, ())


def test_a_read_only_disk_is_a_disk_error_and_can_still_be_read(small_disk):
    write(small_disk / "s", AFTER)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(DiskError, match="Read-only"):
        Journal.open(small_disk / "s")
    with pytest.raises(DiskError, match="Read-only"):
        Journal.create(small_disk / "t")
    assert read_events(small_disk / "s").events == (AFTER,)
