"""One quoted place replaced; what was tolerated and what broke is told in the answer."""

import pytest

from kimicode.errors import ToolError
from kimicode.events import Diff
from kimicode.messages import Text
from kimicode.tools.base import Access, ToolContext
from kimicode.tools.strreplace import StrReplace, StrReplaceArguments
from kimicode.workspace.files import Files
from kimicode.workspace.shell import Shell


@pytest.fixture
def context(tmp_path):
    (tmp_path / "f.py").write_text("def f():\n\tx = 1\n\treturn x\n")
    return ToolContext(Files(tmp_path), Shell(tmp_path, tmp_path / "spill"), lambda steps: None)


async def replace(context: ToolContext, old: str, new: str) -> str:
    outcome = await StrReplace().run(StrReplaceArguments(path="f.py", old_str=old, new_str=new), context)
    assert isinstance(outcome.content[0], Text)
    assert isinstance(outcome.display, Diff)
    return outcome.content[0].text


async def test_the_answer_shows_the_region_as_it_is_now(context):
    shown = await replace(context, "x = 1", "x = 2")
    assert shown == "Edited f.py at line 2.\n1\tdef f():\n2\t\tx = 2\n3\t\treturn x"


async def test_a_tolerance_is_told(context):
    shown = await replace(context, "    x = 1\n    return x\n", "    return 1\n")
    assert shown.splitlines()[0] == ("Edited f.py at line 2 (indentation differed, new_str was re-indented to fit).")
    assert shown.splitlines()[2] == "2\t\treturn 1"


async def test_lines_copied_from_view_with_their_numbers_are_understood(context):
    await replace(context, "2\t\tx = 1\n3\t\treturn x", "2\t\treturn 1")
    assert (context.files.root / "f.py").read_text() == "def f():\n\treturn 1\n"


async def test_broken_syntax_is_mentioned_last(context):
    shown = await replace(context, "def f():", "def f(:")
    assert shown.splitlines()[-1].startswith("warning: syntax error in line 1: ")


async def test_deleting_needs_only_an_empty_text(context):
    await replace(context, "\tx = 1\n", "")
    assert (context.files.root / "f.py").read_text() == "def f():\n\treturn x\n"


async def test_a_quote_that_is_nowhere_brings_what_is_near(context):
    with pytest.raises(ToolError, match="whitespace only") as caught:
        await replace(context, "x=1", "x=2")
    assert "2\t\tx = 1" in str(caught.value)


@pytest.mark.parametrize("old", ["old_str", "old_string", "old_text", "old"])
@pytest.mark.parametrize("new", ["new_str", "new_string", "new_text", "new"])
def test_arguments_are_understood_as_models_write_them(old, new):
    arguments = StrReplaceArguments.model_validate({"filename": "f", old: "a", new: "b"})
    assert (arguments.path, arguments.old_str, arguments.new_str) == ("f", "a", "b")


def test_the_schema_has_the_plain_names_alone():
    assert sorted(StrReplace.spec().parameters["properties"]) == ["new_str", "old_str", "path"]
    assert StrReplace.access is Access.WRITE
