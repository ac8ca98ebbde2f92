"""How functions and classes of packages become programs with calls: what is taken out, taken along, and refused."""

import ast
import random
import time
from collections import Counter, deque
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import count

import pytest

from nano_training.bugs.mining import calls, closure, harm, harvest, objects, patience, shapes, tidy, usage, values
from nano_training.bugs.mining.library import Library, Module
from nano_training.programs.outcome import UnfitError, namespace, outcome

SHOP = '''
"""A shop."""
from __future__ import annotations

import os
from functools import lru_cache
from typing import Sequence

from . import errors
from .errors import PriceError
from .money import rounded, Purse
from .types import Article

RATE = 19


@lru_cache(maxsize=None)
def taxed(price: Article, rate: int = RATE) -> Article:
    """The price with tax."""
    if price < 0:
        raise PriceError(f"{price} is below zero")
    return rounded(price * (100 + rate))


def cheapest(prices: Sequence[int]) -> int:
    try:
        return min(prices)
    except (errors.EmptyError, ValueError):
        return 0


def spent(prices):
    purse = Purse(100)
    for price in prices:
        purse.pay(price)
    return purse.left


def saved(path):
    with open(path) as file:
        return file.name


def folder(path):
    return os.path.dirname(path)


class Basket:
    """What somebody wants to buy.

    >>> Basket("Ann").owner
    'Ann'
    """

    LIMIT = 3

    def __init__(self, owner):
        self.owner = owner
        self._prices = []

    def add(self, price):
        if len(self._prices) < self.LIMIT:
            self._prices.append(price)

    def total(self):
        """All together."""
        return sum(self._prices)

    @staticmethod
    def label(name, width=8):
        short = name[:width]
        short = short.ljust(width)
        return short + "|"

    def spoken(self, price, currency="EUR"):
        whole = price // 100
        cents = price % 100
        return f"{whole}.{cents:02} {currency}"
'''
MONEY = """
CENTS = 100


def rounded(amount):
    return (amount + CENTS // 2) // CENTS


class Purse:
    def __init__(self, left):
        self.left = left

    def pay(self, price):
        self.left -= price
"""


@pytest.fixture
def shop(tmp_path):
    """A package of two modules, of which one imports from the other."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "prices.py").write_text(SHOP, "utf-8")
    (tmp_path / "shop" / "money.py").write_text(MONEY, "utf-8")
    library = Library(tmp_path)
    module = library.module(tmp_path / "shop" / "prices.py")
    return {program.name: program for program in closure.programs(module, library)}


# --- programs -----------------------------------------------------------------------------------------------


def test_what_is_needed_of_other_modules_comes_along(shop):
    source = shop["taxed"].source
    assert (
        source.index("CENTS = 100") < source.index("def rounded(amount)") < source.index("def taxed(price, rate=RATE):")
    )
    assert source.startswith("CENTS = 100\n\n\ndef")
    assert "import" not in source
    assert "lru_cache" not in source
    names = namespace(source)
    assert outcome(names, "taxed(1000)").value == "1190"
    assert outcome(names, "taxed(-1)").error == "ValueError"
    assert outcome(namespace(shop["spent"].source), "spent([30, 5])").value == "65"


def test_what_touches_the_system_is_no_program(shop):
    assert {"taxed", "cheapest", "spent", "Basket"} <= set(shop)
    assert not {"saved", "folder"} & set(shop)


def test_own_exceptions_become_built_in_ones_once(shop):
    assert "except ValueError:" in shop["cheapest"].source
    assert "prices: Sequence[int]) -> int:" in shop["cheapest"].source


def test_a_small_class_is_taken_whole_and_methods_without_an_object_as_functions(shop):
    assert shop["Basket"].source.count("def ") == 5
    assert shop["label"].source.startswith("def label(name, width=8):\n    short")
    assert shop["spoken"].source.startswith("def spoken(price, currency=")


def test_of_a_large_class_a_method_is_taken_with_what_it_needs():
    methods = "\n".join(
        f"    def _unused_{n}(self):\n        self.seen = {n}\n        return self.seen\n" for n in range(20)
    )
    text = SHOP[SHOP.index("class Basket") :].replace("    def add", methods + "\n    def add")
    found = [each for each in closure.programs(Module(text), Library()) if isinstance(each.node, ast.ClassDef)]
    assert all(each.source.count("\n") <= closure.LINES for each in found)
    added = next(each.source for each in found if "def add" in each.source)
    assert "LIMIT = 3" in added
    assert "def __init__" in added
    assert "unused" not in added


def test_endless_iterators_are_refused():
    text = "from itertools import count\n\n\ndef first(test):\n    return next(n for n in count(1) if test(n))\n"
    assert not list(closure.programs(Module(text), Library()))


def test_two_things_of_one_name_are_no_program(tmp_path):
    (tmp_path / "one.py").write_text("from other import helper\nSTEP = 1\n\n\ndef f(a):\n    return helper(a) + STEP\n")
    (tmp_path / "other.py").write_text("STEP = 2\n\n\ndef helper(a):\n    return a * STEP\n")
    library = Library(tmp_path)
    assert not list(closure.programs(library.module(tmp_path / "one.py"), library))
    assert library.module(tmp_path / "missing.py") is None


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("x = eval(y)", False),
        ("def f(id):\n    return id", True),
        ("x = id(y)", False),
        ("x = y.__class__.__name__", True),
        ("x = y.__class__.__subclasses__()", False),
        ("x = getattr(y, 'size', 0)", True),
        ("x = getattr(y, name)", False),
        ("x = getattr(y, '__dict__')", False),
        ("from os import path", False),
        ("import urllib.request", False),
        ("from urllib.parse import quote", True),
        ("def f():\n    import subprocess", False),
        ("def f():\n    global x\n    x = 1", False),
    ],
)
def test_what_is_harmless(text, right):
    assert harm.harmless(ast.parse(text).body[0]) is right


def test_a_text_that_cannot_be_tidied_stays():
    text = "def f(a: 'Foreign' = 1, *rest: Foreign, key: int = 2) -> Foreign:\n    b: Foreign = a\n    return b\n"
    assert tidy.tidied(text, harm.ALLOWED) == "def f(a=1, *rest, key=2):\n    b = a\n    return b\n"
    with pytest.raises(SyntaxError):
        tidy.tidied("def", harm.ALLOWED)


# --- values and calls ---------------------------------------------------------------------------------------


def test_the_body_tells_what_a_parameter_takes():
    node = ast.parse(
        "def f(a, b, c, d, e):\n    for k, v in d:\n        a[k][v] = b(c.upper())\n    return e in ('left', 'right')\n"
    ).body[0]
    assert usage.kinds(node, "a") == ("grid",)
    assert set(usage.kinds(node, "b")) == {"function", "test"}
    assert usage.kinds(node, "c") == ("text",)
    assert set(usage.kinds(node, "d")) == {"pairs"}
    assert usage.met(node, "e") == ('"left"', '"right"')


def test_values_are_taken_from_calls_of_others(tmp_path):
    path = tmp_path / "test_it.py"
    path.write_text('"""As in f("x", key=(1, 2))."""\nassert f("abc", 3) == 2\nf(other, 4)\nf(9 , 10000019)\n', "utf-8")
    (tmp_path / "bad.py").write_text("def", "utf-8")
    found = harvest.reaped([path, tmp_path / "bad.py", tmp_path / "missing.py"])
    assert set(found.of("f", 0)) == {"'abc'", "'x'", "9"}
    assert set(found.of("f", 1, "key")) == {"3", "4", "(1, 2)"}
    assert found.of("g", 0) == ()


def test_dates_are_given_as_the_module_can_say_them():
    node = ast.parse("def f(day):\n    return day.weekday() + day.year + day.month\n").body[0]
    rng = random.Random(1)
    for names, start in (({"date"}, "f(date("), ({"datetime."}, "f(datetime.date(")):
        known = values.Values(frozenset(names))
        drawn = [values.call("f", known.given(node, "f", rng), rng) for _ in range(30)]
        assert any(each.startswith(start) for each in drawn)
    plain = values.Values(frozenset())
    assert not any("date(" in values.call("f", plain.given(node, "f", rng), rng) for _ in range(30))


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("1 / 3", "round(1 / 3, 4)"),
        ("a = {'b', 'a'}; a", "a = {'b', 'a'}; sorted(a)"),
        ("Counter('aab')", "dict(Counter('aab'))"),
        ("iter([1])", "list(iter([1]))"),
        ("deque([1])", "list(deque([1]))"),
        ("date(2026, 1, 2)", "str(date(2026, 1, 2))"),
        ("[1 / 3, 2]", "[round(one, 3) for one in [1 / 3, 2]]"),
        ("Fraction(1, 3)", "str(Fraction(1, 3))"),
    ],
)
def test_results_are_written_as_tests_can_say_them(text, right):
    names = {"Counter": Counter, "deque": deque, "date": date, "Fraction": Fraction}
    assert shapes.shaped(text, names) == right
    assert outcome(names, right).value is not None


def test_what_cannot_be_said_has_no_shape():
    for text in ("object()", "lambda: 1", "1 / 0"):
        with pytest.raises(UnfitError):
            shapes.shaped(text, {})


def test_a_class_is_changed_before_it_is_asked(shop):
    node = shop["Basket"].node
    draw = objects.drawer(node, values.Values(frozenset()), random.Random(2))
    drawn = [draw()() for _ in range(60)]
    assert any(each.startswith("basket = Basket(") and "; basket.add(" in each for each in drawn)
    assert any(each.endswith(".total()") for each in drawn)
    members = objects.Members.of(ast.parse("@dataclass\nclass Point:\n    x: int\n    y: int = 0\n").body[0])
    assert members.properties == ("x", "y")
    assert [each.arg for each in members.init.args.args] == ["self", "x", "y"]


def test_nobody_tests_that_a_change_gives_none(shop):
    found = calls.calls(shop["Basket"], harvest.Harvest(), random.Random(4))
    names = namespace(shop["Basket"].source)
    assert any("; " in each for each in found)
    assert not any(outcome(names, each).value == "None" for each in found)


def test_yes_or_no_is_enough_of_a_difference():
    text = "def is_even(n):\n    if n < 0:\n        raise ValueError(n)\n    return n % 2 == 0\n"
    (program,) = closure.programs(Module(text), Library())
    found = calls.calls(program, harvest.Harvest(), random.Random(3))
    names = namespace(text)
    assert len(found) >= calls.ENOUGH
    assert {"True", "False"} <= {outcome(names, each).value for each in found}


@pytest.mark.parametrize(
    "text",
    [
        "class BadError(Exception):\n    pass\n\n\ndef f(a):\n    raise BadError(1, a=a)\n",
        "def f(a):\n    return 7\n",
        "def f(n):\n    while n == n:\n        n = abs(n) if n else n\n",
        "def f(a):\n    return object()\n",
        "STOP = 1 / 0\n\n\ndef f(a):\n    return a + STOP\n",
    ],
)
def test_what_gives_nothing_to_compare_gives_no_calls(text):
    for program in closure.programs(Module(text), Library()):
        assert calls.calls(program, harvest.Harvest(), random.Random(0)) == ()


# --- patience -----------------------------------------------------------------------------------------------


def act(number: int) -> Iterator[str | None]:
    """One piece of work; the second hangs where no signal helps, and the third dies."""
    yield None
    yield f"first of {number}"
    if number == 2:
        sum(count())
    if number == 3:
        raise SystemExit
    time.sleep(0.01)
    yield f"last of {number}"


def test_work_that_hangs_is_given_up_and_the_rest_is_done():
    found = dict(patience.streamed([1, 2, 3, 4], act, waited=0.5))
    assert found == {
        0: ["first of 1", "last of 1"],
        1: ["first of 2"],
        2: ["first of 3"],
        3: ["first of 4", "last of 4"],
    }
