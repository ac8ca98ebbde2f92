"""The outline tool as a model calls it."""

import pytest

from kimicode.errors import ToolError
from kimicode.tools.base import ToolContext
from kimicode.tools.outline import Outline, OutlineArguments
from kimicode.workspace.files import Files
from kimicode.workspace.shell import Shell


@pytest.fixture
def context(tmp_path):
    return ToolContext(Files(tmp_path), Shell(tmp_path, tmp_path / "spill"), lambda steps: None)


async def said(context, path):
    return (await Outline().run(OutlineArguments(path=path), context)).content[0].text


async def test_definitions_with_their_lines(context, tmp_path):
    (tmp_path / "a.go").write_text(
        "package a\n\ntype T struct {\n\tn int\n}\n\nfunc (t T) M() int {\n\treturn t.n\n}\n"
    )
    assert "3-5 T struct" in await said(context, "a.go")
    assert "7-9 func (t T) M() int" in await said(context, "a.go")


async def test_a_file_without_definitions_points_at_view(context, tmp_path):
    (tmp_path / "a.txt").write_text("words\n")
    assert await said(context, "a.txt") == "[no definitions found; use view]"


async def test_what_is_missing_or_binary_is_said(context, tmp_path):
    (tmp_path / "b").write_bytes(b"\0\1\2\0")
    with pytest.raises(ToolError, match="binary"):
        await said(context, "b")
    with pytest.raises(ToolError, match="no such file"):
        await said(context, "c")
