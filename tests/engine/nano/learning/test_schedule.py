"""The rate, the mixture and quantisation follow the run's time."""

import pytest

from nano_training.learning.schedule import Phase, Schedule, phase_at


def test_the_rate_warms_up_by_steps_stays_and_falls_with_time():
    schedule = Schedule(peak=1.0, warm_up_steps=10, decay_from=0.5, least=0.01)
    assert schedule.rate(0, 0.3) == pytest.approx(0.1)  # compiling may have taken long
    assert schedule.rate(9, 0.3) == schedule.rate(500, 0.5) == pytest.approx(1.0)
    assert schedule.rate(500, 0.75) == pytest.approx(0.5)
    assert schedule.rate(500, 1.0) == schedule.rate(500, 1.2) == pytest.approx(0.01)


def test_there_need_be_neither_warm_up_nor_decay():
    schedule = Schedule(peak=1.0, warm_up_steps=0, decay_from=1.0)
    assert schedule.rate(0, 0.0) == schedule.rate(7, 1.0) == 1.0


def test_experts_are_quantised_from_a_share_on_or_never():
    assert [Schedule(quantise_from=0.5).quantised(share) for share in (0.4, 0.5, 0.9)] == [False, True, True]
    assert not Schedule(quantise_from=2.0).quantised(1.0)


def test_phases_follow_each_other_and_the_last_one_stays():
    phases = (Phase(0.25, {"look": 1.0}), Phase(1.0, {"twin": 1.0}))
    assert [phase_at(phases, share) for share in (0.0, 0.24, 0.25, 0.99, 1.5)] == [0, 0, 1, 1, 1]
