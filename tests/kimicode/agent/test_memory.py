"""What is shown to a model that did not ask for it: never what it would have to ask for."""

import pytest

from kimicode.agent.memory import WorkingMemory
from kimicode.events import CommandRun
from kimicode.tools.base import ToolOutcome
from kimicode.workspace.files import Files
from kimicode.workspace.sandbox.secretfiles import named_like_a_secret


@pytest.fixture
def memory(tmp_path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/.env").write_text("PIN=4711\n")
    (tmp_path / "conf/app.py").write_text("read()\n")
    return WorkingMemory(Files(tmp_path), lambda path: named_like_a_secret(path.name))


def failing(output):
    return ToolOutcome.of(output, CommandRun("make", output, 1))


def test_a_failing_command_cannot_have_a_file_with_secrets_shown_by_naming_it(memory):
    shown = memory.enrich(failing("error in ./conf/.env, and in conf/app.py\n"))
    assert "read()" in shown
    assert "4711" not in shown


def test_nor_by_a_link_to_it_with_a_harmless_name(memory, tmp_path):
    (tmp_path / "conf/notes.txt").symlink_to(".env")
    assert "4711" not in memory.enrich(failing("error in conf/notes.txt\n"))


def test_a_file_seen_before_that_became_a_link_to_secrets_is_not_in_the_note(memory, tmp_path):
    memory.files.read("conf/app.py")
    (tmp_path / "conf/app.py").unlink()
    (tmp_path / "conf/app.py").symlink_to(".env")
    assert "4711" not in memory.state((), 1000)
