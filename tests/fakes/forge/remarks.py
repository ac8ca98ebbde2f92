"""A file and what is changed of it, and comments on it as the posting side makes them."""

from kimicode.review import marks
from kimicode.review.forges.forge import Comment
from kimicode.review.forges.limits import Patience

QUICK = Patience(attempts=3, first_s=0.01, longest_s=0.02, in_all_s=5.0, settle_s=0.01)
LINES = [f"line {number}\n" for number in range(1, 61)]
CHANGED = [*LINES[:9], "ten changed\n", "new one\n", *LINES[10:49], *LINES[50:]]


def text(lines) -> bytes:
    return "".join(lines).encode()


def print_of(number: int) -> str:
    return f"{number:016x}"


def remark(line: int, number: int = 1, *, first: int = 0, side="new", path="a.py") -> Comment:
    """A finding's comment, as the posting side makes them."""
    fingerprint = print_of(number)
    return Comment(
        path, path, side, first or line, line, f"{marks.of_finding(fingerprint)}\nfault {number}", fingerprint
    )
