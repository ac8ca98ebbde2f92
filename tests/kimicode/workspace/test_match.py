"""One quote, one place: exact first, then tolerances that are named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.match import MOST, Match, find


def apply(text: str, old: str, new: str) -> tuple[str, str]:
    (place,) = find(text, old, new)
    return text[: place.start] + place.new + text[place.end :], place.note


def test_an_exact_match_needs_no_tolerance():
    assert find("a = 1\nb = 2\n", "b = 2", "b = 3") == [Match(6, 11, "b = 3")]


def test_overlapping_places_are_several():
    assert len(find("aaa", "aa", "b")) == 2
    assert len(find("x\n" * 500, "x", "y")) == MOST


def test_an_exact_match_is_never_widened_by_tolerance():
    assert len(find("x = 1\nx = 1  \n", "x = 1\n", "y\n")) == 1


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        ("if a:  \n    b\nc\n", "if a:\n    b\n", "if z:\n    b\n", "if z:\n    b\nc\n"),
        ("if a:  \n    b  \nc\n", "if a:\n    b\n", "if a:\n    z\n", "if a:  \n    z\nc\n"),
        ("call(one,  \n     two)\n", "one,\n     two", "three", "call(three)\n"),
        ("end", "end\n", "done\n", "done"),
        ("a \nlast", "a\nlast\n", "", ""),
        ("foobar\nfoo\n", "foo ", "x", "foobar\nx\n"),
    ],
)
def test_whitespace_at_line_ends_is_tolerated_and_kept_where_untouched(text, old, new, expected):
    edited, note = apply(text, old, new)
    assert edited == expected
    assert "line ends" in note


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        (
            "class A:\n    f\n        x\n",
            "f\n    x\n",
            "f\n    if y:\n        x\n",
            "class A:\n    f\n        if y:\n            x\n",
        ),
        ("\tif a:\n\t\tb\n", "    if a:\n        b\n", "    if a:\n        c\n", "\tif a:\n\t\tc\n"),
        ("\tif a:\n\t\tb\n", "if a:\n    b\n", "if a:\n    if c:\n        b\n", "\tif a:\n\t\tif c:\n\t\t\tb\n"),
        ("if a:\n    b\n", "\tif a:\n\t\tb\n", "\tif z:\n\t\tb\n", "if z:\n    b\n"),
        ("if a:\n  b\n", "    if a:\n      b", "  c\n    if a:\n\n      b", "c\nif a:\n\n  b\n"),
        ("  x = 1\n", "    x = 1\n", "", ""),
    ],
)
def test_a_common_difference_of_indentation_is_carried_over(text, old, new, expected):
    edited, note = apply(text, old, new)
    assert edited == expected
    assert "indentation" in note


def test_indentation_that_no_one_rule_explains_does_not_match():
    assert find("if a:\n  b\n     c\n", "if a:\n  b\n  c\n", "z") == []


@pytest.mark.parametrize("arrow", ["\t", "→"])
def test_line_numbers_copied_from_view_are_removed_from_both(arrow):
    old = f"9{arrow}def f():\n10{arrow}    return 1\n"
    new = f"9{arrow}def f():\n    x = 2\n10{arrow}    return x\n"
    edited, note = apply("def f():\n    return 1\n", old, new)
    assert edited == "def f():\n    x = 2\n    return x\n"
    assert "prefixes" in note


def test_long_runs_of_blanks_are_searched_in_linear_time():
    text = " " * 300_000 + "x\nfoo \n"
    assert find(text, "\nbar\n", "z") == []
    assert apply("a   \nfoo \n", "\nfoo\n", "\nbar\n")[0] == "a   \nbar\n"


def test_columns_of_numbers_are_data_not_prefixes():
    table = "1\ta\n2\tb\n"
    assert apply(table, "2\tb", "2\tc") == ("1\ta\n2\tc\n", "")
    assert find("a\nb\n", "7\ta\n3\tb\n", "x") == []


def test_several_tolerant_places_are_reported_not_chosen():
    found = find("    x = 1\n        x = 1\n", "\t\t\tx = 1\n", "y\n")
    assert len(found) == 2


@given(st.text("ab \t\n", max_size=30), st.text("ab \t\n", min_size=1, max_size=8), st.text("ab \n", max_size=8))
def test_every_match_lies_in_the_text_and_says_what_it_tolerated(text, old, new):
    if not old.strip():
        return
    for place in find(text, old, new):
        assert 0 <= place.start <= place.end <= len(text)
        quoted = "".join(text[place.start : place.end].split())
        assert quoted == "".join(old.split())
        assert "".join(place.new.split()) == "".join(new.split())
        assert place.note or text[place.start : place.end] == old
