"""Foreign text: what could drive the terminal, hide or reorder is shown; everything else stays."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.tui.text.sanitise import has_right_to_left, one_line, overwritten, visible

HOSTILE = (
    "\x1b\x9b\x07\x08\r\t\n\x7f\u200b\u200d\u200e\u202e\u2066\ufe0f\ufe00\U000e0041\U000e0100\ud800\udc80\U0010eeee"
)
HARMLESS = "aß漢字é👩❤🏽1#*क्षمي\ufffd \u0301\ue0b0"
foreign = st.one_of(st.text(), st.text(st.sampled_from(HOSTILE + HARMLESS)), st.text(st.characters()))


@settings(deadline=None)
@given(foreign)
def test_nothing_that_a_terminal_obeys_is_left(text):
    shown = visible(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c != "\n"]
    assert not set(shown) & set("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u200b")
    assert not [c for c in shown if 0xE0000 <= ord(c) <= 0xE00FF]
    shown.encode("utf-8")


@settings(deadline=None)
@given(foreign)
def test_what_is_visible_stays_as_it_is(text):
    assert visible(visible(text)) == visible(text)


@settings(deadline=None)
@given(foreign)
def test_no_line_break_is_lost(text):
    assert visible(text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07", "␛]0;owned␇"),
        ("\x1b[2J\x9b1m", "␛[2J<U+009B>1m"),
        ("user\u202eexe.txt", "user<U+202E>exe.txt"),
        ("rm -rf /\recho hello", "rm -rf /␍echo hello"),
        ("one\r\ntwo", "one\ntwo"),
        ("pay\u200bpal", "pay<U+200B>pal"),
        ("a\U000e0041", "a<U+E0041>"),
        ("byte \udcff, half \ud83d", "byte <0xFF>, half <U+D83D>"),
        ("x\ufe01y", "x<U+FE01>y"),
        ("del\x7f", "del␡"),
    ],
)
def test_it_is_shown_instead_of_done(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text", ["👩‍👩‍👧‍👦 ❤️ 👍🏽 1️⃣", "می‌خواهم", "क्‍ष", "שלום عليكم", "e\u0301", "葛\U000e0100", "\ue0b0"]
)
def test_living_languages_and_emoji_stay(text):
    assert visible(text) == text


def test_tabs_reach_the_next_stop_behind_wide_letters_too():
    assert visible("a\tb") == "a       b"
    assert visible("漢\tb\n\tc") == "漢      b\n        c"


def test_a_progress_bar_ends_up_as_a_terminal_would_show_it():
    assert overwritten("10 %\r 100 %\ndone\r\n") == " 100 %\ndone\n"
    assert overwritten("loading...\rok\r") == "okading..."
    assert overwritten("\x1b[31mold\rnew") == "new"
    assert overwritten("x" * 1_000_000 + "\ry" * 100_000) == "y" + "x" * 999_999


def test_a_title_is_one_line_and_as_long_as_there_is_room():
    assert one_line("  fix\n\tthe \x1b[31m bug ") == "fix the ␛[31m bug"
    assert one_line("漢字漢字", 5) == "漢字…"
    assert one_line("short", 5) == "short"


def test_right_to_left_text_is_noticed():
    assert has_right_to_left("abc שלום")
    assert not has_right_to_left("abc 漢字")
