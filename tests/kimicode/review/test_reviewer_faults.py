"""A review that cannot go on: its server dies, a limit is reached, somebody interrupts it. What was verified stays."""

import asyncio

import pytest

from kimicode.agent.budget import Limits
from kimicode.config.schema import ModelSettings, Settings
from kimicode.errors import ModelError, ModelUnreachable, Unauthorized
from kimicode.llm.scripted import Reply
from kimicode.messages import Usage
from kimicode.review.progress import FaultJudged, ReviewerEnded
from kimicode.review.reviewer import Wish, review
from tests.fakes.model_server import reset, stall, status
from tests.fakes.panel import Asked, Panel, by_kind, reports, verdict
from tests.fakes.reviewed import changed, pages

FIRST = {"path": "pages.py", "line": 2, "claim": "`page` returns the page after", "severity": "critical"}
SECOND = {"path": "pages.py", "line": 3, "claim": "a size of zero is no longer refused", "severity": "high"}
REAL = verdict(("pages.py", 2, "    first = number * size"), verdict="real", why="so it is", confidence=0.9)
HANG_S = 30


async def reviewed(panel, source, emit=lambda event: None, *, settings=None, **fields):
    async with panel.server() as server:
        own = {"base_url": server.base_url, "model": "panel", "max_retries": 0, **(settings or {})}
        wish = Wish(Settings(**own), **{"limits": Limits(steps=None), **fields})
        return await asyncio.wait_for(review(wish, source, emit=emit), HANG_S)


def large(root, files=20, lines=250):
    """A change of so many lines, in functions of ten lines."""
    body = "".join(f"    step{number} = value + {number}\n" for number in range(8))
    text = "".join(f"def work{number}(value):\n{body}    return value\n" for number in range(lines // 10))
    return changed(root, {"start.py": "x = 1\n"}, {f"module{number}/code.py": text for number in range(files)})


# --- the server -----------------------------------------------------------------------------------------------


async def test_a_server_that_refuses_everybody_fails_the_review_with_its_reason(tmp_path):
    panel = Panel(lambda asked: status(401, "bad key"))
    with pytest.raises(Unauthorized, match="bad key"):
        await reviewed(panel, pages(tmp_path))
    assert len(panel.asked) <= 4  # those that were under way; nobody asks after them


async def test_a_server_that_refuses_the_first_is_not_asked_by_the_others(tmp_path):
    panel = Panel(lambda asked: status(401, "bad key"))
    with pytest.raises(Unauthorized, match="bad key"):
        await reviewed(panel, pages(tmp_path), at_once=1)
    assert len(panel.asked) == 1


async def test_a_request_that_is_refused_costs_its_part_only(tmp_path):
    panel = Panel(by_kind(security=status(400, "no such thing"), correctness=reports(FIRST)), lambda asked: REAL)
    result = await reviewed(panel, pages(tmp_path))
    assert len(result.findings) == 1
    assert result.state == "partial"
    assert any("1 of 3 finders failed" in note and "no such thing" in note for note in result.notes)
    assert any("not looked for everywhere: security" in note for note in result.notes)


async def test_where_all_are_refused_the_error_is_raised(tmp_path):
    with pytest.raises(ModelError, match="no such thing"):
        await reviewed(Panel(lambda asked: status(400, "no such thing")), pages(tmp_path))


async def test_a_server_that_dies_before_anything_was_verified_leaves_nothing_told(tmp_path):
    panel = Panel(by_kind(correctness=reports(FIRST, SECOND)), lambda asked: reset())
    result = await reviewed(panel, pages(tmp_path), at_once=1)
    assert (result.state, result.findings, result.dropped) == ("partial", (), {"unverified": 2})
    assert any("could not be verified" in note or "ended early" in note for note in result.notes)
    assert len(panel.of("verifier")) == 1


async def test_a_server_that_dies_while_verifying_leaves_what_was_verified(tmp_path):
    def judges(asked: Asked):
        return REAL if "the page after" in asked.told else reset()

    panel = Panel(by_kind(correctness=reports(SECOND, FIRST)), judges)
    result = await reviewed(panel, pages(tmp_path), at_once=1)
    assert [finding.claim for finding in result.findings] == ["`page` returns the page after"]
    assert (result.state, result.dropped) == ("partial", {"unverified": 1})


async def test_a_server_that_dies_while_finding_is_not_waited_for_by_the_rest(tmp_path):
    panel = Panel(lambda asked: Reply("none") if asked.kind == "correctness" else reset())
    result = await reviewed(panel, pages(tmp_path), at_once=1)
    assert (result.state, len(panel.asked)) == ("partial", 2)


async def test_a_finder_that_goes_round_in_circles_is_stopped_and_its_reports_count(tmp_path):
    def finds(asked: Asked) -> Reply:
        look = ("view", {"path": "pages.py"})
        return (
            Reply(calls=[("report", {**FIRST, "scenario": "1 is 2"}), look])
            if not asked.results
            else Reply(calls=[look])
        )

    panel = Panel(finds, lambda asked: REAL)
    result = await reviewed(panel, pages(tmp_path), finders=("correctness",))
    assert len(result.findings) == 1
    assert len(panel.of("correctness")) < 15
    assert result.state == "partial"
    assert any("1 of 1 finders gave up: the same view call" in note for note in result.notes)


# --- limits ---------------------------------------------------------------------------------------------------


def spender(usage):
    """A model that looks at another line for ever."""
    count = iter(range(1_000_000))

    def finds(asked: Asked) -> Reply:
        return Reply(
            calls=[("view", {"path": "module0/code.py", "view_range": [next(count) % 200 + 1, 240]})], usage=usage
        )

    return finds


async def test_five_thousand_lines_end_within_their_tokens(tmp_path):
    panel = Panel(spender(Usage(9_000, 0, 900)))
    result = await reviewed(panel, large(tmp_path), limits=Limits(steps=None, tokens=400_000))
    assert 200_000 < result.usage.total_tokens <= 400_000
    assert (result.state, result.findings) == ("failed", ())
    assert any("--max-tokens" in note for note in result.notes)
    assert len(result.unread) >= 20


async def test_five_thousand_lines_end_within_their_price(tmp_path):
    prices = {"panel": ModelSettings(input_price=1.0, output_price=4.0, window=60_000)}
    panel = Panel(spender(Usage(9_000, 0, 900)))
    limits = Limits(steps=None, price=0.30)
    result = await reviewed(panel, large(tmp_path), limits=limits, settings={"models": prices})
    assert 0.1 < result.usage.price <= 0.30
    assert any("--max-price" in note for note in result.notes)


async def test_five_thousand_lines_end_within_their_requests(tmp_path):
    panel = Panel(spender(Usage(9_000, 0, 900)))
    result = await reviewed(panel, large(tmp_path), limits=Limits(steps=40))
    assert len(panel.asked) <= 40
    assert result.state in ("failed", "partial")


async def test_the_time_limit_ends_a_silent_server(tmp_path):
    panel = Panel(lambda asked: stall())
    result = await reviewed(panel, pages(tmp_path), limits=Limits(steps=None, seconds=1.0))
    assert result.state == "failed"
    assert any("--time-limit" in note for note in result.notes)
    assert [one.path for one in result.unread] == ["pages.py"]


async def test_what_finders_spend_leaves_enough_to_verify_what_they_found(tmp_path):
    def finds(asked: Asked) -> Reply:
        if not asked.results:
            return reports(FIRST, usage=Usage(9_000, 0, 900))
        view = ("view", {"path": "pages.py", "view_range": [1, len(asked.results) + 1]})
        return Reply(calls=[view], usage=Usage(9_000, 0, 900))

    panel = Panel(finds, lambda asked: REAL)
    result = await reviewed(panel, pages(tmp_path), limits=Limits(steps=None, tokens=100_000))
    assert len(result.findings) == 1
    assert result.state != "complete"
    assert result.usage.total_tokens <= 100_000


# --- an interrupt ---------------------------------------------------------------------------------------------


async def test_an_interrupt_ends_every_agent_and_keeps_what_was_verified(tmp_path):
    judged, events = asyncio.Event(), []

    def note(event) -> None:
        events.append(event)
        if isinstance(event, FaultJudged):
            judged.set()

    def judges(asked: Asked):
        return REAL if "the page after" in asked.told else stall()

    panel = Panel(by_kind(correctness=reports(FIRST, SECOND)), judges)
    async with panel.server() as server:
        wish = Wish(Settings(base_url=server.base_url, model="panel"), limits=Limits(steps=None))
        running = asyncio.create_task(review(wish, pages(tmp_path), emit=note))
        async with asyncio.timeout(HANG_S):
            await judged.wait()
            running.cancel()
            result = await running
    assert [finding.claim for finding in result.findings] == ["`page` returns the page after"]
    assert (result.state, result.dropped) == ("partial", {"unverified": 1})
    assert result.notes[0].startswith("interrupted")
    ended = {event.id: event.end for event in events if isinstance(event, ReviewerEnded)}
    assert ended["verifier-2"] == "interrupted"


async def test_an_interrupt_while_finding_tells_that_nothing_was_reviewed(tmp_path):
    asked_once = asyncio.Event()

    def finds(asked: Asked):
        asked_once.set()
        return stall()

    panel = Panel(finds)
    async with panel.server() as server:
        wish = Wish(Settings(base_url=server.base_url, model="panel"), limits=Limits(steps=None))
        running = asyncio.create_task(review(wish, pages(tmp_path)))
        async with asyncio.timeout(HANG_S):
            await asked_once.wait()
            running.cancel()
            result = await running
    assert (result.state, result.findings) == ("failed", ())
    assert result.unread[0].why.startswith("interrupted")


async def test_nobody_at_the_address_is_said_at_once(tmp_path):
    wish = Wish(Settings(base_url="http://127.0.0.1:9/v1", model="panel", max_retries=0))
    with pytest.raises(ModelUnreachable):
        await review(wish, pages(tmp_path))
