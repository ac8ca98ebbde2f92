"""Bugs that tests notice, and fixes that do not help."""

import random
from collections import Counter

from nano_training.bugs import choose
from nano_training.project import Project

SOURCE = '''def largest(values, default=None):
    """Return the largest of values."""
    best = default
    for value in values:
        if best is None or value > best:
            best = value
    return best


def halves(n):
    steps = 0
    while n > 1:
        n //= 2
        steps += 1
    return steps
'''
TESTS = """import unittest

from numbers_tools import halves, largest


class TestLargest(unittest.TestCase):
    def test_several(self):
        self.assertEqual(largest([3, 9, 4]), 9)

    def test_empty(self):
        self.assertIsNone(largest([]))

    def test_default(self):
        self.assertEqual(largest([1], 5), 5)


class TestHalves(unittest.TestCase):
    def test_many(self):
        self.assertEqual([halves(n) for n in range(9)], [0, 0, 1, 1, 2, 2, 2, 2, 3])
"""
PROJECT = Project(("largest", "halves"), "numbers_tools", SOURCE, TESTS)


def test_a_bug_makes_a_test_fail_and_its_fix_mends_it():
    for seed in range(25):
        bug = choose.bug(PROJECT, random.Random(seed))
        assert bug is not None
        assert choose.fails(PROJECT, bug.broken)
        assert bug.fix.apply(bug.broken) == SOURCE
        assert bug.why.endswith(".")


def test_bugs_are_of_many_kinds():
    kinds = Counter(choose.bug(PROJECT, random.Random(seed)).injection.kind for seed in range(40))
    assert len(kinds) >= 12
    assert kinds.most_common(1)[0][1] <= 14


def test_what_tests_do_not_notice_is_no_bug():
    quiet = Project(("f",), "quiet", "def f(a):\n    return a + 1\n", "import unittest\n")
    assert choose.bug(quiet, random.Random(0)) is None


def test_what_hangs_is_no_bug():
    assert not choose.fails(PROJECT, SOURCE.replace("n //= 2", "n //= 1"))


def test_wrong_fixes_leave_tests_failing_and_differ():
    bug = choose.bug(PROJECT, random.Random(4))
    fixes = choose.wrong_fixes(bug, random.Random(5), 5)
    assert len(set(fixes)) == 5
    for fix in fixes:
        assert choose.fails(PROJECT, fix.apply(bug.broken))
        assert fix.apply(bug.broken) not in {SOURCE, bug.broken}


def test_most_wrong_fixes_stay_in_the_function_of_the_bug():
    near = 0
    for seed in range(12):
        bug = choose.bug(PROJECT, random.Random(seed))
        first = bug.injection.line < 10
        near += sum((fix.line < 9) == first for fix in choose.wrong_fixes(bug, random.Random(seed), 2))
    assert near >= 14


def test_no_wrong_fix_is_asked_for():
    assert choose.wrong_fixes(choose.bug(PROJECT, random.Random(1)), random.Random(1), 0) == ()
