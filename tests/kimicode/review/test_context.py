"""All that is shown of a change: each changed line in one piece, with the numbers that the files have."""

import contextlib
from random import Random

import pytest

from kimicode.git.repository import Repository
from kimicode.index.build import refresh
from kimicode.index.knowledge import Knowledge
from kimicode.index.service import Index
from kimicode.index.store import Store
from kimicode.review import diff
from kimicode.review.context import contexts
from kimicode.review.rules import Rules
from kimicode.review.source import of_commits
from tests.fakes.diffs import File, random_change, recorded
from tests.fakes.pairs import paired

BEFORE = {
    "shop/money.py": "class Money:\n    def __init__(self, cents):\n        self.cents = cents\n\n\n"
    "def share(amount, people):\n    return amount // people\n",
    "shop/cart.py": "from shop.money import Money, share\n\n\ndef total(cart):\n    return share(Money(3), 2)\n",
    "tests/test_money.py": "from shop.money import share\n\n\ndef test_share():\n    assert share(4, 2) == 2\n",
    "readme.md": "old\n",
}
AFTER = {
    **BEFORE,
    "shop/money.py": BEFORE["shop/money.py"].replace("amount // people", "amount / people"),
    "readme.md": "new\n",
}


async def test_a_changed_function_comes_with_its_callers_and_tests(tmp_path):
    source, tree = paired(tmp_path, BEFORE, AFTER)
    prose, code = await contexts(source, tree, None)
    assert prose.why_not == "documentation is not reviewed for faults"
    assert prose.pieces == ()
    (piece,) = code.pieces
    assert piece.symbols == ("share",)
    assert [(one.kind, one.path) for one in piece.neighbours] == [
        ("used", "shop/cart.py"),
        ("tested", "tests/test_money.py"),
    ]
    assert code.rows()[-3:] == [
        " 6|def share(amount, people):",
        "-7|    return amount // people",
        "+7|    return amount / people",
    ]


async def test_a_removed_function_comes_with_those_who_still_call_it(tmp_path):
    gone = BEFORE["shop/money.py"].partition("\n\n\ndef share")[0] + "\n"
    source, tree = paired(tmp_path, BEFORE, {**BEFORE, "shop/money.py": gone})
    (code,) = await contexts(source, tree, None)
    assert ("used", "share", "shop/cart.py") in [(one.kind, one.name, one.path) for one in code.pieces[0].neighbours]


async def test_a_removed_file_comes_with_those_who_still_need_it(tmp_path):
    source, tree = paired(tmp_path, BEFORE, {path: text for path, text in BEFORE.items() if path != "shop/money.py"})
    (code,) = await contexts(source, tree, None)
    (piece,) = code.pieces
    assert len(piece.changed) == 7
    assert {"shop/cart.py", "tests/test_money.py"} == {one.path for one in piece.neighbours}


async def test_a_maker_is_looked_for_under_the_name_of_its_class(tmp_path):
    after = {
        **BEFORE,
        "shop/money.py": BEFORE["shop/money.py"].replace("self.cents = cents", "self.cents = int(cents)"),
    }
    source, tree = paired(tmp_path, BEFORE, after)
    (code,) = await contexts(source, tree, None)
    assert [(one.name, one.path) for one in code.pieces[0].neighbours] == [("Money", "shop/cart.py")]


async def test_a_changed_test_comes_with_what_it_calls_and_nobody_looks_for_its_callers(tmp_path):
    after = {**BEFORE, "tests/test_money.py": BEFORE["tests/test_money.py"].replace("== 2", "== share(2, 1)")}
    source, tree = paired(tmp_path, BEFORE, after)
    (code,) = await contexts(source, tree, None)
    assert [(one.kind, one.name) for one in code.pieces[0].neighbours] == [("defined", "share")]


@contextlib.contextmanager
def knowledge_of(tree, cache):
    with contextlib.closing(Store.open(cache, tree)) as store:
        refresh(store, tree, None)
    knowledge = Knowledge(Index(cache, tree, lambda: None))
    try:
        yield knowledge
    finally:
        knowledge.close()


async def test_an_index_finds_the_same(tmp_path):
    source, tree = paired(tmp_path, BEFORE, AFTER)
    plain = await contexts(source, tree, None)
    with knowledge_of(tree, tmp_path / "cache") as knowledge:
        assert await contexts(source, tree, knowledge) == plain


async def test_an_index_of_another_folder_is_not_asked(tmp_path):
    source, tree = paired(tmp_path, BEFORE, AFTER)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with knowledge_of(elsewhere, tmp_path / "cache") as knowledge:
        assert await contexts(source, tree, knowledge) == await contexts(source, tree, None)


async def test_a_damaged_index_is_no_reason_to_see_less(tmp_path):
    source, tree = paired(tmp_path, BEFORE, AFTER)
    with knowledge_of(tree, tmp_path / "cache") as knowledge:
        assert await knowledge.index.ready(20)
        knowledge.index.store.connection.executescript("DROP TABLE reference; DROP TABLE symbol")
        assert await contexts(source, tree, knowledge) == await contexts(source, tree, None)


async def test_rules_that_are_given_count_and_no_others(tmp_path):
    source, tree = paired(tmp_path, BEFORE, AFTER)
    _, code = await contexts(source, tree, None, rules=Rules(ignored=("shop/",)))
    assert code.why_not == "the project's own rules leave it out"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
async def test_line_ends_of_every_kind_keep_the_numbers_that_git_counts(tmp_path, end):
    before = end.join(["a = 1", "b = 2", "c = 3", ""])
    source, tree = paired(tmp_path, {"a.py": before}, {"a.py": before.replace("b = 2", "b = 9")})
    (code,) = await contexts(source, tree, None)
    added = [(line.new, line.text) for line in code.lines if line.kind == "+"]
    assert len(added) == 1
    assert "b = 9" in added[0][1]
    assert diff.lines(source.read("a.py", "new"))[added[0][0] - 1] == added[0][1]


async def test_what_has_no_lines_has_no_pieces(tmp_path):
    before = {"a.py": "x = 1\n" * 30, "run.sh": "x", "bin": File(b"\0\1")}
    after = {"b.py": "x = 1\n" * 30, "run.sh": File(b"x", "100755"), "bin": File(b"\0\2"), "empty.py": ""}
    source, tree = paired(tmp_path, before, after)
    found = await contexts(source, tree, None)
    assert all(not one.pieces for one in found)
    assert {one.file.path: one.why_not for one in found} == {"b.py": "", "run.sh": "", "bin": "binary", "empty.py": ""}


HOSTILE_LINES = ("a" * 15_000, "import " * 2_000, "(   " * 4_000, "'\"" * 7_000, "def " * 4_000, "\t" * 15_000 + "x")


@pytest.mark.parametrize("line", HOSTILE_LINES, ids=lambda line: line[:4].strip())
async def test_long_lines_of_any_kind_take_no_more_time_than_others(tmp_path, line):
    before = {"a.py": f"def f():\n    pass\n{line}\n", "b.py": f"from a import f\n{line} f()\n" * 5}
    source, tree = paired(tmp_path, before, {**before, "a.py": f"{line}\ndef f():\n    return g({line}\n"})
    (code,) = await contexts(source, tree, None)
    assert all(len(row) < 400 for row in code.rows())


async def test_every_changed_line_of_random_changes_is_in_one_piece_under_its_own_number(tmp_path):
    """Odd names, moves, links, other line ends, texts that look like patches."""
    ids = recorded(tmp_path / "repository", [random_change(Random(seed)) for seed in range(12)])
    repository = Repository.discover(tmp_path / "repository")
    tree = tmp_path / "tree"
    tree.mkdir()
    for base, head in ids:
        source = of_commits(repository, base, head)
        for one in await contexts(source, tree, None):
            if one.why_not:
                continue
            changed = [one.lines[at] for piece in one.pieces for at in piece.changed]
            expected = [line for line in one.file.lines() if line.kind != " "]
            assert sorted(changed, key=str) == sorted(expected, key=str)
            assert len({at for piece in one.pieces for at in piece.changed}) == len(expected)
