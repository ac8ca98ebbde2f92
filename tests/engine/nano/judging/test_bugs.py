"""Bugs to be judged by: written for the demonstration to read, from families and from a course."""

import json

import pytest

from kimicode.cli import demo_bugs
from nano_training.judging.bugs import changed, course, entry, load, main
from tests.fakes.nano_bugs import BUG


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "course" / "shop-total"
    place.mkdir(parents=True)
    (place / "shop.py").write_text(BUG.broken)
    (place / "test_shop.py").write_text(BUG.tests)
    (place / "fixed.py").write_text(BUG.source)
    (place / "bug.toml").write_text('title = "The total of a shop"\nprompt = "total is wrong, mend it"\n')
    return place.parent


def test_the_demonstration_reads_what_is_written(tmp_path):
    path = tmp_path / "bugs.json"
    path.write_text(json.dumps([entry(BUG)]))
    assert demo_bugs.load(path) == (BUG,)


def test_a_hand_written_bug_is_read_from_its_folder(folder):
    (bug,) = load(folder)
    assert (bug.id, bug.module, bug.prompt) == ("shop-total", "shop", "total is wrong, mend it")
    assert (bug.broken, bug.source, bug.kind) == (BUG.broken, BUG.source, "hand-written")


def test_hand_written_ones_can_go_into_the_same_file(folder, tmp_path, capsys):
    out = tmp_path / "bugs.json"
    assert main(["--course", str(folder), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"1 bugs in {out}\n"
    assert load(out) == tuple(course(folder))


def test_a_folder_without_tests_is_refused(folder):
    (folder / "shop-total" / "test_shop.py").unlink()
    with pytest.raises(ValueError, match="has no tests"):
        load(folder)


@pytest.mark.parametrize(
    ("source", "broken", "expected"),
    [
        ("a\nb\nc", "a\nx\nc", (2, "b", "x")),
        ("a\nb\nc", "a\nc", (2, "b\nc", "c")),
        ("a\nc", "a\nb\nc", (2, "c", "b\nc")),
        ("a\nb", "a\nb\nb", (2, "b", "b\nb")),
        ("a\nb", "x\ny", (1, "a\nb", "x\ny")),
        ("a\nb\nc\n", "a\nb\n", (3, "c\n", "")),
        ("a", "", (1, "a", "")),
    ],
)
def test_the_lines_that_stand_for_each_other(source, broken, expected):
    line, old, new = changed(source, broken)
    assert (line, old, new) == expected
    lines = source.split("\n")
    gone = old.split("\n")
    assert lines[line - 1 : line - 1 + len(gone)] == gone
    assert "\n".join([*lines[: line - 1], *new.split("\n"), *lines[line - 1 + len(gone) :]]) == broken
