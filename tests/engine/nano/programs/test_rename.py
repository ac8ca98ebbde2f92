"""Names changed all through: code, examples, docstrings and formatted strings; and habits of writing."""

import random

import pytest

from nano_training.programs import hints, naming, rename, style
from nano_training.programs.families import Example
from nano_training.programs.rename import Renaming

CODE = '''\
import math

LIMIT = 3


def area(width, height=2):
    """Return width times height."""
    size = [width * height for _ in "é"]
    text = f"{width:>5} of {size[0]!r} {'width'}"
    return math.floor(sum(size)), text, dict(width=1)


class Box:
    def __init__(self, width):
        self.width = width
        self.items = []

    def wider(self, by=1):
        try:
            self.width += by
        except TypeError as error:
            raise ValueError(f"{self.width} and {by}") from error
        return area(width=self.width, height=by)
'''
RENAMED = '''\
import math

MOST = 3


def surface(w, height=2):
    """Return w times height."""
    sizes = [w * height for _ in "é"]
    text = f"{w:>5} of {sizes[0]!r} {'width'}"
    return math.floor(sum(sizes)), text, dict(width=1)


class Crate:
    def __init__(self, w):
        self.w = w
        self.items = []

    def grow(self, by=1):
        try:
            self.w += by
        except TypeError as problem:
            raise ValueError(f"{self.w} and {by}") from problem
        return surface(w=self.w, height=by)
'''
RENAMING = Renaming(
    top={"LIMIT": "MOST", "area": "surface", "Box": "Crate"},
    inner={"width": "w", "size": "sizes", "error": "problem"},
    attributes={"width": "w", "wider": "grow"},
)


def test_a_code_is_renamed_all_through():
    assert RENAMING.code(CODE) == RENAMED


def test_an_example_follows_but_for_its_own_variables():
    text = "width = Box(width=2); [width.wider(by=b) for b in (1, 2)]; area(3, height=width.width)"
    expected = "width = Crate(w=2); [width.grow(by=b) for b in (1, 2)]; surface(3, height=width.w)"
    assert RENAMING.example(text) == expected


def test_what_can_be_renamed_is_found():
    found = rename.names(CODE)
    assert found.top == ("LIMIT", "area", "Box")
    assert set(found.inner) >= {"width", "height", "size", "text", "by", "error"}
    assert "self" not in found.inner
    assert set(found.attributes) == {"wider", "width"}, "`items` is a method of dict"


def test_new_names_are_free_and_taken_ones_are_given_up():
    found = rename.names(CODE)
    for seed in range(200):
        new = naming.renaming(found, {"area", "surface"}, random.Random(seed))
        inner = list(new.inner.values())
        assert len(set(inner)) == len(inner)
        assert new.top["area"] not in {"area", "surface"}
        assert new.top["LIMIT"].isupper()
        assert new.top["Box"][0].isupper()
        compile(new.code(CODE), "box", "exec")


def test_strings_change_their_quotes_where_nothing_speaks_against_it():
    code = '"""Doc."""\nx = ["a", \'b\', "it\'s", f"{x[\'k\']}", f"{x}", "\\n"]\n'
    assert style.quoted(code, "'") == '"""Doc."""\nx = [\'a\', \'b\', "it\'s", f"{x[\'k\']}", f\'{x}\', "\\n"]\n'


@pytest.mark.parametrize("seed", range(20))
def test_habits_leave_a_code_that_compiles(seed):
    examples = (Example("one", "Box(num_(1, 3)).wider(2)"), Example("two", "area(1, height=num_(2, 3))"))
    compile(style.varied(CODE, examples, random.Random(seed)), "box", "exec")


def test_defaults_change_where_no_text_names_them():
    assert "height=2" not in style.defaults(CODE, random.Random(0))
    named = CODE.replace("times height.", "times height, 2 by default.")
    assert style.defaults(named, random.Random(0)) == named


def test_hints_are_what_the_examples_agree_on():
    code = (
        "def pick(values, at=None, *, key=None):\n    return values[at or 0]\n\n\n"
        "def name(who, more):\n    return who\n"
    )
    texts = ("pick([1, 2])", "pick([], 1)", "pick([3], 0)", "name('ann', 1)", "name('bob', 'x')")
    hinted = hints.hinted(code, [Example("e", text) for text in texts], random.Random(0))
    assert "def pick(values: list[int], at: int | None = None, *, key=None) -> int:" in hinted
    assert "def name(who: str, more) -> str:" in hinted


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ([1, 2], "list[int]"),
        ([], "list"),
        ([1, "a"], None),
        (("a", 1), "tuple[str, int]"),
        ({"a": [1]}, "dict[str, list[int]]"),
        ([[1], []], "list[list[int]]"),
        (None, "None"),
        ([1, None], "list[int | None]"),
        ([1, 2.5], "list[float]"),
    ],
)
def test_types_are_written_as_one_notes_them(value, kind):
    assert hints.written(value) == kind
