"""Files as lines, the function around a line, and what a model copied."""

import pytest

from kimicode.review.texts import Texts, quoted

CODE = b"""\
LIMIT = 3

class Store:
    size = 0

    def open(self):
        def inner():
            return LIMIT
        return inner

def close():
    pass
"""


@pytest.mark.parametrize(
    ("line", "symbol"), [(1, ""), (2, ""), (4, "Store"), (6, "Store.open"), (8, "open.inner"), (12, "close"), (99, "")]
)
def test_a_line_lies_in_the_innermost_function_or_type(line, symbol):
    assert Texts(lambda path, side: CODE).symbol("store.py", "new", line) == symbol


def test_a_file_without_a_grammar_or_without_text_has_no_symbols():
    assert Texts(lambda path, side: CODE).symbol("store.unknown", "new", 6) == ""
    assert Texts(lambda path, side: None).symbol("store.py", "new", 6) == ""


def test_each_side_is_read_once():
    read = []
    texts = Texts(lambda path, side: read.append((path, side)) or b"one\r\ntwo\n")
    assert texts.lines("a", "new") == texts.lines("a", "new") == ("one", "two")
    assert texts.lines("a", "old") == ("one", "two")
    assert read == [("a", "new"), ("a", "old")]


def test_what_is_no_text_has_no_lines():
    assert Texts(lambda path, side: b"\0\1\2").lines("a", "new") is None


@pytest.mark.parametrize(
    "copied", ["x = 1", "    x  = 1\n    y = 2", "+12|    x = 1", " 12|x = 1", "-3|x = 1", "12\tx = 1", "\nx = 1\n"]
)
def test_a_copied_line_is_told_from_what_it_was_shown_behind(copied):
    assert quoted(copied) == "x = 1"


def test_code_that_looks_like_a_number_stays():
    assert quoted("12 | x") == "12 | x"
    assert quoted("-1") == "-1"
