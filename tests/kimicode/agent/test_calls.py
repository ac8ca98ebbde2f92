"""What is judged, shown and approved is what is done, whatever happens between the one and the other."""

import json

import pytest

from kimicode.agent.approval import Approval, Decision
from kimicode.agent.calls import ToolRunner
from kimicode.messages import ToolCall
from kimicode.tools.base import ToolContext
from kimicode.tools.toolset import tools
from kimicode.workspace.files import Files
from kimicode.workspace.sandbox.secretfiles import named_like_a_secret
from kimicode.workspace.shell import Shell


class Bench:
    """Runs one call; `meanwhile` happens while a person thinks about the question, which they then answer."""

    def __init__(self, root, mode, *, allowed=True, meanwhile=lambda: None, hides=None):
        self.asked = []
        self.shell = Shell(root, root.parent / "outputs")
        context = ToolContext(
            Files(root), self.shell, lambda steps: None, hides=hides or (lambda path: named_like_a_secret(path.name))
        )

        async def ask(request):
            self.asked.append(request)
            meanwhile()
            return Decision(allowed)

        async def ready():
            pass

        approval = Approval(mode, ask, lambda event: None)
        self.runner = ToolRunner(tools(), context, approval, lambda event: None, lambda: "", lambda outcome: "", ready)

    async def call(self, name, **arguments):
        (result,) = await self.runner.run([ToolCall("c1", name, json.dumps(arguments))], {})
        await self.shell.close()
        return "".join(part.text for part in result.content)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "project/a").mkdir(parents=True)
    (tmp_path / "project/.env").write_text("PIN=4711\n")
    return tmp_path / "project"


@pytest.fixture
def keys(tmp_path):
    (tmp_path / "keys").mkdir()
    return tmp_path / "keys"


@pytest.mark.parametrize("mode", ["ask", "auto-edit", "auto"])
async def test_an_edit_that_fails_does_not_tell_what_a_file_with_secrets_holds(root, mode):
    bench = Bench(root, mode, allowed=False)
    told = await bench.call("strreplace", path=".env", old_str="PIN=nothing", new_str="PIN=1")
    assert "4711" not in told
    assert len(bench.asked) == 1, "to be told is what is asked about"


async def test_once_that_was_allowed_it_is_told_as_ever(root):
    assert "4711" in await Bench(root, "ask").call("strreplace", path=".env", old_str="PIN=nothing", new_str="PIN=1")


async def test_an_approved_edit_stays_in_the_folder_that_was_shown(root, keys):
    def meanwhile():
        (root / "a").rename(root / "b")
        (root / "a").symlink_to(keys)

    told = await Bench(root, "ask", meanwhile=meanwhile).call("createfile", path="a/authorized_keys", file_text="mine")
    assert "error" in told or "denied" in told
    assert list(keys.iterdir()) == []


async def test_a_file_that_becomes_a_link_to_secrets_once_it_was_judged_is_not_shown(root):
    (root / "notes").write_text("harmless")

    def judged(path):
        path.unlink()
        path.symlink_to(".env")
        return False

    told = await Bench(root, "auto", hides=judged).call("view", path="notes")
    assert "4711" not in told
    assert "is a link" in told
