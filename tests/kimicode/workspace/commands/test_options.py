"""Options are known or they are not: clusters, values, abbreviations and places are judged on the safe side."""

import pytest

from kimicode.workspace.commands.options import alike, program

KNOWN = program("ab", "n", "--all --width", operands=1, operand=r"[a-z]+")


@pytest.mark.parametrize("arguments", ["", "-a", "-ab", "-n5", "-abn5", "--all", "--width=3", "x", "-a x", "-- x"])
def test_known_options_pass(arguments):
    assert KNOWN.allows(arguments.split())


@pytest.mark.parametrize(
    "arguments", ["-c", "-ac", "--al", "--all-of", "-n 5", "x y", "-- -a", "x -b", "- x", "X", "x -- -c"]
)
def test_everything_else_does_not(arguments):
    assert not KNOWN.allows(arguments.split())


def test_programs_that_are_alike_share_their_options():
    assert alike("x y", KNOWN) == {"x": KNOWN, "y": KNOWN}
