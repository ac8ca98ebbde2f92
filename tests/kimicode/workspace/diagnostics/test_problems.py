"""Which findings are worth telling after an edit, and how they are told."""

from hypothesis import given
from hypothesis import strategies as st

from kimicode.workspace.diagnostics.problems import MOST_TOLD, Problem, as_line, changed_lines, listed, worth_telling

FILE = "/p/a.py"


def problem(line: int, message: str = "unused", path: str = FILE) -> Problem:
    return Problem(path, line, "X1", message)


def test_the_changed_lines_are_those_between_what_stayed():
    assert changed_lines("a\nb\nc\n", "a\nB\nB2\nc\n") == range(2, 4)
    assert changed_lines("a\nb\nc\n", "a\nc\n") == range(2, 2)
    assert changed_lines(None, "a\nb\n") == range(1, 3)
    assert list(changed_lines("same\n", "same\n")) == []


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_what_stands_outside_the_changed_lines_is_as_before(head, middle, tail):
    before, after = "".join(f"{x}\n" for x in head + tail), "".join(f"{x}\n" for x in head + middle + tail)
    changed = changed_lines(before, after)
    lines = after.splitlines()
    kept = lines[: changed.start - 1] + lines[changed.stop - 1 :]
    assert len(changed) == len(middle)
    assert kept == head + tail


def test_what_was_there_before_is_not_told_even_if_it_moved():
    known = [problem(50, "clash with line 40")]
    assert worth_telling([problem(53, "clash with line 43")], known, FILE, range(1, 4)) == []


def test_what_is_new_is_told_wherever_it_stands():
    elsewhere = problem(7, "wrong argument", "/p/b.py")
    assert worth_telling([problem(90), elsewhere], [], FILE, range(1, 2)) == [problem(90), elsewhere]


def test_an_old_one_is_told_where_the_edit_touched_its_lines_and_after_the_new_ones():
    old, new = problem(5), problem(90, "undefined")
    assert worth_telling([old, new], [problem(5)], FILE, range(6, 7)) == [new, old]


def test_without_knowing_what_was_there_only_what_is_near_counts():
    found = [problem(3), problem(30), problem(3, path="/p/b.py")]
    assert worth_telling(found, None, FILE, range(4, 5)) == [problem(3)]


def test_of_several_alike_the_nearest_to_the_change_is_the_new_one():
    assert worth_telling([problem(10), problem(40), problem(90)], [problem(10), problem(80)], FILE, range(35, 36)) == [
        problem(40)
    ]


@given(st.lists(st.integers(1, 60), max_size=20), st.lists(st.integers(1, 60), max_size=20), st.integers(1, 60))
def test_as_many_are_new_as_there_are_more_than_before(found, known, at):
    new = worth_telling([problem(line) for line in found], [problem(line) for line in known], FILE, range(at, at))
    near = [line for line in set(found) if at - 2 <= line <= at + 1]
    assert len(new) >= max(len(set(found)) - len(known), 0)
    assert len(new) <= max(len(set(found)) - len(known), 0) + len(near)


def test_a_line_is_one_line_of_plain_characters_and_bounded():
    line = as_line(Problem("/p/src/a.py", 3, "E1", "first\n  second \x1b[31mred\x1b[0m" + "x" * 1000), "ruff", "/p")
    assert line.startswith("src/a.py:3: E1 first second redxxx")
    assert len(line) == 240
    assert as_line(Problem("/lib/a.py", 1, "", "bad"), "tsc", "/p") == "/lib/a.py:1: tsc bad"


def test_a_name_that_is_no_text_can_be_told():
    as_line(Problem("/p/\udcff.py", 1, "E1", "bad"), "ruff", "/p").encode()


def test_more_than_a_few_lines_are_counted_not_told():
    told = listed("Diagnostics", [f"line {number}" for number in range(MOST_TOLD + 3)])
    assert len(told) == MOST_TOLD + 2
    assert told[-1] == "... and 3 more"
    assert listed("Diagnostics", []) == []
