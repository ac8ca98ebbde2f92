"""Edits of a source: every kind has its place, each compiles and differs, and most can be taken back by one other."""

import ast
import random

import pytest

from nano_training.bugs import mutate
from nano_training.bugs.view import View

SHOP = '''"""A shop's prices: never < 0."""

import math
from collections import Counter


def total(prices, count=1, *, tax=0.0):
    """Return the sum of prices, at least 0."""
    result = 0
    for index, price in enumerate(prices):
        if price < 0 or price is None:
            raise ValueError("price")
        elif index >= count:
            break
        result += price
    return math.floor(result * (1 + tax) / 2)


def middle(values, taken=None):
    taken = [] if taken is None else taken
    ordered = sorted(values)
    low, high = 0, len(ordered) - 1
    while low < high and not taken:
        low += 1
        high -= 1
    for position in range(1, len(ordered) + 1):
        taken.append(ordered[-1])
    print(f"{low} of {high}")
    return ordered[low:high + 1].copy()


class Till:
    def __init__(self, start, name):
        self.money = start
        self.name = name

    def pay(self, amount):
        if amount > self.money:
            return False
        self.money -= amount
        return Counter(self.name.strip(" ").split(",", 1))
'''

KINDS = {
    "and/or",
    "assignment",
    "bound",
    "break/continue",
    "comparison",
    "constant",
    "default",
    "division",
    "doubled line",
    "elif",
    "exception",
    "function",
    "increment",
    "indentation",
    "index",
    "initial value",
    "loop",
    "method",
    "missing argument",
    "missing call",
    "missing check",
    "missing condition",
    "missing import",
    "missing line",
    "missing return",
    "missing self",
    "negation",
    "off by one",
    "operator",
    "order",
    "swapped arguments",
    "swapped branches",
    "swapped lines",
    "swapped operands",
    "wrong return",
    "wrong variable",
}


def edits(source, seed=0):
    return list(mutate.edits(source, random.Random(seed)))


def test_a_module_has_room_for_nearly_every_kind():
    assert {edit.kind for edit in edits(SHOP)} >= KINDS - {"wrong return"}


def test_each_edit_compiles_differs_and_covers_whole_lines():
    before = ast.dump(ast.parse(SHOP))
    for edit in edits(SHOP):
        after = edit.apply(SHOP)
        assert ast.dump(ast.parse(after)) != before
        assert edit.old.strip()
        assert edit.new.strip()
        assert edit.undone.apply(after) == SHOP


def test_docstrings_and_annotations_stay():
    source = 'def f(x: int = 3) -> int:\n    """At least 0, not -1."""\n    return x\n'
    for edit in edits(source):
        assert '"""At least 0, not -1."""' in edit.apply(source)
        assert "x: int" in edit.apply(source)


def test_no_edit_twice_and_the_order_follows_the_seed():
    first = edits(SHOP)
    assert len({edit.apply(SHOP) for edit in first}) == len(first)
    assert edits(SHOP) == first
    assert edits(SHOP, seed=1) != first


def test_most_edits_can_be_taken_back_by_one_edit():
    rng = random.Random(3)
    tried = rng.sample(edits(SHOP), 30)
    back = 0
    for edit in tried:
        broken = edit.apply(SHOP)
        back += any(other.apply(broken) == SHOP for other in mutate.edits(broken, rng))
    assert back >= 23


@pytest.mark.parametrize(
    ("source", "kind", "wanted"),
    [
        ("def f(a, b):\n    return a < b\n", "comparison", "    return a <= b"),
        ("def f(n):\n    return list(range(1, n + 1))\n", "bound", "    return list(range(1, n))"),
        ("def f(x):\n    return x[1:]\n", "bound", "    return x[:1]"),
        ("def f(a, b):\n    return a / b\n", "division", "    return a // b"),
        ("def f(x):\n    if not x:\n        return 1\n    return 2\n", "negation", "    if x:"),
        (
            "def f(x, all=None):\n    if all is None:\n        all = []\n    return all\n",
            "default",
            "def f(x, all=[]):",
        ),
        ("def f(x):\n    t = 0\n    for a in x:\n        t += a\n    return t\n", "indentation", "        return t"),
        ("def f(x):\n    t = 0\n    for a in x:\n        t += a\n    return t\n", "initial value", "    t = 1"),
        ("def f(a, b):\n    return divmod(a, b)\n", "swapped arguments", "    return divmod(b, a)"),
        ("def f(a, b):\n    return a, b\n", "order", "    return b, a"),
        ("def f(x):\n    return x.copy()\n", "missing call", "    return x"),
        ("def f(x):\n    return [a for a in x if a]\n", "missing condition", "    return [a for a in x]"),
        ("def f(x):\n    return sorted(x)\n", "missing argument", "    return sorted(x, reverse=True)"),
        ("def f(x):\n    return x + 1\n", "missing return", "    x + 1"),
    ],
)
def test_an_edit_that_a_course_would_show_is_among_them(source, kind, wanted):
    assert any(edit.kind == kind and edit.new == wanted for edit in edits(source))


def test_a_deleted_line_takes_a_neighbour_along_that_is_not_blank():
    source = "import math\n\n\ndef f(x):\n    return math.floor(x)\n"
    edit = next(edit for edit in edits(source) if edit.kind == "missing import")
    assert (edit.old, edit.new) == ("import math\n\n\ndef f(x):", "def f(x):")


def test_a_missing_import_comes_back_at_its_place():
    source = "from collections import Counter\n\n\ndef f(x):\n    return Counter(math.floor(a) for a in x)\n"
    news = [edit.new for edit in edits(source) if edit.kind == "missing import"]
    assert "import math\nfrom collections import Counter" in news


def test_a_line_that_ends_a_loop_is_not_left_out():
    source = "def f(n):\n    count = 0\n    while n:\n        n //= 2\n        count += 1\n    return count\n"
    assert not any(edit.kind == "missing line" and "n //= 2" not in edit.apply(source) for edit in edits(source))


def test_columns_are_right_behind_letters_that_are_not_ascii():
    source = 'def f(a, b):\n    return ("ä", a < b)\n'
    assert any(edit.new == '    return ("ä", a <= b)' for edit in edits(source))


def test_what_makes_python_warn_is_left_out():
    source = "def f(x):\n    return x is None\n"
    assert not any("is 0" in edit.new for edit in edits(source))


def test_balanced_draws_rare_kinds_as_soon_as_those_with_many_places():
    source = "def f(a, b, c, d, e):\n    return [a, b, c, d, e, a, b, c, d, e, a < b]\n"
    view = View(source)
    first = [next(mutate.balanced(mutate.changes(view), random.Random(seed))).kind for seed in range(60)]
    assert first.count("comparison") >= 12


def test_a_source_that_is_no_python_is_refused():
    with pytest.raises(SyntaxError):
        edits("def f(:\n")
