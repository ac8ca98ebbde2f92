"""Totals per category of an expense sheet.

    date,category,amount
    2024-03-01,travel,120.50
"""

import csv
import sys
from collections import defaultdict
from decimal import Decimal


def read_rows(stream):
    for row in csv.DictReader(stream):
        if not row["amount"]:
            continue
        yield row["date"], row["category"].strip().lower(), Decimal(row["amount"])


def totals_by_category(rows):
    totals = defaultdict(Decimal)
    for _, category, amount in rows:
        totals[category] += amount
    return dict(totals)


def totals_by_month(rows):
    """A running total within each month; returns {"2024-03": (count, total)}."""
    months = {}
    for date, _, amount in rows:
        month = date[:7]
        count, total = months.get(month, (0, Decimal(0)))
        months[month] = (count + 1, total + amount)
    return months


def grand_total(rows, ignore=()):
    for _, category, amount in rows:
        total = Decimal(0)
        if category in ignore:
            continue
        total += amount
    return total


def main(argv):
    with open(argv[1], newline="") as stream:
        rows = list(read_rows(stream))
    for category, total in sorted(totals_by_category(rows).items()):
        print(f"{category:<12}{total:>10}")
    print(f"{'total':<12}{grand_total(rows):>10}")


if __name__ == "__main__":
    main(sys.argv)
