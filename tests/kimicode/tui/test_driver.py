"""From the terminal's bytes to events: keys, pastes of any size and in any pieces, an end that never comes."""

import time

from hypothesis import given
from hypothesis import strategies as st
from textual import events

from kimicode.tui.driver import ESCAPE_PATIENCE, PASTE_PATIENCE, InputReader


def told(messages):
    """Keys by name, pastes as ("paste", text)."""
    return [
        ("paste", message.text) if isinstance(message, events.Paste) else message.key
        for message in messages
        if isinstance(message, (events.Key, events.Paste))
    ]


def test_keys_and_a_paste_come_in_their_order():
    assert told(InputReader().feed(b"a\x1b[200~two\nlines\x1b[201~b")) == ["a", ("paste", "two\nlines"), "b"]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x1b\x00"), max_size=60), st.data())
def test_a_paste_is_whole_however_it_is_cut(text, data):
    reader = InputReader()
    wire = b"\x1b[200~" + text.encode() + b"\x1b[201~"
    said = []
    while wire:
        size = data.draw(st.integers(1, len(wire)))
        said += told(reader.feed(wire[:size]))
        wire = wire[size:]
    assert said == [("paste", text)]
    assert reader.patience is None


def test_a_paste_may_hold_escape_sequences_which_are_text_then():
    assert told(InputReader().feed(b"\x1b[200~\x1b[31mred\x1b[0m\x1b[201~")) == [("paste", "\x1b[31mred\x1b[0m")]


def test_a_paste_without_its_end_is_taken_as_it_is_and_keys_work_again():
    reader = InputReader()
    assert told(reader.feed(b"\x1b[200~lost end", now=10.0)) == []
    assert told(reader.tick(now=10.0 + PASTE_PATIENCE / 2)) == []
    assert told(reader.tick(now=10.0 + PASTE_PATIENCE)) == [("paste", "lost end")]
    assert told(reader.feed(b"x", now=12.0)) == ["x"]


def test_a_paste_whose_end_is_cut_in_the_middle_of_the_marker_loses_nothing():
    reader = InputReader()
    list(reader.feed(b"\x1b[200~half\x1b[20", now=1.0))
    assert told(reader.tick(now=3.0)) == [("paste", "half\x1b[20")]


def test_a_megabyte_is_pasted_at_once():
    began = time.process_time()
    said = told(InputReader().feed(b"\x1b[200~" + b"x" * 1_000_000 + b"\x1b[201~"))
    assert len(said[0][1]) == 1_000_000
    assert time.process_time() - began < 1


def test_an_escape_key_is_told_from_a_sequence_by_waiting():
    reader = InputReader()
    assert told(reader.feed(b"\x1b", now=1.0)) == []
    assert reader.patience == ESCAPE_PATIENCE
    assert told(reader.tick(now=1.0 + ESCAPE_PATIENCE)) == ["escape"]
    assert reader.patience is None
    assert told(reader.feed(b"\x1b[A")) == ["up"]
    assert told([*reader.feed(b"\x1b", now=2.0), *reader.feed(b"[A", now=2.01)]) == ["up"]


def test_bytes_that_are_no_utf8_do_not_end_the_input():
    assert told(InputReader().feed(b"\xff\xfea"))[-1] == "a"


def test_alt_enter_is_told_from_enter_on_any_terminal():
    assert told(InputReader().feed(b"\x1b\r\r")) == ["alt+enter", "enter"]
