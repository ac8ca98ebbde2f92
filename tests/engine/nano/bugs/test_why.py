"""What is said about an edit: short, about the right thing, for every kind and in both directions."""

import random

import pytest

from nano_training.bugs import mutate, why
from nano_training.project import Edit
from tests.engine.nano.bugs.test_mutate import SHOP


def said(kind, old, new, line=1):
    return {why.sentence(Edit(kind, line, old, new), random.Random(seed)) for seed in range(12)}


@pytest.mark.parametrize(
    ("kind", "old", "new", "sentence"),
    [
        ("comparison", "if a <= b:", "if a < b:", "`<` leaves out the case where both are equal."),
        ("comparison", "if a < b:", "if a > b:", "`>` compares the wrong way: it should be `<`."),
        ("comparison", "if a not in b:", "if a in b:", "A `not` is missing: `in` asks the opposite."),
        ("wrong return", "return left", "return right", "It returns `right` where `left` is meant."),
        ("initial value", "total = 0", "total = 1", "It starts at `1` instead of `0`."),
        ("initial value", "best = 0", "best = -1", "It starts at `-1` instead of `0`."),
        ("bound", "for i in range(n):", "for i in range(1, n):", "It skips the first item."),
        (
            "bound",
            "for i in range(1, n + 1):",
            "for i in range(1, n):",
            "It stops one item early: it should be `n + 1`.",
        ),
        ("missing return", "    return a + b", "    a + b", "The result is computed but not returned."),
        ("missing return", "    return a + b", "    return", "It returns nothing where `a + b` is meant."),
        (
            "indentation",
            "    return t",
            "        return t",
            "It returns too early: the `return` belongs after the loop.",
        ),
        ("missing call", "rows = list(grid)", "rows = grid", "A copy is missing: the original gets changed."),
        ("default", "def f(a=None):", "def f(a=[]):", "The default `[]` is shared by all calls."),
        ("missing import", "import re\nimport os", "import os", "`import re` is missing."),
        ("off by one", "return len(a) - 1", "return len(a)", "It should be `len(a) - 1`, one less."),
    ],
)
def test_a_sentence_is_about_the_code(kind, old, new, sentence):
    assert sentence in said(kind, old, new)


def test_every_edit_of_a_module_and_its_undoing_have_a_short_sentence():
    for edit in mutate.edits(SHOP, random.Random(0)):
        for each in (edit, edit.undone):
            text = why.sentence(each, random.Random(1))
            assert text.endswith(".")
            assert "\n" not in text
            assert len(text.split()) <= 22


def test_code_that_is_long_is_not_quoted():
    long = "first_of_many_names + second_of_many_names + third_of_many_names"
    assert said("operator", f"x = {long}", "x = 1 * 2") == {"The operator is wrong."}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("if a <= b:", "if a < b:", "`<` should be `<=`."),
        ("return left", "return right", "`right` should be `left`."),
        ("if not a:", "if a:", "`not` is missing."),
        ("if a:", "if not a:", "`not` is too much."),
        ("total = 0\ntotal += 1", "total = 0", "The line `total += 1` is missing."),
        ("total = 0", "total = 0\nreturn total", "The line `return total` is too much."),
        ("a = 1\nb = 2", "b = 2\na = 1", None),
        (f"x = {'long_name + ' * 9}y", "x = 0", None),
    ],
)
def test_a_change_is_said_always_in_the_same_words(old, new, said):
    edit = Edit("swapped lines", 1, old, new)
    assert why.change(edit) == (said or why.sentence(edit, random.Random(0)))


def test_every_edit_of_a_module_has_a_change_in_one_line():
    for edit in mutate.edits(SHOP, random.Random(0)):
        for each in (edit, edit.undone):
            assert "\n" not in why.change(each)
            assert "``" not in why.change(each)
