"""An engine for one run is started, listened to and ended, from a real process that plays the engine."""

import asyncio
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.llm.launch import Voice, engine_for
from tests.fakes.local_engine import checkpoint, log, shim


@pytest.fixture
def fake_engine(tmp_path):
    """Engines that are started here are the fake."""
    before = dict(os.environ)
    os.environ.update(shim(tmp_path / "shim"))
    yield
    os.environ.clear()
    os.environ.update(before)


async def heard(*chunks: bytes) -> tuple[list[str], list[str]]:
    """The lines that last and what was said meanwhile."""
    said: list[str] = []
    voice = Voice(said.append)
    reader = asyncio.StreamReader()
    listener = asyncio.create_task(voice.listen(reader))
    for chunk in chunks:
        reader.feed_data(chunk)
        await asyncio.sleep(0)
    reader.feed_eof()
    await listener
    return list(voice.lines), said


async def test_a_line_that_is_painted_over_does_not_last():
    lines, said = await heard(b"start\r\n", b"\r\x1b[2Kloading 1 %", b"\r\x1b[2Kloading 2 %", b"\r\x1b[2Kdone\r\n")
    assert lines == ["start", "done"]
    assert said == ["start", "loading 1 %", "loading 2 %", "done"]


async def test_characters_that_come_in_pieces_are_whole():
    lines, _ = await heard("━━".encode()[:2], "━━".encode()[2:] + b"\n")
    assert lines == ["━━"]


async def test_the_last_words_need_no_end_of_line():
    lines, _ = await heard(b"first\nout of mem", b"ory")
    assert lines == ["first", "out of memory"]


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_whatever_it_prints_is_heard_in_bounded_memory(chunks):
    lines, _ = asyncio.run(heard(*chunks))
    assert len(lines) <= 12


@pytest.mark.usefixtures("fake_engine")
async def test_one_that_does_not_listen_to_the_end_is_killed(tmp_path):
    weights = checkpoint(tmp_path / "k", fault="deaf")
    async with engine_for(weights, lambda line: None, grace_s=0.2) as engine:
        assert (engine.model, engine.window) == ("k", 32_768)
        assert engine.api_key != "made-up-key", "it has a key that nobody else was shown"
    with pytest.raises(ProcessLookupError):
        os.kill(engine.pid, 0)
    assert not any("ended" in line for line in log(weights))
