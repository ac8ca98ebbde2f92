"""What the terminal answers is found in what is typed, however it is cut, and no key is lost to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from kimicode.tui.driver import ESCAPE_PATIENCE, InputReader
from kimicode.tui.replies import PATIENCE, BackgroundTold, PastesMarked, is_light

DARK, LIGHT = b"\x1b]11;rgb:1414/1717/1d1d\x1b\\", b"\x1b]11;rgb:fb/fb/fa\x07"
MARKED = b"\x1b[?2004;1$y"


def told(messages):
    """Keys by their characters, a background as its name, marks as "marks"."""
    names = []
    for message in messages:
        match message:
            case events.Key():
                names.append(message.character or message.key)
            case events.Paste():
                names.append(message.text)
            case BackgroundTold():
                names.append("light" if message.light else "dark")
            case PastesMarked():
                names.append("marks")
    return names


@pytest.mark.parametrize(
    ("colour", "light"),
    [
        ("rgb:ffff/ffff/ffff", True),
        ("rgb:00/00/00", False),
        ("rgba:f/f/f/8", True),
        ("rgb:0000/0000/ffff", False),
        ("nonsense", None),
    ],
)
def test_a_colour_is_light_or_dark_as_the_eye_finds_it(colour, light):
    assert is_light(colour) is light


def test_answers_between_keys_are_heard_and_the_keys_stay():
    assert told(InputReader().feed(b"a" + DARK + b"b" + MARKED + LIGHT + b"c")) == [
        *("a", "dark", "b", "marks", "light", "c")
    ]
    assert told(InputReader().feed(b"\x1b[?2004;0$y\x1b]11;?\x07x")) == ["x"]


@given(st.lists(st.sampled_from([DARK, LIGHT, MARKED, b"x", "日".encode(), b"\x1b[A"]), max_size=6), st.data())
def test_an_answer_in_pieces_is_one(parts, data):
    whole = told(InputReader().feed(b"".join(parts)))
    reader, said, wire = InputReader(), [], b"".join(parts)
    while wire:
        size = data.draw(st.integers(1, len(wire)))
        said += told(reader.feed(wire[:size], now=1.0))
        wire = wire[size:]
    assert said == whole


@given(st.integers(6, len(DARK) - 2), st.text("bxyz12", min_size=1, max_size=5))
def test_keys_typed_between_two_halves_of_an_answer_are_keys(cut, typed):
    reader = InputReader()
    said = told(reader.feed(DARK[:cut], now=1.0))
    for place, key in enumerate(typed):
        said += told(reader.feed(key.encode(), now=1.1 + place / 10))
    said += told(reader.feed(DARK[cut:], now=2.0))
    assert said == [*typed, "dark"]


def test_an_answer_that_breaks_off_is_forgotten_and_keys_work_again():
    reader = InputReader()
    assert told(reader.feed(DARK[:12], now=1.0)) == []
    assert reader.patience == PATIENCE
    assert told(reader.tick(now=1.0 + PATIENCE)) == []
    assert reader.patience is None
    assert told(reader.feed(b"x", now=3.0)) == ["x"]


def test_a_key_that_begins_like_an_answer_is_a_key_after_a_moment():
    reader = InputReader()
    assert told(reader.feed(b"\x1b]", now=1.0)) == []
    assert reader.patience == ESCAPE_PATIENCE
    assert len(told(reader.tick(now=1.0 + ESCAPE_PATIENCE))) == 1


def test_a_pasted_answer_is_text():
    assert told(InputReader().feed(b"\x1b[200~" + DARK + b"\x1b[201~")) == [DARK.decode()]
