"""A review in a terminal: readable at every width, and nothing in it moves the cursor."""

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from kimicode.messages import Usage
from kimicode.review.findings import Finding, Review, Severity, Suggestion, Unread
from kimicode.review.render.text import lines

CODE = """\
class Cart:
    def __init__(self):
        self.prices = []

    def average(self):
        total = sum(self.prices)
\treturn total / len(self.prices)

    def name(self):
        return "购物车" * 30
"""
FINDING = Finding(
    path="shop/cart.py",
    side="new",
    first=6,
    last=7,
    symbol="Cart.average",
    category="correctness",
    severity=Severity.HIGH,
    confidence=0.9,
    claim="`average` divides by zero when the cart is empty",
    scenario="With no prices, `average()` raises `ZeroDivisionError`; before it gave 0, and `checkout` relies on it.",
    suggestion=Suggestion(7, 7, "        return total / len(self.prices) if self.prices else 0"),
    proof="ran",
    evidence="`len(self.prices)` is 0.\n\n$ python -c 'Cart().average()'\nZeroDivisionError: division by zero",
)
REVIEW = Review("a" * 40, "b" * 40, "complete", (FINDING,), files=3, lines=120, model="kimi-k2.6", duration_s=41)
SGR = re.compile(r"\x1b\[[0-9;]*m")


def shown(review=REVIEW, code=CODE, width=80, color=False):
    return lines(review, lambda path, side: code if code is None else code.encode(), width, color)


def test_a_fault_is_shown_with_its_code_its_scenario_its_proof_and_its_mending():
    assert (
        "\n".join(shown())
        == """\
1. high: `average` divides by zero when the cart is empty
   shop/cart.py:6  correctness, Cart.average

     5 |     def average(self):
 >   6 |         total = sum(self.prices)
 >   7 |     return total / len(self.prices)
     8 |
     9 |     def name(self):

   With no prices, `average()` raises `ZeroDivisionError`; before it gave 0, and
   `checkout` relies on it.
   why: `len(self.prices)` is 0.
   ran: python -c 'Cart().average()'
        ZeroDivisionError: division by zero
   fix: -     return total / len(self.prices)
        +         return total / len(self.prices) if self.prices else 0

1 fault (1 high) in 3 files, 120 changed lines (kimi-k2.6, 41 s)."""
    )


def test_nothing_found_is_one_line():
    review = dataclasses.replace(REVIEW, findings=(), usage=Usage(price=0.03))
    assert shown(review) == ["No faults found in 3 files, 120 changed lines (kimi-k2.6, 41 s, $0.03)."]


def test_what_was_not_read_is_said_with_its_reason():
    unread = [Unread("package-lock.json", "generated"), *(Unread(f"{n}.bin", "binary") for n in range(5))]
    notes = ("the budget is used up",)
    review = dataclasses.replace(
        REVIEW, findings=(), state="partial", unread=tuple(unread), notes=notes, dropped={"style": 2}
    )
    assert shown(review)[1:] == [
        "Dropped: 2 style.",
        "Not reviewed, binary: 0.bin, 1.bin, 2.bin and 2 more",
        "Not reviewed, generated: package-lock.json",
        "Note: the budget is used up",
    ]


def test_a_review_that_failed_does_not_look_like_a_clean_one():
    told = shown(dataclasses.replace(REVIEW, state="failed", findings=()))
    assert told[0].startswith("This change could not be reviewed")


@pytest.mark.parametrize("changes", [{"path": "gone.py"}, {"first": 99, "last": 99}])
def test_a_fault_whose_code_cannot_be_read_is_still_told(changes):
    told = shown(dataclasses.replace(REVIEW, findings=(dataclasses.replace(FINDING, **changes),)), code=None)
    assert told[0].startswith("1. high")
    assert not any("|" in line for line in told)


def test_a_path_is_never_cut_and_always_has_its_line():
    path = "a_folder/" * 12 + "a file.py"
    for width in (40, 80):
        told = shown(dataclasses.replace(REVIEW, findings=(dataclasses.replace(FINDING, path=path),)), width=width)
        assert f"{path}:6".replace(" ", "") in "".join(told).replace(" ", "")
        assert all(cell_len(line) <= width for line in told)


def test_a_long_range_is_cut_and_says_so():
    code = "".join(f"line {number}\n" for number in range(1, 100))
    finding = dataclasses.replace(FINDING, first=10, last=50, suggestion=None)
    told = shown(dataclasses.replace(REVIEW, findings=(finding,)), code)
    assert sum(line.startswith(" >") for line in told) == 12
    assert "       | and 29 more lines" in told


def test_the_lines_of_a_file_with_carriage_returns_are_the_same():
    assert shown(code=CODE.replace("\n", "\r\n")) == shown()


def test_colour_changes_nothing_but_colour():
    painted = shown(color=True)
    assert any("\x1b[" in line for line in painted)
    assert [SGR.sub("", line).rstrip() for line in painted] == [line.rstrip() for line in shown()]


@pytest.mark.parametrize("width", [1, 40, 41, 80, 120, 200, 1000])
def test_it_fits_the_width(width):
    assert max(map(cell_len, shown(width=width))) <= min(max(width, 40), 200)


MESS = st.text() | st.sampled_from(
    ["\x1b[2J\x1b]0;x\x07", "购" * 90, "a" * 300, "\t" * 60 + "x", "\u202e", "a\r\nb", "\x9b1m"]
)


@given(MESS, MESS, MESS, st.booleans(), st.integers(40, 90))
def test_nothing_in_a_finding_or_a_file_moves_the_cursor_or_leaves_the_width(claim, code, path, color, width):
    finding = dataclasses.replace(
        FINDING,
        path=path,
        symbol=path,
        claim=claim,
        scenario=code,
        evidence=f"{claim}\n\n$ {code}\n{claim}",
        first=1,
        last=2,
        suggestion=Suggestion(1, 1, code),
    )
    review = dataclasses.replace(REVIEW, findings=(finding,), notes=(claim,), unread=(Unread(path, claim),))
    for line in lines(review, lambda path, side: code.encode("utf-8", "replace"), width, color):
        bare = SGR.sub("", line)
        assert cell_len(bare) <= width
        assert bare.isprintable() or not any(ord(letter) < 32 or 126 < ord(letter) < 160 for letter in bare)
