"""The command for those who write families: it says what is wrong, and how much the examples notice."""

import pytest

from nano_training.programs import check
from nano_training.programs.outcome import Outcome, UnfitError, namespace, outcome

TEXT = """\
## doubled
def doubled(values):
    return [value * 2 for value in values]
-- several: doubled(ints_(2, 4, 1, 9))
-- one: doubled([3])
-- empty: doubled([])
"""


def checked(tmp_path, capsys, text, *arguments):
    (tmp_path / "sums.txt").write_text(text)
    status = check.main(["--folder", str(tmp_path), *arguments])
    return status, capsys.readouterr().out


def test_a_good_family_is_told_how_much_its_examples_notice(tmp_path, capsys):
    status, text = checked(tmp_path, capsys, TEXT)
    assert status == 0
    assert "sums.txt: doubled: notices " in text
    assert "1 families, 0 with problems" in text


@pytest.mark.parametrize(
    ("example", "problem"),
    [
        ("doubled([0.1])[0] + 0.1", "long float"),
        ("object()", "object is no literal"),
        ("set('ab')", "the order of a set"),
        ("missing", "NameError"),
        ("import time; time.perf_counter_ns()", "not the same twice"),
        ("len(list(range(10**9)))", "MemoryError"),
        ("[i for i in iter(int, 1)]", "does not end|MemoryError"),
        ("float('nan')", "has no literal"),
    ],
)
def test_what_no_test_could_say_is_a_problem(tmp_path, capsys, example, problem):
    status, text = checked(tmp_path, capsys, TEXT.replace("doubled([])", example))
    assert status == 1
    assert any(part in text for part in problem.split("|")), text


def test_what_cannot_be_read_ends_the_command(tmp_path, capsys):
    with pytest.raises(SystemExit, match=r"sums\.txt:1: "):
        checked(tmp_path, capsys, "no family\n")


def test_a_name_that_stands_twice_is_a_problem(tmp_path, capsys):
    (tmp_path / "more.txt").write_text(TEXT)
    status, text = checked(tmp_path, capsys, TEXT, "sums")
    assert status == 1
    assert "there is another one of this name" in text


def test_an_outcome_is_a_literal_or_a_built_in_error():
    names = namespace("class Own(ValueError):\n    pass\n\ndef fail():\n    raise Own\n")
    assert outcome(names, "x = [1]; x.append((2, 'a')); x") == Outcome(value="[1, (2, 'a')]")
    assert outcome(names, "{}['a']") == Outcome(error="KeyError")
    assert outcome(names, "{3}") == Outcome(value="{3}")
    with pytest.raises(UnfitError, match="Own is no built-in exception"):
        outcome(names, "fail()")
