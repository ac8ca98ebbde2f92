"""The search tool as a model calls it."""

import pytest

from kimicode.errors import ToolError
from kimicode.index.knowledge import Knowledge
from kimicode.index.service import Index
from kimicode.tools.base import Access, ToolContext
from kimicode.tools.search import Search, SearchArguments
from kimicode.tools.toolset import tools
from kimicode.workspace.files import Files
from kimicode.workspace.shell import Shell
from tests.fakes.indexed import plant


@pytest.fixture
def knowledge(tmp_path):
    opened = Knowledge(Index(tmp_path / "index", plant(tmp_path / "tree"), lambda: None))
    yield opened
    opened.close()


def context_in(folder, knowledge):
    return ToolContext(Files(folder), Shell(folder, folder / "spill"), lambda steps: None, knowledge=knowledge)


@pytest.fixture
def context(knowledge):
    return context_in(knowledge.root, knowledge)


async def said(context, **arguments):
    outcome = await Search().run(SearchArguments.model_validate(arguments), context)
    return outcome.content[0].text


async def test_a_name(context):
    text = await said(context, query="total_price")
    assert text.startswith(
        "shop/cart.py:5 def total_price(self) -> Money (in ShoppingCart)\n[used on 2 lines of 2 files]"
    )
    assert "shop/invoice.py\n  7: return Money(cart.total_price())" in text


async def test_a_question(context):
    assert (await said(context, query="who waits for a file lock?")).startswith(
        "shop/storage.py\n  1: LOCK = 'lock'\n  4: def acquire_file"
    )


async def test_a_pattern_in_a_folder(context):
    text = await said(context, query=r"def \w+_", path="shop", regex=True)
    assert "shop/invoice.py\n  5: def write_invoice" in text
    assert "tests/" not in text


async def test_other_names_for_arguments_are_understood(context):
    assert "docs/money.md" in await said(context, pattern="Splitting", file="docs")


async def test_nothing_found_says_what_to_try(context):
    assert await said(context, query="zzzqqq") == "[nothing found: try another word, a part of a name, or regex]"


async def test_from_a_folder_below_the_root_paths_lead_there_and_back(knowledge):
    inside = context_in(knowledge.root / "shop", knowledge)
    assert (await said(inside, query="divide")).startswith("money.py:8 def divide")
    assert "tests" not in await said(inside, query="total_price")
    assert "../tests/test_cart.py" in await said(inside, query="total_price", path="..")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"query": " "}, "empty"),
        ({"query": "a", "path": "gone"}, "no such file"),
        ({"query": "a", "path": "/"}, "outside"),
    ],
)
async def test_what_cannot_be_searched_is_said(context, arguments, problem):
    with pytest.raises(ToolError, match=problem):
        await said(context, **arguments)


async def test_without_an_index_it_names_another_way(tmp_path):
    with pytest.raises(ToolError, match="grep"):
        await said(context_in(tmp_path, None), query="a")


def test_it_is_there_to_plan_with_and_absent_from_the_small_set():
    assert tools("full", planning=True)["search"].access is Access.READ
    assert not {"search", "outline"} & tools("swe").keys()


async def test_lines_of_files_that_hold_secrets_are_not_among_what_is_found(tmp_path):
    tree = plant(tmp_path / "tree")
    (tree / ".env").write_text("PAYMENT_PIN=4711\n")
    (tree / "payment.py").write_text("PAYMENT_PIN = read()\n")
    opened = Knowledge(Index(tmp_path / "index", tree, lambda: None))
    try:
        context = context_in(tree, opened)
        for arguments in ({"query": "PAYMENT_PIN"}, {"query": "PAYMENT_P.N", "regex": True}):
            assert "4711" in await said(context, **arguments), "without a list of secrets it is found"
            context.hides = lambda path: path.name == ".env"
            text = await said(context, **arguments)
            assert "4711" not in text
            assert "payment.py" in text
            assert "4711" in await said(context, path=".env", **arguments), "by its name: that is asked about"
            context.hides = lambda path: False
    finally:
        opened.close()


async def test_what_is_nowhere_is_said_before_what_comes_close(context):
    text = await said(context, query="split_money")
    assert "docs/money.md" in text
    assert "[nothing is written exactly so: these have some of its words]" in text


async def test_a_name_with_a_line_break_stays_on_its_line(context, knowledge):
    plant(knowledge.root, {"odd\nnothing is wrong.py": "def strangely_named(): pass\n"})
    assert "odd\\x0anothing is wrong.py:1 def strangely_named()" in await said(context, query="strangely_named")
