"""Pastes: what comes in is text that can be seen, and files dropped onto the terminal are found."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.tui.composing.pasting import clean, dropped, large


@given(st.text())
def test_nothing_that_acts_on_a_terminal_is_pasted(text):
    cleaned = clean(text)
    assert not [c for c in cleaned if unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n"]
    assert clean(cleaned) == cleaned
    assert len(cleaned.splitlines()) <= cleaned.count("\n") + 1
    cleaned.encode()


@given(
    st.lists(st.text(st.characters(whitelist_categories=["L", "N", "P"])), min_size=1),
    st.sampled_from(["\r\n", "\r", "\n"]),
)
def test_all_line_ends_become_line_feeds(lines, end):
    assert clean(end.join(lines)) == "\n".join(lines)


def test_tabs_emoji_and_colours():
    assert clean("\x1b[1;31mred\x1b[0m\tü 👩‍👩‍👧 你好\r\n") == "red\tü 👩‍👩‍👧 你好\n"
    assert clean("rm\u202e -rf\U000e0041\x00") == "rm -rf"


def test_what_is_large():
    assert not large("x" * 1000)
    assert large("x" * 1001)
    assert not large("\n" * 14)
    assert large("\n" * 15)


@pytest.mark.parametrize("name", ["plain.png", "with blank.png", "it's.png", "emoji 🦊.txt", 'quo"te.txt'])
def test_dropped_files_are_found_however_the_terminal_writes_them(tmp_path, name):
    import shlex

    path = tmp_path / name
    path.write_bytes(b"")
    escaped = "".join(c if c.isalnum() or c in "/._-" or c > "\x7f" else "\\" + c for c in str(path))
    for text in (shlex.quote(str(path)), escaped, path.as_uri(), f"{escaped} "):
        assert dropped(text) == [path]
    assert dropped(f"{escaped} {shlex.quote(str(path))}") == [path, path]


@pytest.mark.parametrize(
    "text",
    ["", "hello", "/no/such/file", "/etc is a folder", "'/etc", "~nobody/x", "file://", "/" + "x" * 9000, "/\x00"],
)
def test_other_text_is_not_taken_for_files(text):
    assert dropped(text) == []


@given(st.text(max_size=60))
def test_any_text_can_be_asked(text):
    assert isinstance(dropped(text), list)
    assert isinstance(dropped("/" + text), list)
