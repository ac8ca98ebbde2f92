"""The progress of a review: what lasts is a line, told once; a change without code is left to the end to explain."""

import pytest

from kimicode.cli.review_progress import ReviewProgress
from kimicode.review.progress import ReviewDelayed, ReviewStarted, VerifyingStarted


@pytest.fixture
def progress():
    return ReviewProgress(live=False, quiet=False)


def test_what_is_reviewed_is_counted_in_words(progress, capsys):
    progress.show(ReviewStarted("kimi-k2.6", 1, 1, 1, ("correctness",)))
    progress.show(ReviewStarted("kimi-k2.6", 12, 1_200, 3, ("correctness", "security")))
    assert capsys.readouterr().err == (
        "kimi-k2.6 reviews 1 file, 1 changed line\nkimi-k2.6 reviews 12 files, 1,200 changed lines in 3 parts\n"
    )


def test_nothing_is_announced_where_nothing_is_read(progress, capsys):
    progress.show(ReviewStarted("kimi-k2.6", 0, 0, 0, ()))
    assert capsys.readouterr().err == ""


def test_a_failing_server_is_told_of_at_once_and_each_reason_once(progress, capsys):
    for wait in (0.5, 1.0, 2.0):
        progress.show(ReviewDelayed("example.org answered 500: boom", wait))
    progress.show(ReviewDelayed("example.org answered 429: slow down\x1b[2J", 30.0))
    progress.show(VerifyingStarted(1))
    assert capsys.readouterr().err == (
        "! example.org answered 500: boom; trying again\n! example.org answered 429: slow down␛[2J; trying again\n"
    )


def test_a_log_hears_once_a_minute_that_it_goes_on(capsys):
    now = 100.0
    progress = ReviewProgress(live=False, quiet=False, clock=lambda: now)
    progress.show(ReviewStarted("kimi-k2.6", 1, 1, 1, ("correctness",)))
    capsys.readouterr()
    for _ in range(130):
        now += 1.0
        progress.tick()
    assert capsys.readouterr().err == "looking, 0 of 1 done · 60s\nlooking, 0 of 1 done · 120s\n"


def test_nobody_hears_anything_who_wants_it_quiet(capsys):
    now = 0.0
    progress = ReviewProgress(live=False, quiet=True, clock=lambda: now)
    progress.show(ReviewStarted("kimi-k2.6", 1, 1, 1, ("correctness",)))
    now = 500.0
    progress.tick()
    progress.show(ReviewDelayed("example.org answered 500: boom", 1.0))
    assert capsys.readouterr().err == ""
