"""Bursts: keys that come too fast were pasted. All times are the test's own."""

from hypothesis import given
from hypothesis import strategies as st

from kimicode.tui.composing.burst import ENTER, PACE, SETTLED, SHADOW, Burst

TEXTS = st.text(st.sampled_from(["a", "b", " ", "日", "\t", "\n", ENTER]), min_size=4, max_size=40)


class Writer:
    """What an editor makes of keys: text, and what of it was sent."""

    def __init__(self) -> None:
        self.burst, self.text, self.at = Burst(), "", 1.0
        self.sent: list[str] = []

    def press(self, keys: str, every: float) -> None:
        for key in keys:
            if self.burst.is_over(self.at):
                self.settle()
            if not self.burst.takes(key, self.at):
                self.settle()
                self.text += key
            self.at += every

    def wait(self, seconds: float) -> None:
        if seconds > SETTLED:
            self.settle()
        self.at += seconds

    def settle(self) -> None:
        entered, text = self.burst.entered, self.burst.release()
        if entered:
            self.sent.append(self.text)
            self.text = ""
        else:
            self.text += text


def test_typing_is_let_through_and_every_enter_sends():
    writer = Writer()
    writer.press(f"a quick hand{ENTER}and on{ENTER}", 0.03)
    writer.wait(1)
    assert writer.sent == ["a quick hand", "and on"]


def test_an_enter_within_a_paste_or_behind_it_is_text():
    writer = Writer()
    writer.press(f"hi{ENTER}you{ENTER}", 0.0001)
    writer.wait(0.1)
    writer.press(ENTER, 0.1)
    writer.wait(1)
    assert (writer.text, writer.sent) == (f"hi{ENTER}you{ENTER}{ENTER}", [])
    writer.press(ENTER, 0.1)
    writer.wait(1)
    assert writer.sent == [f"hi{ENTER}you{ENTER}{ENTER}"]


def test_a_line_feed_key_is_no_enter():
    writer = Writer()
    writer.press("a\nb", 0.1)
    assert (writer.text, writer.sent) == ("a\nb", [])


@given(TEXTS, st.lists(st.tuples(TEXTS, st.floats(0, SHADOW * 0.9)), max_size=5), st.floats(0, PACE * 0.9))
def test_a_paste_is_never_sent_and_no_key_is_lost_however_it_stalls(first, others, every):
    writer = Writer()
    writer.press(first, every)
    for piece, stall in others:
        writer.at -= every
        writer.wait(stall)
        writer.press(piece, every)
    writer.wait(SHADOW)
    assert writer.sent == []
    assert writer.text == first + "".join(piece for piece, _ in others)


@given(st.text(st.sampled_from(["a", "日", ENTER]), max_size=30), st.floats(PACE * 1.1, 0.3))
def test_what_is_typed_is_sent_by_enter_whatever_the_pace(text, every):
    writer = Writer()
    writer.press(text, every)
    writer.wait(1)
    *lines, rest = text.split(ENTER)
    assert (writer.sent, writer.text) == (lines, rest)


@given(st.lists(st.tuples(st.sampled_from(["a", ENTER, "\n"]), st.floats(0, 1)), max_size=30))
def test_no_pace_loses_a_key_or_brings_one_twice(pressed):
    writer = Writer()
    for key, gap in pressed:
        writer.wait(gap)
        writer.press(key, 0)
    writer.wait(1)
    said = ENTER.join([*writer.sent, writer.text])
    assert said == "".join(key for key, _ in pressed)
