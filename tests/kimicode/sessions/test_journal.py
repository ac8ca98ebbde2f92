"""The journal keeps what it acknowledged: through locks, modes, torn tails, damage, kill -9 and full disks."""

import json
import os
import stat
import time
import tracemalloc
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.errors import DiskError, ExitCode, LockedSession
from kimicode.events import ToolUpdated, TurnStarted
from kimicode.sessions.journal import JOURNAL, Journal, is_open, new_session_id, read_events
from kimicode.sessions.records import from_line, to_line
from kimicode.sessions.replay import replay
from tests.fakes.recorded_session import lifecycle

AFTER = TurnStarted("after", "written after the repair")


def write(folder: Path, *events) -> Path:
    """A closed session that holds these events."""
    journal = Journal.create(folder)
    for event in events:
        journal.append(event)
    journal.close()
    return folder / JOURNAL


@pytest.fixture(scope="module")
def memory(tmp_path_factory):
    """A folder in memory where there is one, for the tests that open a journal thousands of times."""
    shared = Path("/dev/shm")
    parent = shared if shared.is_dir() else tmp_path_factory.mktemp("memory")
    with TemporaryDirectory(dir=parent) as folder:
        yield Path(folder)


# --- ids, files, lock -----------------------------------------------------------------------------------------


def test_session_ids_sort_by_time_and_differ_within_a_second():
    earlier, later = datetime(2026, 11, 22, 10, 45, 1, tzinfo=UTC), datetime(2026, 11, 22, 10, 45, 2, tzinfo=UTC)
    ids = [new_session_id(earlier) for _ in range(20)]
    assert all(one.startswith("20261122-104501-") and len(one) == 20 for one in ids)
    assert len(set(ids)) > 15
    assert max(ids) < new_session_id(later)


def test_a_new_session_is_private_and_has_a_place_for_outputs(tmp_path):
    journal = Journal.create(tmp_path / "sessions" / "one")
    assert stat.S_IMODE(journal.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((journal.folder / JOURNAL).stat().st_mode) == 0o600
    assert journal.outputs == journal.folder / "outputs"
    assert journal.outputs.is_dir()
    journal.close()
    journal.close()


def test_what_was_appended_is_read_in_order_and_continued_after_reopening(tmp_path):
    path = write(tmp_path / "s", *lifecycle())
    journal = Journal.open(tmp_path / "s")
    journal.append(AFTER)
    loaded = read_events(tmp_path / "s")
    assert loaded == read_events(path)
    assert len(loaded.events) == len(lifecycle()) + 1
    assert loaded.events[-1] == AFTER
    assert (loaded.damaged, loaded.unknown) == ((), 0)
    journal.close()


def test_a_session_that_exists_is_not_begun_again(tmp_path):
    write(tmp_path / "s")
    with pytest.raises(DiskError, match="File exists"):
        Journal.create(tmp_path / "s")


def test_a_session_that_does_not_exist_cannot_be_opened_or_read(tmp_path):
    with pytest.raises(DiskError, match="No such file"):
        Journal.open(tmp_path / "none")
    with pytest.raises(DiskError, match="No such file"):
        read_events(tmp_path / "none")


def test_a_second_writer_is_refused_with_the_first_ones_pid_until_it_closes(tmp_path):
    first = Journal.create(tmp_path / "s")
    assert is_open(tmp_path / "s")
    with pytest.raises(LockedSession, match=f"process {os.getpid()}") as caught:
        Journal.open(tmp_path / "s")
    assert caught.value.exit_code == ExitCode.USAGE
    first.append(AFTER)
    first.close()
    assert not is_open(tmp_path / "s")
    Journal.open(tmp_path / "s").close()


def test_appending_after_closing_is_an_error(tmp_path):
    journal = Journal.create(tmp_path / "s")
    journal.close()
    with pytest.raises(DiskError):
        journal.append(AFTER)


# --- torn tails -----------------------------------------------------------------------------------------------


def repaired(folder: Path, content: bytes) -> bytes:
    """What a journal with this content holds once it was opened."""
    (folder / JOURNAL).write_bytes(content)
    Journal.open(folder).close()
    return (folder / JOURNAL).read_bytes()


def expected(lines: list[bytes], cut: int) -> bytes:
    """All whole records before the cut; a last one that lacks only its newline gets it."""
    ends = list(accumulate(map(len, lines)))
    return b"".join(line for line, end in zip(lines, ends, strict=True) if end - 1 <= cut)


def forget_aside(folder: Path) -> None:
    for aside in folder.glob("journal.torn-*"):
        aside.unlink()


def test_a_journal_cut_at_every_byte_opens_with_every_whole_record(memory):
    lines = [to_line(event, 1.0) for event in lifecycle("ab 漢字\n")]
    whole = b"".join(lines)
    write(memory / "small")
    for cut in range(len(whole) + 1):
        assert repaired(memory / "small", whole[:cut]) == expected(lines, cut), f"cut at byte {cut}"
        forget_aside(memory / "small")


def test_big_outputs_are_cut_cleanly_at_the_edges_and_inside(memory):
    lines = [to_line(event, 1.0) for event in lifecycle()]
    whole = b"".join(lines)
    edges = {end + near for end in accumulate(map(len, lines)) for near in (-2, -1, 0, 1)}
    write(memory / "big")
    for cut in sorted(edges | set(range(0, len(whole), 997))):
        assert repaired(memory / "big", whole[:cut]) == expected(lines, cut), f"cut at byte {cut}"
        forget_aside(memory / "big")


def test_the_bytes_of_a_torn_line_are_kept_aside_each_time(tmp_path):
    path = write(tmp_path / "s", AFTER)
    whole = path.read_bytes()
    for number, torn in enumerate((b'{"v":1,"type":"turn.st', b"\0" * 100_000, b"garbage\n"), 1):
        assert repaired(tmp_path / "s", whole + torn) == whole
        aside = tmp_path / "s" / f"journal.torn-{number}"
        assert aside.read_bytes() == torn
        assert stat.S_IMODE(aside.stat().st_mode) == 0o600


def test_a_record_that_lacks_only_its_newline_is_kept(tmp_path):
    path = write(tmp_path / "s", AFTER)
    whole = path.read_bytes()
    assert repaired(tmp_path / "s", whole[:-1]) == whole
    assert not list((tmp_path / "s").glob("journal.torn-*"))


def test_reading_a_torn_journal_needs_no_repair_and_reports_the_tail(tmp_path):
    path = write(tmp_path / "s", AFTER)
    with path.open("ab") as file:
        file.write(b'{"v":1,"type":"turn.st')
    loaded = read_events(path)
    assert loaded.events == (AFTER,)
    assert [(damage.line, damage.size, damage.reason) for damage in loaded.damaged] == [(2, 22, "cut off")]


# --- damage in the middle -------------------------------------------------------------------------------------


def test_garbage_lines_are_set_aside_and_the_rest_of_300_records_loads(tmp_path):
    lines = [to_line(ToolUpdated("c", f"line {number}"), 1.0) for number in range(300)]
    garbage = [
        b"garbage\n",
        b"[]\n",
        b'{"type":7}\n',
        b'{"type":"turn.started"}\n',
        b"\xff\xfe\n",
        b"\0" * 5_000 + b"\n",
    ]
    for number, line in enumerate(garbage):
        lines.insert(number * 50, line)
    lines.insert(200, b'{"v":1,"t":1,"type":"turn.dreamt"}\n')
    lines.insert(100, b"\n")
    path = tmp_path / JOURNAL
    path.write_bytes(b"".join(lines))
    loaded = read_events(path)
    assert [event.text for event in loaded.events if isinstance(event, ToolUpdated)] == [
        f"line {n}" for n in range(300)
    ]
    assert len(loaded.damaged) == len(garbage)
    assert loaded.unknown == 1
    for damage in loaded.damaged:
        assert lines[damage.line - 1].startswith(damage.content)
        assert len(damage.content) == min(damage.size, 1000)


LINES = [to_line(event, 1.0) for event in lifecycle("short")]


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=20)), max_size=4))
def test_random_damage_costs_only_the_lines_it_hits(memory, hits):
    content = bytearray(b"".join(LINES))
    for where, patch in hits:
        start = int(where * len(content))
        content[start : start + len(patch)] = patch[: len(content) - start]
    folder = memory / new_session_id()
    path = write(folder)
    path.write_bytes(content)
    loaded = read_events(path)
    for line in LINES:
        record = from_line(line)
        assert record is not None
        assert record.event in loaded.events or b"\n" + line not in b"\n" + content
    replay(loaded.events)
    journal = Journal.open(folder)
    journal.append(AFTER)
    journal.close()
    assert read_events(path).events[-1] == AFTER


def test_cjk_text_that_straddles_a_4_kb_boundary_is_read_whole(tmp_path):
    text = "漢字" * 3_000
    for shift in range(3):
        raw = {"v": 1, "t": 1, "type": "turn.started", "turn_id": "t" * shift, "prompt": text}
        path = tmp_path / JOURNAL
        path.write_bytes(json.dumps(raw, ensure_ascii=False).encode() + b"\n")
        assert read_events(path).events == (TurnStarted("t" * shift, text),)


def test_reading_stays_linear_and_keeps_no_more_than_it_returns(tmp_path):
    path = tmp_path / JOURNAL
    unknown = b'{"v":1,"t":1,"type":"turn.dreamt","of":"' + b"x" * 1_000_000 + b'"}\n'
    path.write_bytes(unknown * 50 + to_line(AFTER, 1.0))
    tracemalloc.start()
    loaded = read_events(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (loaded.events, loaded.unknown) == ((AFTER,), 50)
    assert peak < 10_000_000


def test_a_journal_of_50_mb_is_read_in_seconds(tmp_path):
    session = b"".join(to_line(event, 1.0) for event in lifecycle())
    path = tmp_path / JOURNAL
    path.write_bytes(session * (50_000_000 // len(session)))
    began = time.process_time()
    loaded = read_events(path)
    replay(loaded.events)
    assert time.process_time() - began < 8
    assert not loaded.damaged
