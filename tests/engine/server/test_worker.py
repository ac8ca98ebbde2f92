"""The thread behind the server: admission by requests and tokens, merging for slow readers, draining, crashing."""

import asyncio
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode_engine.engine import Engine
from kimicode_engine.errors import RequestError
from kimicode_engine.limits import Limits
from kimicode_engine.output import (
    Content,
    Delta,
    FinishReason,
    Reasoning,
    ToolCallArguments,
    ToolCallStart,
    Usage,
)
from kimicode_engine.parsers.stream import AnswerParser
from kimicode_engine.request import Request, SamplingParams
from kimicode_engine.sampling import SamplingState
from kimicode_engine.scripted import ScriptedRunner
from kimicode_engine.server.metrics import Metrics
from kimicode_engine.server.reply import ReaderGone, Reply, merge
from kimicode_engine.server.worker import Ticket, Worker
from tests.fakes.engine_server import tiny_tokenizer
from tests.fakes.engine_steps import SteppedRunner

WORD = 97


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return tiny_tokenizer(tmp_path_factory.mktemp("tiny"))


class Desk:
    """A started worker over an endless model, and tickets for it."""

    def __init__(self, tokenizer, *, delay=0.002, script=None, stepped=False, **limits):
        self.tokenizer = tokenizer
        self.made = 0
        given = Limits(**{"window": 1024, "pages": 64, **limits})
        self.stepped = SteppedRunner(64, tokenizer.vocab_size, WORD) if stepped else None
        script = script or (lambda request, context: WORD)
        self.runner = self.stepped or ScriptedRunner(64, tokenizer.vocab_size, script, delay=delay)
        self.worker = Worker(Engine(self.runner, tokenizer.end_ids, given), given, Metrics())
        self.worker.start()

    def ticket(self, *, prompt=10, max_tokens=1000):
        self.made += 1
        params = SamplingParams(max_tokens=max_tokens)
        request = Request(str(self.made), (WORD,) * prompt, params, arrival=time.monotonic())
        parser = AnswerParser(self.tokenizer, thinking=False, tools=False)
        return Ticket(request, parser, SamplingState(params, request.prompt))

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        if self.stepped:
            self.stepped.release()
        if self.worker.alive:
            await self.worker.drain(0)
            await self.worker.stop()


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


# --- admission ----------------------------------------------------------------------------------------------


async def test_so_many_run_so_many_wait_and_the_next_one_is_told_when_to_come_back(tokenizer):
    async with Desk(tokenizer, stepped=True, running=2, queued_requests=3) as desk:
        replies = [desk.worker.submit([desk.ticket()]) for _ in range(5)]
        with pytest.raises(RequestError) as refused:
            desk.worker.submit([desk.ticket()])
        assert (refused.value.status, desk.worker.waiting, desk.worker.full) == (429, 3, True)
        assert refused.value.retry_after >= 1
        replies[0].abandon()
        desk.worker.submit([desk.ticket()])


async def test_waiting_prompts_are_bounded_by_their_tokens_but_one_alone_always_fits(tokenizer):
    async with Desk(tokenizer, stepped=True, running=1, queued_tokens=100) as desk:
        desk.worker.submit([desk.ticket(prompt=500, max_tokens=9)])
        with pytest.raises(RequestError, match="500 tokens wait") as refused:
            desk.worker.submit([desk.ticket()])
        assert refused.value.status == 429


async def test_retry_after_follows_the_rate_at_which_answers_end(tokenizer):
    async with Desk(tokenizer, running=1, queued_requests=40, delay=0.0) as desk:
        for _ in range(30):
            await desk.worker.submit([desk.ticket(max_tokens=1)]).rest()
        for _ in range(41):
            desk.worker.submit([desk.ticket()])
        with pytest.raises(RequestError) as refused:
            desk.worker.submit([desk.ticket()])
        assert refused.value.retry_after <= 5


async def test_a_request_that_the_engine_refuses_fails_alone(tokenizer):
    async with Desk(tokenizer) as desk:
        good = desk.worker.submit([desk.ticket(max_tokens=5)])
        bad = desk.worker.submit([desk.ticket(prompt=2000)])
        with pytest.raises(RequestError) as refused:
            await bad.take()
        assert refused.value.code == "context_length_exceeded"
        assert [delta.finish for _, delta in await good.rest()] == [FinishReason.LENGTH]


async def test_the_whole_answer_wakes_its_reader_once(tokenizer):
    async with Desk(tokenizer, delay=0.0) as desk:
        taken = await desk.worker.submit([desk.ticket(max_tokens=200)]).rest()
        assert [len(delta.tokens) for _, delta in taken] == [200]
        assert taken[0][1].usage.completion_tokens == 200


async def test_abandoned_answers_stop_within_a_step(tokenizer):
    async with Desk(tokenizer, stepped=True) as desk:
        reply = desk.worker.submit([desk.ticket(), desk.ticket()])
        desk.stepped.permit(3)
        await until(lambda: desk.worker.stats.running == 2)
        await reply.take()
        reply.abandon()
        desk.stepped.release()
        with pytest.raises(ReaderGone):
            await reply.take()
        await until(lambda: desk.worker.stats.running == 0)
        assert desk.runner.steps <= 3 + 1
        assert desk.worker.stats.pages_used == 0


# --- ending -------------------------------------------------------------------------------------------------


async def test_a_drain_lets_running_answers_end_and_admits_no_more(tokenizer):
    async with Desk(tokenizer, stepped=True) as desk:
        reply = desk.worker.submit([desk.ticket(max_tokens=30)])
        drain = asyncio.create_task(desk.worker.drain(60))
        await asyncio.sleep(0)
        desk.stepped.release()
        with pytest.raises(RequestError) as refused:
            desk.worker.submit([desk.ticket()])
        assert refused.value.status == 503
        assert refused.value.retry_after
        assert await drain
        assert [delta.finish for _, delta in await reply.rest()] == [FinishReason.LENGTH]


async def test_a_drain_that_takes_too_long_tells_the_readers(tokenizer):
    async with Desk(tokenizer, delay=0.01) as desk:
        reply = desk.worker.submit([desk.ticket()])
        assert not await desk.worker.drain(0.05)
        [(_, last)] = await reply.rest()
        assert last.finish is FinishReason.ERROR
        assert "stopped" in last.error
        await desk.worker.stop()
        assert desk.worker.crash is None


async def test_a_crash_reaches_every_reader_and_is_kept(tokenizer):
    def crash(request, context):
        raise KeyError("a bug")

    async with Desk(tokenizer, script=crash) as desk:
        replies = [desk.worker.submit([desk.ticket()]) for _ in range(3)]
        ends = [(await reply.rest())[0][1].finish for reply in replies]
        assert ends == [FinishReason.ERROR] * 3
        assert isinstance(desk.worker.crash, KeyError)
        with pytest.raises(RequestError):
            desk.worker.submit([desk.ticket()])


# --- merging ------------------------------------------------------------------------------------------------

texts = st.text(min_size=1, max_size=3)
pieces = st.one_of(
    st.builds(Content, texts),
    st.builds(Reasoning, texts),
    st.builds(ToolCallStart, st.integers(0, 2), texts, texts),
    st.builds(ToolCallArguments, st.integers(0, 2), texts),
)
deltas = st.builds(Delta, st.lists(pieces, max_size=3).map(tuple), st.lists(st.integers(0, 9), max_size=2).map(tuple))


def spelled(delta):
    """Pieces letter by letter, so that joining may not change anything but their number."""
    for piece in delta.pieces:
        if isinstance(piece, ToolCallStart):
            yield piece
        else:
            yield from ((type(piece), getattr(piece, "index", None), letter) for letter in piece.text)


@given(st.lists(deltas, min_size=1, max_size=6))
def test_merging_keeps_every_letter_in_order(given_deltas):
    last = Delta((), usage=Usage(1, 2), finish=FinishReason.STOP, stop="x")
    whole = merge([*given_deltas, last])
    assert list(spelled(whole)) == [letter for delta in given_deltas for letter in spelled(delta)]
    assert whole.tokens == sum((delta.tokens for delta in given_deltas), ())
    assert (whole.usage, whole.finish, whole.stop) == (last.usage, last.finish, last.stop)
    kinds = [(type(piece), getattr(piece, "index", None)) for piece in whole.pieces]
    assert all(a != b or a[0] is ToolCallStart for a, b in pairwise(kinds))


async def test_ten_thousand_unread_deltas_stay_a_few_objects():
    reply = Reply(1, lambda: None)
    for _ in range(10_000):
        reply.put(0, Delta((Content("ab"),), (1,)))
    assert len(reply._pending[0]) <= 33
    [(_, taken)] = await reply.take()
    assert taken.pieces == (Content("ab" * 10_000),)
    assert len(taken.tokens) == 10_000
