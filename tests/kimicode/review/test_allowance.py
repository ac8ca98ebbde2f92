"""One budget for many agents: what is admitted can never add up to more than the limits, in whatever order it ends."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.agent.budget import Limits
from kimicode.agent.flow import LimitReached
from kimicode.config.catalog import ModelInfo, Prices, price_of
from kimicode.errors import ModelUnreachable
from kimicode.llm.model import ModelRequest
from kimicode.messages import Usage, user
from kimicode.review.allowance import LEAST_OUTPUT, Allowance, Metered
from tests.fakes.model import PlaybackModel, says

INFO = ModelInfo(window=100_000, max_output=8_000, prices=Prices(input=1.0, cached=0.1, output=4.0))
NONE = Limits(steps=None)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_request_that_could_exceed_the_tokens_is_not_made():
    allowance = Allowance(Limits(steps=None, tokens=10_000), INFO)
    held = await allowance.admit(6_000, 2_000)
    allowance.settle(held, Usage(6_000, 0, 500))
    with pytest.raises(LimitReached, match=r"6,500 of 10,000 tokens were used \(--max-tokens\)"):
        await allowance.admit(3_000, 2_000)
    assert allowance.usage.total_tokens == 6_500


async def test_an_answer_may_be_shorter_than_asked_for_but_not_useless():
    allowance = Allowance(Limits(steps=None, tokens=10_000), INFO)
    assert (await allowance.admit(8_000, 16_000)).output_tokens == 2_000
    with pytest.raises(LimitReached):
        await Allowance(Limits(steps=None, tokens=10_000), INFO).admit(10_000 - LEAST_OUTPUT + 1, 16_000)


async def test_what_does_not_fit_beside_the_others_waits_for_them():
    allowance = Allowance(Limits(steps=None, tokens=10_000), INFO)
    first = await allowance.admit(4_000, 4_000)
    second = asyncio.create_task(allowance.admit(4_000, 4_000))
    await asyncio.sleep(0)
    assert not second.done()
    allowance.settle(first, Usage(4_000, 0, 100))
    assert (await second).output_tokens == 1_900


async def test_waiting_ends_with_the_limit_where_the_others_left_too_little():
    allowance = Allowance(Limits(steps=None, tokens=10_000), INFO)
    first = await allowance.admit(4_000, 4_000)
    second = asyncio.create_task(allowance.admit(4_000, 4_000))
    await asyncio.sleep(0)
    allowance.settle(first, Usage(4_000, 0, 4_000))
    with pytest.raises(LimitReached):
        await second


async def test_a_share_is_kept_for_those_who_come_later():
    allowance = Allowance(Limits(steps=10, tokens=100_000), INFO)
    with pytest.raises(LimitReached):
        await allowance.admit(65_000, 4_000, share=0.65)
    assert await allowance.admit(65_000, 4_000, share=1.0)


async def test_requests_are_counted_whatever_they_cost():
    allowance = Allowance(Limits(steps=2), INFO)
    for _ in range(2):
        allowance.settle(await allowance.admit(1, 1), None)
    with pytest.raises(LimitReached, match="2 requests were made"):
        await allowance.admit(1, 1)


async def test_time_runs_out_for_the_share_first():
    clock = Clock()
    allowance = Allowance(Limits(steps=None, seconds=100), INFO, clock=clock)
    clock.now = 70
    with pytest.raises(LimitReached, match=r"65 seconds were over \(--time-limit, 65% of it for finders\)"):
        await allowance.admit(1, 1, share=0.65)
    assert await allowance.admit(1, 1)
    assert allowance.seconds_left() == 30


async def test_an_unknown_price_is_no_limit():
    allowance = Allowance(Limits(steps=None, price=0.01), ModelInfo(window=1, max_output=1))
    assert await allowance.admit(10_000_000, 4_000)


@given(
    st.lists(st.tuples(st.integers(1, 9_000), st.integers(1, 9_000), st.floats(0, 1), st.floats(0, 1)), max_size=30),
    st.sampled_from(
        [Limits(steps=None, tokens=50_000), Limits(steps=None, price=0.05), Limits(steps=7, tokens=90_000)]
    ),
)
def test_no_order_of_requests_ever_exceeds_a_limit(requests, limits):
    async def play() -> Allowance:
        allowance = Allowance(limits, INFO)
        open_ones: list[tuple[Usage, float, float]] = []
        for asked_in, asked_out, used_in, used_out in requests:
            waiting = asyncio.create_task(allowance.admit(asked_in, asked_out))
            for _ in range(3):
                await asyncio.sleep(0)
            while not waiting.done():  # it waits for another to end
                held, share_in, share_out = open_ones.pop(0)
                spend(allowance, held, share_in, share_out)
                for _ in range(3):
                    await asyncio.sleep(0)
            if waiting.exception() is None:
                open_ones.append((waiting.result(), used_in, used_out))
        for held, share_in, share_out in open_ones:
            spend(allowance, held, share_in, share_out)
        return allowance

    def spend(allowance: Allowance, held: Usage, share_in: float, share_out: float) -> None:
        used = Usage(round(held.input_tokens * share_in), 0, round(held.output_tokens * share_out))
        priced = Usage(used.input_tokens, 0, used.output_tokens, price_of(used, INFO))
        allowance.settle(held, priced)

    allowance = asyncio.run(play())
    assert limits.tokens is None or allowance.usage.total_tokens <= limits.tokens
    assert limits.price is None or (allowance.usage.price or 0.0) <= limits.price + 1e-12
    assert limits.steps is None or allowance.requests <= limits.steps


# --- the meter on a model -----------------------------------------------------------------------------------


async def ask(model: Metered, text: str = "hello") -> object:
    return await model.complete(ModelRequest([user(text)], []), lambda piece: None, lambda event: None)


async def test_the_model_is_told_how_long_its_answer_may_be():
    seen: list[int | None] = []

    class Noting(PlaybackModel):
        async def complete(self, request, on_piece, on_retry):
            seen.append(request.max_output_tokens)
            return await super().complete(request, on_piece, on_retry)

    allowance = Allowance(Limits(steps=None, tokens=3_000), INFO)
    model = Metered(Noting(says("a", usage=Usage(10, 0, 5)), says("b")), allowance, 2_500)
    await ask(model)
    assert seen == [2_500]
    assert allowance.usage == Usage(10, 0, 5)
    await ask(model)
    assert seen[1] == 2_500
    assert allowance.usage.total_tokens == 15 + 110


async def test_a_server_out_of_reach_is_not_asked_by_the_next_agent():
    model = PlaybackModel(ModelUnreachable("nobody answers"))
    allowance = Allowance(NONE, INFO)
    first, second = Metered(model, allowance, 100), Metered(model, allowance, 100, share=0.5)
    for meter in (first, second):
        with pytest.raises(ModelUnreachable):
            await ask(meter)
    assert len(model.requests) == 1
    assert second.stopped == "nobody answers"


async def test_a_request_that_is_cancelled_is_charged_for_what_it_sent():
    class Silent(PlaybackModel):
        async def complete(self, request, on_piece, on_retry):
            await asyncio.sleep(3600)

    allowance = Allowance(NONE, INFO)
    asking = asyncio.create_task(ask(Metered(Silent(), allowance, 100), "word " * 700))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert allowance.usage.estimated
    assert allowance.usage.input_tokens == pytest.approx(1_000, rel=0.1)
    assert allowance.usage.price == pytest.approx(0.001, rel=0.1)


async def test_a_server_that_counts_more_than_was_estimated_is_believed_from_then_on():
    allowance = Allowance(Limits(steps=None, tokens=10_000), INFO)
    model = Metered(PlaybackModel(says("a", usage=Usage(4_000, 0, 5))), allowance, 2_000)
    await ask(model, "word " * 700)  # some 1,000 tokens by its letters
    with pytest.raises(LimitReached):
        await ask(model, "word " * 1_400)


async def test_the_limit_of_a_meter_is_its_own():
    allowance = Allowance(Limits(steps=None, tokens=4_000), INFO)
    small, whole = (
        Metered(PlaybackModel(), allowance, 2_000, share=0.2),
        Metered(PlaybackModel(says("x")), allowance, 2_000),
    )
    with pytest.raises(LimitReached):
        await ask(small)
    assert "--max-tokens" in small.stopped
    assert not whole.stopped
    await ask(whole)
