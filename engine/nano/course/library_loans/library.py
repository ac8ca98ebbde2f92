"""Loans of a public library. Days are counted from the day the book was taken."""

LOAN_DAYS = 21
FEE_PER_DAY = 20
MAXIMUM_FEE = 500


def days_late(days):
    """Return how many days too late a book comes back after some days."""
    if days <= LOAN_DAYS:
        return 0
    return days - LOAN_DAYS


def late_fee(days):
    """Return the fee in cents, but never more than the maximum."""
    fee = days_late(days) * FEE_PER_DAY
    if fee > MAXIMUM_FEE:
        fee = MAXIMUM_FEE


def total_fees(loans):
    """Return the sum of the fees for a list of numbers of days."""
    total = 0
    for days in loans:
        total += late_fee(days)
    return total
