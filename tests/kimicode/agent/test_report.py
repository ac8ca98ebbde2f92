"""The report of a run names what matters, also where very much was changed."""

from kimicode.agent.record import WorkRecord, report
from kimicode.events import FileChange


def changed(*paths):
    return tuple(FileChange(path, "M", 1, 0) for path in paths)


def test_of_very_many_files_the_first_are_named_and_all_are_counted():
    lines = report(changed(*(f"f{number}.py" for number in range(500))), WorkRecord()).splitlines()
    assert lines[0] == "500 files changed"
    assert lines[-1] == "  ... and 451 more"
    assert len(lines) == 51


def test_fifty_files_are_all_named():
    lines = report(changed(*(f"f{number}.py" for number in range(50))), WorkRecord()).splitlines()
    assert len(lines) == 51
    assert "more" not in lines[-1]


def test_files_that_run_later_are_told_even_if_they_are_far_down():
    text = report(changed(*(f"f{number}.py" for number in range(60)), "Makefile"), WorkRecord())
    assert text.splitlines()[-1].endswith("look at them first: Makefile")
