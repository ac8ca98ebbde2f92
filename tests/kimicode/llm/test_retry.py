"""Waiting: growing, jittered, capped, and as the server wishes within reason."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.llm.retry import LONGEST_RETRY_AFTER, Cause, RetryPolicy, Transient, parse_retry_after

BUSY = Transient("busy", Cause.OVERLOADED)
NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("3", 3.0),
        ("0.25", 0.25),
        ("-5", 0.0),
        ("99999999", 120.0),
        ("inf", 120.0),
        ("nan", None),
        ("soon", None),
        ("Sun, 22 Nov 2026 12:00:07 GMT", 7.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("Mon, 22 Nov 2060 12:00:00 GMT", 120.0),
        ("Sun, 22 Nov 2026 12:00:07", 7.0),
    ],
)
def test_a_retry_after_header_is_read_and_clamped(header, seconds):
    assert parse_retry_after(header, NOW) == seconds


@given(st.text())
def test_no_header_breaks_the_reading(header):
    seconds = parse_retry_after(header)
    assert seconds is None or 0 <= seconds <= LONGEST_RETRY_AFTER


def test_waits_double_up_to_the_cap_with_jitter():
    policy = RetryPolicy(base=1.0, cap=60.0)
    for attempt, longest in [(1, 1), (2, 2), (4, 8), (9, 60), (200, 60)]:
        waits = {policy.wait(attempt, BUSY) for _ in range(50)}
        assert longest / 2 <= min(waits) <= max(waits) <= longest
        assert len(waits) > 1


def test_the_servers_wish_comes_first_unless_it_is_nothing():
    policy = RetryPolicy(base=1.0)
    assert policy.wait(1, Transient("busy", Cause.OVERLOADED, retry_after=17.0)) == 17.0
    assert policy.wait(1, Transient("busy", Cause.OVERLOADED, retry_after=0.0)) >= 0.5


def test_a_server_that_does_not_run_is_not_waited_for():
    assert RetryPolicy().attempts_for(BUSY) == 10
    assert RetryPolicy().attempts_for(Transient("refused", Cause.NOT_RUNNING)) == 3
    assert RetryPolicy(attempts=1).attempts_for(Transient("refused", Cause.NOT_RUNNING)) == 1
