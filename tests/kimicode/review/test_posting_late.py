"""A review that comes late, or is cut off anywhere: pushes in between, faults at every request."""

import asyncio
import contextlib

import pytest

from kimicode.review import marks
from kimicode.review.findings import Severity
from kimicode.review.forges.failures import ForgeError
from tests.fakes.forge.desk import TOPIC, Desk, changed, finding
from tests.fakes.forge.tokens import refusal


@pytest.fixture
def forge(tmp_path):
    with changed(tmp_path) as forge:
        yield forge
        assert forge.verdicts == []


@pytest.fixture
def desk(forge):
    return Desk(forge)


async def test_a_branch_that_moved_on_gets_what_still_stands_there(desk):
    review = desk.review(finding(5), finding(20), finding(21))
    moved = b"new first line\n" + TOPIC.replace(b"more(21)\n", b"other()\n")
    desk.forge.push("topic", {"a.py": moved})
    outcome = await desk.post(review)
    assert sorted(comment.line for comment in outcome.comments) == [6, 21]
    assert "a.py:21" in desk.summary()
    assert marks.reviewed_in(desk.summary()).head == review.head != desk.pull.head


async def test_somebody_pushes_while_the_pull_request_is_read(desk):
    review = desk.review(finding(5))
    gate = desk.forge.fail("/pulls/1/files", ending="slow")
    task = asyncio.create_task(desk.post(review))
    while not desk.forge.asked("GET", "/pulls/1/files"):
        await asyncio.sleep(0.01)
    pushed = desk.forge.push("topic", {"a.py": b"new first line\n" + TOPIC})
    gate.set()
    outcome = await task
    assert [comment.line for comment in outcome.comments] == [6]
    assert [thread.first.commit for thread in desk.threads] == [pushed]


async def test_a_review_that_a_later_one_overtook_changes_nothing(desk):
    late = desk.review(finding(5))
    desk.forge.push("topic", {"a.py": TOPIC + b"more\n"})
    await desk.post(desk.review(finding(20)))
    before = desk.state()
    assert "later" in (await desk.post(late)).nothing
    assert desk.state() == before


async def test_a_slow_review_does_not_set_back_what_was_reviewed_after_it(desk):
    late = desk.review(finding(5))
    desk.forge.push("topic", {"a.py": TOPIC + b"more\n"})
    await desk.post(desk.review(finding(20)))
    second = desk.pull.head
    desk.forge.push("topic", {"a.py": TOPIC + b"more\nand more\n"})
    before = desk.state()
    assert "later" in (await desk.post(late)).nothing
    assert desk.state() == before
    assert marks.reviewed_in(desk.summary()).head == second


async def test_a_review_of_the_second_push_counts_after_one_of_the_first_though_there_was_a_third(desk):
    await desk.post(desk.review(finding(5)))
    desk.forge.push("topic", {"a.py": TOPIC + b"more\n"})
    second = desk.review(finding(20))
    desk.forge.push("topic", {"a.py": TOPIC + b"more\nand more\n"})
    await desk.post(second)
    assert desk.places() == [5, 20]
    assert marks.reviewed_in(desk.summary()).head == second.head


async def test_after_a_force_push_what_was_reviewed_before_does_not_hold_back_what_came(desk):
    await desk.post(desk.review(finding(5)))
    desk.forge.force_push("topic", {"a.py": TOPIC + b"x\n"})
    review = desk.review(finding(20))
    desk.forge.push("topic", {"a.py": TOPIC + b"x\ny\n"})
    await desk.post(review)
    assert desk.places() == [5, 20]


REFUSED = {"answer": refusal(500, "Server Error")}
UNANSWERED = {"ending": "reset", "works": True}


async def second_round(forge, pushed, fault=None, nth=0):
    """Two reviews, the second with everything in it and cut off at its nth request; then the same again.

    Tells what is there in the end, and how many requests the second review took.
    """
    branch = f"topic-{len(forge.state.pulls)}"
    forge.bare.git("branch", branch, "topic")
    desk = Desk(forge, branch)
    await desk.post(desk.review(finding(5), finding(22, Severity.LOW)), most=1)
    first = desk.pull.head
    forge.bare.git("branch", "--force", branch, pushed)
    text = TOPIC.replace(b"call(5)\n", b"line 5\n")
    many = [finding(20, text=text), finding(21, text=text), finding(12, text=text)]
    review = desk.review(*many, since=first, fixed=(finding(5).fingerprint,))
    if fault:
        forge.fail(skip=nth, times=1, **fault)
        with contextlib.suppress(ForgeError):
            await desk.post(review)
    asked = len(forge.requests)
    await desk.post(review)
    return desk.state(), len(forge.requests) - asked


@pytest.mark.parametrize("third", [0, *(pytest.param(third, marks=pytest.mark.slow) for third in (1, 2))])
@pytest.mark.parametrize("fault", [REFUSED, UNANSWERED], ids=["refused", "done but not answered"])
async def test_whichever_request_fails_a_second_try_ends_where_one_would_have(forge, fault, third):
    pushed = forge.commit("pushed", {"a.py": TOPIC.replace(b"call(5)\n", b"line 5\n")}, start="topic")
    whole, requests = await second_round(forge, pushed)
    assert [line for line, *_ in whole[0]] == [5, 20, 21]
    assert "Fixed as of" in whole[0][0][1]
    assert "Call number 22" in whole[1][0]
    assert requests > 10
    for nth in range(third, requests, 3):
        state, _ = await second_round(forge, pushed, dict(fault), nth)
        assert state == whole, f"request {nth}"
