"""A session's questions: right after every change, and never in the way."""

import asyncio

import pytest

from kimicode.errors import ToolError
from kimicode.index.database import remove
from kimicode.index.knowledge import Knowledge
from kimicode.index.service import Index
from tests.fakes.indexed import plant


@pytest.fixture
def knowledge(tmp_path):
    opened = Knowledge(Index(tmp_path / "index", plant(tmp_path / "tree"), lambda: None))
    yield opened
    opened.close()


async def search(knowledge, query, *, below="", regex=False):
    return await knowledge.search(query, below=below, regex=regex, seen=())


async def search_until_fresh(knowledge, query):
    """The answer of a complete index: a question itself waits two seconds at most, and a busy machine takes longer."""
    async with asyncio.timeout(30):
        while True:
            answer, fresh = await search(knowledge, query)
            if fresh:
                return answer


async def test_the_first_question_waits_for_a_small_index(knowledge):
    answer, fresh = await search(knowledge, "ShoppingCart")
    assert fresh
    assert answer.definitions[0].path == "shop/cart.py"


async def test_what_changed_is_known_to_the_next_question(knowledge):
    await search_until_fresh(knowledge, "Money")
    (knowledge.root / "shop/tax.py").write_text("def value_added_tax():\n    return 19\n")
    knowledge.index.changed()
    answer = await search_until_fresh(knowledge, "value_added_tax")
    assert [symbol.path for symbol in answer.definitions] == ["shop/tax.py"]


async def test_the_graph_is_made_behind_the_first_question(knowledge):
    await search(knowledge, "Money")
    async with asyncio.timeout(20):
        while not list((knowledge.root.parent / "index").glob("graph-*.bin")):
            await asyncio.sleep(0.01)


async def test_questions_at_once_are_all_answered(knowledge):
    replies = await asyncio.gather(*(search(knowledge, name) for name in ["Money", "divide", "total_price"] * 4))
    assert all(answer.definitions for answer, _ in replies)


async def test_a_pattern_that_is_none_is_said(knowledge):
    with pytest.raises(ToolError, match="not a usable pattern"):
        await search(knowledge, "(", regex=True)


async def test_a_map_has_what_the_prompt_names_in_front(knowledge):
    assert (await knowledge.map(1000, text="see acquire_file_lock")).startswith("shop/storage.py\n")


async def test_there_is_no_map_of_a_tiny_tree_nor_of_one_that_is_not_read_yet(knowledge):
    assert await knowledge.map(1000, fewest=100) == ""
    knowledge.index.changed()
    assert await knowledge.map(1000, patience=0) == ""


async def test_it_ends_at_once_in_the_middle_of_everything(tmp_path):
    started = Knowledge(Index(tmp_path / "index", plant(tmp_path / "tree"), lambda: None))
    await started.index.ready(0)
    started.close()


async def test_a_damaged_index_is_built_anew_and_asked_once_more(knowledge):
    await search_until_fresh(knowledge, "rounding errors")
    knowledge.index.store.connection.execute("UPDATE words_data SET block = x'00ff' WHERE id > 1")
    answer = await search_until_fresh(knowledge, "price of the cart")
    assert answer.entries[0].path == "shop/cart.py"
    assert knowledge.index.notice == "the index was damaged; it is built anew"


async def test_an_index_that_another_process_built_anew_is_asked_from_then_on(knowledge):
    before = await search_until_fresh(knowledge, "Money")
    remove(knowledge.index.folder)
    (knowledge.root / "shop/aaa.py").write_text("def first_of_all():\n    pass\n")
    after = await search_until_fresh(knowledge, "Money")
    # In any order: the graph that ranks them may be there by now.
    assert set(after.definitions) == set(before.definitions)
