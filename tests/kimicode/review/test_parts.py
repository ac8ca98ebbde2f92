"""A change in parts: each within its bound, the most valuable first, and nothing lost without a word."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.llm.tokens import tokens_of_text
from kimicode.review.change import ChangedFile, Hunk, Line
from kimicode.review.context import FileContext, Piece, contexts
from kimicode.review.neighbours import Neighbour
from kimicode.review.parts import FILE_TOKENS, split
from kimicode.review.scope import DOCUMENTATION
from tests.fakes.pairs import paired

PLENTY = 1_000_000


def context(path: str, sizes=(10,), width=30, neighbours=()) -> FileContext:
    """An added file with a piece for each size, that many lines long."""
    lines = tuple(Line("+", 0, number, "x" * width) for number in range(1, sum(sizes) + 1))
    pieces, start = [], 0
    for size in sizes:
        places = range(start, start + size)
        pieces.append(Piece(tuple(places), frozenset(places), (), tuple(neighbours)))
        start += size
    hunk = Hunk(0, 0, 1, len(lines), "", lines)
    return FileContext(ChangedFile(path, path, "added", "", "100644", False, (hunk,)), lines, tuple(pieces))


def left_out(path: str, why: str) -> FileContext:
    return FileContext(ChangedFile(path, path, "added", "", "100644", True, ()), why_not=why)


def paths(part):
    return [each.file.path for each in part.files]


def test_a_small_change_is_one_part():
    found = split([context("a/x.py"), context("b/y.py"), context("tests/test_x.py")], PLENTY)
    assert [paths(part) for part in found.parts] == [["a/x.py", "tests/test_x.py", "b/y.py"]]
    assert found.unread == ()


def test_nothing_to_review_is_no_part():
    moved = ChangedFile("b.py", "a.py", "renamed", "100644", "100644", False, ())
    assert split([FileContext(moved)], PLENTY) == split([], PLENTY)
    assert split([], PLENTY).parts == ()


def test_modules_stay_whole_and_tests_stay_with_what_they_test():
    files = [
        context("shop/cart.py", (30,)),
        context("shop/money.py", (30,)),
        context("web/view.py", (30,)),
        context("tests/web/test_view.py", (30,)),
        context("tests/shop/test_money.py", (30,)),
        context("tests/other/test_all.py", (10,)),
    ]
    found = split(files, PLENTY, part_tokens=1_200)
    assert [paths(part) for part in found.parts] == [
        ["shop/cart.py", "shop/money.py", "tests/shop/test_money.py"],
        ["tests/other/test_all.py", "web/view.py", "tests/web/test_view.py"],
    ]


def test_a_giant_file_becomes_several_parts_with_numbers():
    found = split([context("a/x.py", (50,) * 10)], PLENTY, part_tokens=1_500)
    assert [part.name for part in found.parts] == [
        f"a/x.py ({n} of {len(found.parts)})" for n in range(1, len(found.parts) + 1)
    ]
    assert sum(len(part.files[0].pieces) for part in found.parts) == 10


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (["a/x.py"], "a/x.py"),
        (["a/x.py", "a/y.py"], "a"),
        (["a/x.py", "a/y.py", "b/z.py"], "a, b"),
        (["a/x.py", "b/y.py", "c/z.py", "d/w.py"], "a, b and 2 more"),
        (["x.py", "y.py"], "the top folder"),
        (["a\n## b/x.py"], '"a\\\\x0a## b/x.py"'),
    ],
)
def test_a_part_is_called_after_what_is_in_it(files, name):
    assert [part.name for part in split(map(context, files), PLENTY).parts] == [name]


def test_source_comes_before_tests_and_tests_before_settings():
    files = [context("a.toml", (50,)), context("tests/test_a.py", (50,)), context("a.py", (50,))]
    one, two = (split(files, count * 780) for count in (1, 2))
    assert [path for part in one.parts for path in paths(part)] == ["a.py"]
    assert sorted(path for part in two.parts for path in paths(part)) == ["a.py", "tests/test_a.py"]
    assert [(each.path, each.why) for each in two.unread] == [("a.toml", "no budget left")]


def test_what_lies_elsewhere_is_the_first_to_go_when_there_is_too_much():
    elsewhere = Neighbour("used", "x", "b.py", tuple((n, "y" * 100) for n in range(1, 30)))
    files = [context("a.py", (20,), neighbours=[elsewhere]), context("b.py", (20,), neighbours=[elsewhere])]
    needed = sum(part.tokens for part in split(files, PLENTY).parts)
    found = split(files, needed // 2)
    assert [paths(part) for part in found.parts] == [["a.py", "b.py"]]
    assert found.unread == ()
    assert all(not piece.neighbours for each in found.parts[0].files for piece in each.pieces)


def test_of_a_file_that_does_not_fit_what_does_is_read_and_the_rest_is_counted():
    found = split([context("a.py", (20,) * 5)], 600)
    assert len(found.parts[0].files[0].pieces) == 2
    assert [(each.path, each.why) for each in found.unread] == [("a.py", "no budget left for 3 of 5 places in it")]


def test_a_place_larger_than_a_part_is_told():
    found = split([context("a.py", (200,), width=250)], PLENTY, part_tokens=2_000)
    assert found.parts == ()
    assert [(each.path, each.why) for each in found.unread] == [("a.py", "too large for one part")]


def test_a_place_that_nearly_fills_a_part_loses_what_is_around_it_first():
    lines = tuple(Line("+" if number == 100 else " ", number, number, "x" * 100) for number in range(1, 200))
    file = ChangedFile("a.py", "a.py", "modified", "100644", "100644", False, (Hunk(1, 199, 1, 199, "", lines),))
    whole = FileContext(file, lines, (Piece((99,), frozenset(range(199))),))
    (part,) = split([whole], PLENTY, part_tokens=1_000).parts
    assert len(part.files[0].pieces[0].shown) == 7


def test_documentation_is_told_once_and_all_else_by_its_reason():
    files = [*(left_out(f"d{n}.md", DOCUMENTATION) for n in range(7)), left_out("x.png", "binary")]
    assert [(each.path, each.why) for each in split(files, PLENTY).unread] == [
        ("d0.md and 6 more", DOCUMENTATION),
        ("x.png", "binary"),
    ]


FOLDERS = st.sampled_from(["", "a/", "a/b/", "tests/", "tests/a/", "web/"])
NAMES = st.sampled_from(["x.py", "test_x.py", "y.go", "z.toml", "w.ts", "w.test.ts"])
SIZES = st.lists(st.integers(1, 120), min_size=1, max_size=8)


@given(
    st.dictionaries(st.builds(str.__add__, FOLDERS, NAMES), SIZES, max_size=12),
    st.integers(0, 12_000),
    st.integers(100, 4_000),
)
def test_every_changed_line_is_in_exactly_one_part_or_its_file_is_told(files, tokens, part_tokens):
    given_ones = [context(path, sizes) for path, sizes in files.items()]
    found = split(given_ones, tokens, part_tokens=part_tokens)
    read = Counter(
        (each.file.path, at)
        for part in found.parts
        for each in part.files
        for piece in each.pieces
        for at in piece.changed
    )
    assert set(read.values()) <= {1}
    told = {each.path for each in found.unread}
    for one in given_ones:
        for at in range(len(one.lines)):
            assert read[one.file.path, at] or one.file.path in told
    assert len(told) == len(found.unread)
    assert sum(part.tokens for part in found.parts) <= tokens
    for part in found.parts:
        assert len(set(paths(part))) == len(part.files)
        shown = sum(tokens_of_text("\n".join(each.rows())) + FILE_TOKENS for each in part.files)
        assert shown <= part.tokens <= part_tokens


async def test_five_thousand_new_lines_are_cut_into_parts_between_functions(tmp_path):
    text = "".join(f"def f{n}(x):\n" + f"    x += {n}\n" * 20 + "    return x\n\n\n" for n in range(210))
    source, tree = paired(tmp_path, {}, {"big.py": text})
    found = split(await contexts(source, tree, None), PLENTY, part_tokens=8_000)
    assert len(found.parts) >= 5
    for part in found.parts:
        (only,) = part.files
        first = min(at for piece in only.pieces for at in piece.changed)
        assert only.lines[first].text.startswith("def f")
    assert sum(len(piece.changed) for part in found.parts for piece in part.files[0].pieces) == text.count("\n")
