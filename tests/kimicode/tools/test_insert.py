"""Whole lines after a line, and the region as it is then."""

import pytest
from pydantic import ValidationError

from kimicode.errors import ToolError
from kimicode.events import Diff
from kimicode.messages import Text
from kimicode.tools.base import Access, ToolContext
from kimicode.tools.insert import Insert, InsertArguments
from kimicode.workspace.files import Files
from kimicode.workspace.shell import Shell


@pytest.fixture
def context(tmp_path):
    (tmp_path / "f.py").write_text("a = 1\nb = 2\n")
    return ToolContext(Files(tmp_path), Shell(tmp_path, tmp_path / "spill"), lambda steps: None)


async def test_the_answer_shows_the_inserted_lines_among_their_neighbours(context):
    outcome = await Insert().run(InsertArguments(path="f.py", insert_line=1, new_str="c = 3\nd = 4"), context)
    assert outcome.content == (Text("Inserted at line 2 of f.py.\n1\ta = 1\n2\tc = 3\n3\td = 4\n4\tb = 2"),)
    assert isinstance(outcome.display, Diff)
    assert (outcome.display.added, outcome.display.removed) == (2, 0)


async def test_a_line_that_is_not_there_is_refused(context):
    with pytest.raises(ToolError, match="from 0 to 2"):
        await Insert().run(InsertArguments(path="f.py", insert_line=3, new_str="x"), context)


@pytest.mark.parametrize("line", [1, "1", 1.0])
@pytest.mark.parametrize("name", ["insert_line", "line"])
@pytest.mark.parametrize("text", ["new_str", "new_string", "new_text", "new"])
def test_arguments_are_understood_as_models_write_them(line, name, text):
    arguments = InsertArguments.model_validate({"path": "f", name: line, text: "x"})
    assert (arguments.insert_line, arguments.new_str) == (1, "x")


def test_unknown_arguments_are_not_ignored():
    with pytest.raises(ValidationError, match="position"):
        InsertArguments.model_validate({"path": "f", "insert_line": 1, "new_str": "x", "position": 2})


def test_the_schema_has_the_plain_names_alone():
    assert sorted(Insert.spec().parameters["properties"]) == ["insert_line", "new_str", "path"]
    assert Insert.access is Access.WRITE
