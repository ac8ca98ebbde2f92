"""New files, with folders, never over an old one; and the size of what all four file tools tell the model."""

import json

import pytest

from kimicode.errors import ToolError
from kimicode.events import Diff
from kimicode.messages import Text
from kimicode.tools.base import Access, ToolContext
from kimicode.tools.createfile import CreateFile, CreateFileArguments
from kimicode.tools.insert import Insert
from kimicode.tools.strreplace import StrReplace
from kimicode.tools.view import View
from kimicode.workspace.files import Files
from kimicode.workspace.shell import Shell


@pytest.fixture
def context(tmp_path):
    return ToolContext(Files(tmp_path), Shell(tmp_path, tmp_path / "spill"), lambda steps: None)


async def test_a_file_is_created_and_the_answer_is_short(context):
    arguments = CreateFileArguments(path="src/new.py", file_text="x = 1\ny = 2\n")
    outcome = await CreateFile().run(arguments, context)
    assert outcome.content == (Text("Created src/new.py (2 lines)."),)
    assert isinstance(outcome.display, Diff)
    assert outcome.display.created
    assert (context.files.root / "src/new.py").read_text() == "x = 1\ny = 2\n"


async def test_broken_syntax_is_mentioned(context):
    outcome = await CreateFile().run(CreateFileArguments(path="a.py", file_text="x = (\n"), context)
    assert isinstance(outcome.content[0], Text)
    assert outcome.content[0].text.splitlines()[1].startswith("warning: syntax error in line 1")


async def test_an_existing_file_is_left_alone(context):
    (context.files.root / "f").write_text("old")
    with pytest.raises(ToolError, match="strreplace"):
        await CreateFile().run(CreateFileArguments(path="f", file_text="new"), context)
    assert (context.files.root / "f").read_text() == "old"


@pytest.mark.parametrize("name", ["file_text", "content", "text", "contents", "file_content"])
def test_the_text_has_many_names_for_models_and_one_in_the_schema(name):
    assert CreateFileArguments.model_validate({"file_path": "f", name: "x"}).file_text == "x"
    assert sorted(CreateFile.spec().parameters["properties"]) == ["file_text", "path"]
    assert CreateFile.access is Access.WRITE


def test_the_file_tools_cost_few_tokens():
    words = 0.0
    for tool in (View, CreateFile, Insert, StrReplace):
        spec = tool.spec()
        assert 1.4 * len(spec.description.split()) <= 60
        words += 1.4 * len(spec.description.split()) + len(json.dumps(spec.parameters)) / 4
    assert words <= 500
