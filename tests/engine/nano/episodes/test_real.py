"""What the twin says is what truly happens: message for message, but for times, ids of commits and the date."""

import random
import re
from dataclasses import replace
from itertools import zip_longest

import pytest

from kimicode.agent.surroundings import test_command as command_of
from nano_training.bugs import choose
from nano_training.episodes import plan, real, twin
from nano_training.episodes.script import Rates
from tests.fakes.nano import SHOP

OFTEN = Rates(tries=(3, 2, 2), slip=0.4, look=0.2, odd=0.0, give_up=0.0)
"""Detours, but few steps: each costs a process."""


def comparable(message):
    """A message without what differs from run to run."""
    content = re.sub(r"(Ran \d+ tests? in )\d+\.\d+s", r"\g<1>0.000s", message["content"])
    return {**message, "content": re.sub(r"\b[0-9a-f]{9} \"", '123456789 "', content)}


def both(seed, tmp_path, rates, **scene):
    """The same plan played truly, and by the twin."""
    rng = random.Random(seed)
    bug = None
    while bug is None:
        bug = choose.bug(SHOP, rng)
    drawn = plan.of_bug(bug, rng, rates)
    drawn = replace(drawn, scene=replace(drawn.scene, **scene))
    if "/" not in drawn.scene.python:
        (tmp_path / "test_a.py").write_text("import unittest\n")
        drawn = replace(drawn, scene=replace(drawn.scene, python=command_of(tmp_path).split()[0]))
    return real.perform(drawn, tmp_path), twin.perform(drawn)


def assert_same(actual, twins):
    for one, other in zip_longest(actual.messages, twins.messages, fillvalue={"content": ""}):
        assert comparable(one) == comparable(other)
    assert actual.learn == twins.learn
    assert [*actual.tools] == [*twins.tools]
    assert actual.prefix == twins.prefix


@pytest.mark.parametrize("seed", range(8))
def test_the_twin_is_the_same(seed, tmp_path):
    assert_same(*both(seed, tmp_path, OFTEN))


def test_without_pytest_too(tmp_path):
    actual, twins = both(21, tmp_path, Rates(tries=(1,), odd=1.0, give_up=0.0), python=".venv/bin/python")
    assert_same(actual, twins)
    assert "No module named pytest" in str(actual.messages)


def test_giving_up_too(tmp_path):
    actual, twins = both(22, tmp_path, Rates(give_up=1.0), python="venv/bin/python", commits=("first",))
    assert_same(actual, twins)


def test_a_file_without_tests_too(tmp_path):
    rng = random.Random(3)
    bug = choose.bug(SHOP, rng)
    drawn = plan.of_source("prices", SHOP.source, bug.injection, rng)
    assert_same(real.perform(drawn, tmp_path), twin.perform(drawn))


def test_it_leaves_nothing_behind(tmp_path):
    bug = choose.bug(SHOP, random.Random(1))
    real.play(bug, random.Random(1), tmp_path, Rates(tries=(1,), give_up=0.0))
    assert list(tmp_path.iterdir()) == []
