"""An edit in a project with ruff, from end to end."""

import sys
from pathlib import Path

from kimicode.llm.scripted import Reply, ScriptedServer

FIX = ("strreplace", {"path": "double.py", "old_str": "x + x + 1", "new_str": "y + x"})
LOOK = ("view", {"path": "double.py"})


async def test_the_model_is_told_what_its_edit_brought_in(kimicode):
    (kimicode.project / "pyproject.toml").write_text('[tool.ruff.lint]\nselect = ["F"]\n')
    kimicode.variables["PATH"] = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    before = {path.name for path in kimicode.project.iterdir()}
    async with ScriptedServer([Reply(calls=[FIX]), Reply(calls=[LOOK]), Reply("I see.")]) as server:
        run = await kimicode.run(server, "make it right")
    results = [record for record in run.records if record["type"] == "tool.completed"]
    texts = ["".join(part["text"] for part in record["content"]) for record in results]
    assert "double.py:2: F821 Undefined name `y`" in texts[0]
    assert "F821" not in texts[1]
    assert [record["code"] for record in run.records if record["type"] == "notice"] == ["diagnostics"]
    assert {path.name for path in kimicode.project.iterdir()} == before
    assert run.stderr == ""


async def test_they_can_be_switched_off(kimicode):
    (kimicode.project / "pyproject.toml").write_text('[tool.ruff.lint]\nselect = ["F"]\n')
    kimicode.variables |= {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "KIMICODE_DIAGNOSTICS": "false"}
    async with ScriptedServer([Reply(calls=[FIX]), Reply("I see.")]) as server:
        run = await kimicode.run(server, "make it right")
    assert "F821" not in run.stdout
