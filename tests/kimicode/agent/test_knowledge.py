"""What a session tells its index, and the map that goes with the first prompt."""

import pytest

from kimicode.agent.knowledge import FEWEST_FILES, begin, end, knowledge_of, map_for, observe
from kimicode.displays import CommandRun, Diff
from kimicode.events import ToolCompleted
from kimicode.index.knowledge import Knowledge
from kimicode.index.service import Index
from tests.fakes.indexed import SHOP, plant

MANY = {**SHOP, **{f"more/m{i}.py": f"def more{i}():\n    return Money({i})\n" for i in range(FEWEST_FILES)}}


def completed(display):
    return ToolCompleted("c1", "tool", False, (), display, 0.0, {})


@pytest.fixture
async def knowledge(tmp_path):
    opened = Knowledge(Index(tmp_path / "index", plant(tmp_path / "tree", MANY), lambda: None))
    assert await opened.index.ready(20)
    yield opened
    await end(opened)


async def test_the_first_prompt_brings_the_map_with_what_it_names_in_front(knowledge):
    text = await map_for(knowledge, "why does acquire_file_lock hang?")
    assert text.startswith("<repository-map>\nshop/storage.py\n")
    assert text.endswith("\n</repository-map>")


async def test_a_small_project_needs_none_and_without_an_index_there_is_none(tmp_path):
    small = Knowledge(Index(tmp_path / "index", plant(tmp_path / "tree"), lambda: None))
    assert await small.index.ready(20)
    assert await map_for(small, "anything") == ""
    assert await map_for(None, "anything") == ""
    await end(small)


async def test_an_index_that_cannot_be_read_costs_the_map_alone(tmp_path):
    (tmp_path / "index").write_text("a file where the folder should be")
    broken = Knowledge(Index(tmp_path / "index", plant(tmp_path / "tree", MANY), lambda: None))
    assert await map_for(broken, "anything") == ""
    await end(broken)


@pytest.mark.parametrize("display", [CommandRun("make", "", 0), CommandRun("sleep", "", None)])
async def test_a_command_makes_the_next_question_look_again(knowledge, display):
    (knowledge.root / "made.py").write_text("def freshly_made():\n    pass\n")
    observe(knowledge, knowledge.root, completed(display))
    answer, _ = await knowledge.search("freshly_made", below="", regex=False, seen=())
    assert [symbol.path for symbol in answer.definitions] == ["made.py"]


async def test_a_command_that_only_read_costs_nothing(knowledge):
    observe(knowledge, knowledge.root, completed(CommandRun("ls", "", 0, read_only=True)))
    assert await knowledge.index.ready(0)


async def test_an_edit_is_indexed_by_itself(knowledge):
    before = knowledge.index.store.generation
    (knowledge.root / "shop/cart.py").write_text("class Basket:\n    pass\n")
    observe(knowledge, knowledge.root / "shop", completed(Diff("cart.py", "", 1, 1)))
    knowledge.index.changed()
    answer, _ = await knowledge.search("Basket", below="", regex=False, seen=())
    assert answer.definitions
    assert knowledge.index.store.generation > before


async def test_nothing_is_nobodys_business(tmp_path):
    observe(None, tmp_path, completed(None))
    await begin(None)
    await end(None)


def test_a_folder_without_git_has_an_index_of_its_own(tmp_path):
    assert knowledge_of(None, tmp_path).root == tmp_path.resolve()
