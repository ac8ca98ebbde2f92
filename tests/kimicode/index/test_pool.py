"""Workers that crash, hang, or never start cost no more than the file they were at."""

import io
import sys
import threading

import pytest

from kimicode.index.frames import receive, send
from kimicode.index.pool import Pool

WORKER = """
import os, sys, time
from kimicode.index.frames import receive, send
try:
    while True:
        for path in receive(sys.stdin.buffer):
            if b"crash" in path:
                os._exit(1)
            if b"hang" in path:
                time.sleep(600)
            if b"nonsense" in path:
                sys.stdout.buffer.write(b"\\0\\0\\0\\x05hello")
                sys.stdout.flush()
            send((path, 1, 2, b"digest", "", None, False), sys.stdout.buffer)
except EOFError:
    pass
"""


@pytest.fixture
def command(tmp_path):
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    return [sys.executable, str(script)]


def read(command, paths, workers=2, **options):
    with Pool(command, paths, workers, threading.Event(), **options) as pool:
        return {outcome.path: outcome.skipped for outcome in pool}


def test_every_path_is_answered_once(command):
    paths = [f"f{number}" for number in range(500)]
    assert read(command, paths) == dict.fromkeys(paths, "")


@pytest.mark.parametrize("fault", ["crash", "nonsense"])
def test_a_fault_costs_the_file_it_happened_at(command, fault):
    paths = [f"f{number}" for number in range(100)] + [f"{fault}1"] + [f"g{number}" for number in range(100)]
    answered = read(command, [*paths, f"{fault}2"])
    assert set(answered) == {*paths, f"{fault}2"}
    assert {path for path, skipped in answered.items() if skipped} == {f"{fault}1", f"{fault}2"}


def test_a_worker_that_hangs_is_replaced(command):
    paths = ["a", "hang", *(f"f{number}" for number in range(50))]
    answered = read(command, paths, workers=1, stalled_s=1.0)
    assert answered == {**dict.fromkeys(paths, ""), "hang": "unreadable"}


def test_where_no_worker_can_live_it_ends_all_the_same():
    assert set(read(["/bin/false"], [f"f{number}" for number in range(500)])) <= {f"f{number}" for number in range(500)}


def test_it_ends_soon_when_it_is_told_to_stop(command):
    stop = threading.Event()
    with Pool(command, [f"f{number}" for number in range(10**5)], 2, stop) as pool:
        seen = 0
        for _ in pool:
            seen += 1
            stop.set()
    assert seen == 1


def test_who_leaves_early_leaves_nobody_behind(command):
    with Pool(command, ["hang"] * 50, 2, threading.Event()):
        pass


@pytest.mark.parametrize("value", [[], [b"a", b"b"], (b"p", 1, "x", (("n", (1, 2)),), None, True)])
def test_a_value_passes_a_pipe(value):
    pipe = io.BytesIO()
    send(value, pipe)
    send(value, pipe)
    pipe.seek(0)
    assert [receive(pipe), receive(pipe)] == [value, value]
    with pytest.raises(EOFError):
        receive(pipe)


def test_half_a_value_is_an_end():
    pipe = io.BytesIO()
    send([b"a" * 100], pipe)
    for size in (1, 4, 50):
        with pytest.raises(EOFError):
            receive(io.BytesIO(pipe.getvalue()[:size]))
