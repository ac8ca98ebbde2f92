"""What a person sees: a bar and a live line on a terminal, a few plain lines elsewhere, nothing when quiet."""

import asyncio
import io

import pytest

from kimicode_engine.checkpoint.load import Progress
from kimicode_engine.server.console import Console, Reading, duration, progress_line, size, status_line
from tests.fakes.engine_server import saying, serving, tiny_tokenizer


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self):
        return True


def test_bytes_and_times_are_for_people():
    assert [size(count) for count in (0, 999, 1500, 2_500_000, 594_200_000_000)] == [
        "0 B",
        "999 B",
        "1.5 kB",
        "2.5 MB",
        "594.2 GB",
    ]
    assert [duration(seconds) for seconds in (0.4, 59, 185)] == ["0 s", "59 s", "3 min 05 s"]


def test_the_bar_tells_bytes_rate_and_time_left():
    line = progress_line(Progress(1_000_000_000, 4_000_000_000, 2.0, "model-1.safetensors"))
    assert line == (
        "loading ━━━━━━──────────────────  25%  1.0 GB of 4.0 GB  500.0 MB/s  6 s left  model-1.safetensors"
    )
    assert "…" in progress_line(Progress(0, 10, 0.0, "a"))
    assert "100%" in progress_line(Progress(0, 0, 0.0, "a"))


@pytest.mark.parametrize("quiet", [True, False])
def test_without_a_terminal_there_are_plain_lines_only(quiet):
    stream = io.StringIO()
    console = Console(stream, quiet=quiet)
    console.say("start")
    for done in (0, 4, 10):
        console.progress(Progress(done, 10, 0.5, "a"))
    console.say("the key", always=True)
    assert stream.getvalue() == ("the key\n" if quiet else "start\nloaded 10 B in 0.5 s (20 B/s)\nthe key\n")


def test_on_a_terminal_a_plain_line_replaces_the_bar():
    stream = Terminal()
    console = Console(stream)
    console._draw("bar")
    console.say("done")
    assert stream.getvalue() == "\r\x1b[2Kbar\r\x1b[2Kdone\n"


async def test_the_live_line_shows_rates_and_is_not_redrawn_while_nothing_changes(tmp_path):
    tokenizer = tiny_tokenizer(tmp_path)
    stream = Terminal()
    async with serving(tokenizer, saying(tokenizer, "x")) as server:
        worker, metrics = server.worker, server.service.metrics
        line = status_line(worker, Reading(1.0, 100, 50, 0), Reading(3.0, 300, 150, 25))
        assert line.startswith("100 tok/s out  50 tok/s in  0 running  0 waiting  cache hit 25%  pages 0/64  ")
        console = Console(stream)
        task = asyncio.create_task(console.watch(worker, metrics))
        await asyncio.sleep(1.2)
        task.cancel()
    assert 1 <= stream.getvalue().count("running") <= 2
