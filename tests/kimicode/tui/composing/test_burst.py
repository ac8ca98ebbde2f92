"""Bursts: keys that come too fast were pasted. All times are the test's own."""

from hypothesis import given
from hypothesis import strategies as st

from kimicode.tui.composing.burst import PACE, Burst


def press(burst, text, at, every):
    """Press the keys; returns those that were let through, and the time after the last one."""
    through = ""
    for character in text:
        through += "" if burst.takes(character, at) else character
        at += every
    return through, at


def test_typing_is_let_through():
    burst = Burst()
    assert press(burst, "a quick hand\n", 1.0, 0.03)[0] == "a quick hand\n"
    assert burst.held == []


def test_an_enter_within_a_paste_is_a_line_feed():
    burst = Burst()
    through, _ = press(burst, "one\ntwo\nthree", 1.0, 0.0001)
    assert through == "one" == burst.lead
    assert burst.release() == ("\ntwo\nthree", False)


def test_a_line_that_ends_in_enter_is_sent():
    burst = Burst()
    press(burst, "hello\n", 1.0, 0.0)
    assert burst.release() == ("lo", True)


def test_lines_that_end_in_enter_are_not():
    burst = Burst()
    press(burst, "hello\nyou\n", 1.0, 0.0)
    assert burst.release() == ("lo\nyou\n", False)


def test_typing_goes_on_after_a_paste():
    burst = Burst()
    _, at = press(burst, "pasted text", 1.0, 0.001)
    burst.release()
    assert press(burst, "and typed\n", at + 1, 0.05)[0] == "and typed\n"


@given(st.text(min_size=1), st.floats(0, PACE * 0.9))
def test_no_key_is_lost_and_none_comes_twice(text, every):
    burst = Burst()
    through, _ = press(burst, text, 5.0, every)
    held, submit = burst.release()
    assert through + held + ("\n" if submit else "") == text
