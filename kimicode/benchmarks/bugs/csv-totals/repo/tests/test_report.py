import io
from decimal import Decimal

import pytest

from report import grand_total, read_rows, totals_by_category, totals_by_month

SHEET = """\
date,category,amount
2024-03-01,travel,120.50
2024-03-04,Food,18.20
2024-03-09,food ,7.30
2024-04-02,travel,
2024-04-11,books,41.00
"""


@pytest.fixture
def rows():
    return list(read_rows(io.StringIO(SHEET)))


def test_rows_without_an_amount_are_skipped(rows):
    assert len(rows) == 4


def test_categories_are_added_up(rows):
    assert totals_by_category(rows) == {
        "travel": Decimal("120.50"),
        "food": Decimal("25.50"),
        "books": Decimal("41.00"),
    }


def test_months(rows):
    assert totals_by_month(rows)["2024-03"] == (3, Decimal("146.00"))


def test_grand_total(rows):
    assert grand_total(rows) == Decimal("187.00")


def test_grand_total_without_some(rows):
    assert grand_total(rows, ignore={"travel", "books"}) == Decimal("25.50")
