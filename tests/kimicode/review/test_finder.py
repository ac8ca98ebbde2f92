"""Which finders look at what, and in which order."""

import pytest

from kimicode.errors import UsageError
from kimicode.review.change import ChangedFile, Line
from kimicode.review.context import FileContext
from kimicode.review.finder import KINDS, kinds_of, looks
from kimicode.review.parts import Part


def part(*files):
    contexts = tuple(
        FileContext(ChangedFile(path, path, "modified", "100644", "100644", False, ()), (Line("+", 0, 1, text),))
        for path, text in files
    )
    return Part(files[0][0], contexts, 100)


CODE = part(("src/sums.py", "total = sum(items)"))
SERVER = part(("src/server.py", "async def serve(queue):"))
TESTS = part(("tests/test_sums.py", "assert total == 3"))
BOTH = part(("src/sums.py", "total = sum(items)"), ("tests/test_sums.py", "assert total == 3"))


def asked(parts, kinds=KINDS, rounds=1):
    return [(work.kind, work.part.name) for work in looks(parts, kinds, rounds)]


def test_every_class_looks_once_unless_it_cannot_matter():
    assert [kind for kind, _ in asked([CODE])] == ["correctness", "security", "api"]
    assert [kind for kind, _ in asked([SERVER])] == ["correctness", "security", "concurrency", "api"]
    assert [kind for kind, _ in asked([TESTS])] == ["tests"]
    assert [kind for kind, _ in asked([BOTH])] == ["correctness", "security", "api", "tests"]


def test_one_finder_for_everything_looks_at_every_part():
    assert asked([CODE, TESTS], ("all",)) == [("all", "src/sums.py"), ("all", "tests/test_sums.py")]


def test_the_likeliest_class_sees_all_parts_before_the_next_begins():
    assert [kind for kind, _ in asked([CODE, SERVER])][:2] == ["correctness", "correctness"]


def test_a_second_round_comes_after_the_first():
    works = looks([CODE], KINDS, 2)
    assert [work.kind for work in works] == ["correctness", "security", "api"] * 2
    assert len({work.id for work in works}) == 6


@pytest.mark.parametrize(("effort", "kinds"), [("low", ("all",)), ("medium", KINDS), ("high", KINDS)])
def test_effort_chooses_the_finders_unless_they_are_named(effort, kinds):
    assert kinds_of(effort, ()) == kinds
    assert kinds_of(effort, ("security",)) == ("security",)


def test_an_unknown_class_is_refused_with_those_that_there_are():
    with pytest.raises(UsageError, match=r"no finder 'naming'(.|\n)*correctness, security"):
        kinds_of("low", ("naming",))
