"""A model calls tools with whatever it likes: each call is refused with a reason, or does what its words say."""

import asyncio
import contextlib
import json

import pytest
from pydantic import ValidationError

from kimicode.agent.calls import explain
from kimicode.agent.weighing import digest_of, weigh
from kimicode.errors import KimicodeError
from kimicode.tools.base import Access, Submitted, ToolContext
from kimicode.tools.toolset import tools
from kimicode.workspace.files import Files
from kimicode.workspace.sandbox.secretfiles import named_like_a_secret
from kimicode.workspace.shell import Shell
from tests.fakes.damage import out_of_place

HANGS_S = 30
GOOD = {
    "bash": {"command": "ls", "timeout": 5.0, "background": False, "outside_sandbox": True},
    "view": {"path": "a.py", "view_range": [1, 2]},
    "createfile": {"path": "new/b.py", "file_text": "x = 1\n"},
    "insert": {"path": "a.py", "insert_line": 1, "new_str": "y = 2"},
    "strreplace": {"path": "a.py", "old_str": "x = 1", "new_str": "x = 2"},
    "search": {"query": "x", "path": ".", "regex": False},
    "outline": {"path": "a.py"},
    "plan": {"steps": [{"title": "look", "state": "pending"}]},
    "submit": {"summary": "done"},
}
RUN = sorted(GOOD.keys() - {"bash"})


@pytest.fixture
async def context(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    shell = Shell(project, tmp_path / "out")
    hides = named_like_a_secret
    yield ToolContext(
        Files(project), shell, lambda steps: None, hides=lambda path: hides(path.name), confinement="bubblewrap 1"
    )
    await shell.close()


def accepted(tool, good):
    """The arguments that pass of all that are out of place; the others are explained."""
    for text in out_of_place(json.dumps(good).encode()):
        try:
            yield tool.arguments.model_validate_json(text)
        except ValidationError as error:
            said = explain(tool, error)
            assert tool.name in said
            assert len(said) < 3_000


def test_every_tool_is_tried():
    assert GOOD.keys() >= tools().keys()


@pytest.mark.parametrize("name", GOOD)
async def test_any_arguments_are_weighed_and_told_from_others(name, context):
    tool = tools()[name]
    for arguments in (tool.arguments(**GOOD[name]), *accepted(tool, GOOD[name])):
        assert isinstance(weigh(tool, arguments, context), Access)
        assert len(digest_of(name, arguments, context)) == 64


@pytest.mark.parametrize("name", RUN)
async def test_any_arguments_are_carried_out_or_refused_with_a_reason(name, context, tmp_path):
    tool = tools()[name]
    (tmp_path / "beside").write_text("mine")
    for arguments in (tool.arguments(**GOOD[name]), *accepted(tool, GOOD[name])):
        (context.files.root / "a.py").write_text("x = 1\n")
        context.files.read("a.py")
        async with asyncio.timeout(HANGS_S):
            with contextlib.suppress(KimicodeError, OSError, Submitted):
                await tool.run(arguments, context)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["beside", "project"]
    assert (tmp_path / "beside").read_text() == "mine"
