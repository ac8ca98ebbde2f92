import pytest

from wrapper import split_paragraphs, wrap


def test_short_text_stays():
    assert wrap("one two", width=20) == "one two"


def test_a_line_may_fill_the_width_exactly():
    assert wrap("aaaa bbbb cc", width=9) == "aaaa bbbb\ncc"


def test_no_line_is_longer_than_the_width():
    text = "the quick brown fox jumps over the lazy dog " * 3
    assert max(map(len, wrap(text, width=17).splitlines())) <= 17


def test_a_long_word_stands_alone():
    assert wrap("a incomprehensible b", width=6) == "a\nincomprehensible\nb"


def test_paragraphs_stay_apart():
    assert list(split_paragraphs("a\nb\n\n\nc")) == ["a b", "c"]
    assert wrap("a\nb\n\n\nc", width=10) == "a b\n\nc"


def test_indent():
    assert wrap("aa bb cc", width=7, indent="> ") == "> aa bb\n> cc"


def test_too_narrow():
    with pytest.raises(ValueError, match="no room"):
        wrap("text", width=2, indent="    ")
