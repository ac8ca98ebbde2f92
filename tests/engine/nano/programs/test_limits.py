"""Bounds end a program that works or waits too long, and leave nothing behind, whenever their time is up."""

import resource
import signal
import sys
import time

import pytest

from nano_training.programs.limits import SIGNALS, bounded


def state():
    """What bounds change in a process."""
    handlers = [signal.getsignal(number) for number in SIGNALS]
    return (
        handlers,
        signal.getitimer(signal.ITIMER_PROF),
        sys.getrecursionlimit(),
        resource.getrlimit(resource.RLIMIT_AS),
    )


def spin(seconds):
    """Works for so long, by the processor's clock."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def deaf():
    """Works for ever and does not listen the first time."""
    try:
        spin(60)
    except KeyboardInterrupt:
        spin(60)


def test_what_ends_in_time_has_not_expired():
    before = state()
    with bounded(5) as bounds:
        spin(0.001)
    assert not bounds.expired
    assert state() == before


def test_work_is_ended_although_it_does_not_listen_at_first():
    before = state()
    with bounded(0.01) as bounds:
        deaf()
    assert bounds.expired
    assert state() == before


def test_waiting_is_ended_too_which_costs_no_work():
    with bounded(0.01) as bounds:
        time.sleep(60)
    assert bounds.expired


def test_nothing_escapes_when_time_is_up_just_as_the_program_ends():
    before = state()
    for step in range(60):
        with bounded(0.004):
            spin(0.0001 * step)
        assert state() == before


def test_another_error_goes_on_and_the_bounds_do_not():
    before = state()
    with pytest.raises(LookupError, match="its own"), bounded(5, recursion=sys.getrecursionlimit() + 50):
        raise LookupError("its own")
    assert state() == before
