"""What the staged shell prints is what the product's own bash tool brings for the same command in the same folder."""

import asyncio
import re

import pytest

from kimicode.tools.base import ToolContext
from kimicode.tools.bash import BashArguments, BashTool
from kimicode.workspace.files import Files
from kimicode.workspace.shell import Shell
from nano_training.episodes.episode import UnplayableError
from nano_training.episodes.stage import StagedBash

ENDLESS = """import unittest


class TestA(unittest.TestCase):
    def test_it(self):
        while True:
            pass
"""


async def brought(tool, folder, *commands, timeout=1.0):
    """What the model is told of each command."""
    shell = Shell(folder, folder / "outputs")
    context = ToolContext(Files(folder), shell, lambda steps: None)
    try:
        outcomes = [await tool.run(BashArguments(command=command, timeout=timeout), context) for command in commands]
    finally:
        await shell.close()
    return [outcome.content[0].text for outcome in outcomes]


def test_tests_that_do_not_end_go_on_as_a_job_and_are_stopped(tmp_path):
    (tmp_path / "test_a.py").write_text(ENDLESS + "#" * (-len(ENDLESS) % 4))
    commands = ("python3 -m unittest", "job stop 1", "python3 -m unittest", "job stop 2")
    actual = asyncio.run(brought(BashTool(), tmp_path, *commands))
    assert "still running after 1 s, in the background as job 1" in actual[0]
    assert asyncio.run(brought(StagedBash(), tmp_path, *commands)) == actual


def test_a_file_that_compiles_says_nothing(tmp_path):
    (tmp_path / "a.py").write_text("ONE = 1\n")
    actual = asyncio.run(brought(BashTool(), tmp_path, "python3 -m py_compile a.py", timeout=30))
    assert actual == asyncio.run(brought(StagedBash(), tmp_path, "python3 -m py_compile a.py"))


def test_what_no_episode_has_is_not_played(tmp_path):
    staged = StagedBash()
    with pytest.raises(UnplayableError, match="rm"):
        asyncio.run(brought(staged, tmp_path, "rm -r /"))
    assert staged.trouble is not None


MIXED = """import unittest


class TestA(unittest.TestCase):
    def test_a(self):
        self.assertEqual(1, 1)

    def test_b(self):
        self.assert{b}

    def test_c(self):
        self.assert{c}

    def test_d(self):
        self.assert{b}
"""


@pytest.mark.parametrize(
    ("b", "c"), [("Equal(1, 2)", "Nothing"), ("Nothing", "Equal(1, 2)"), ("Equal(1, 1)", "True(0)")]
)
def test_with_f_it_stops_at_the_first_failure(tmp_path, b, c):
    (tmp_path / "test_a.py").write_text(MIXED.format(b=b, c=c))
    for command in ("python3 -m unittest -f", "python3 -m unittest"):
        (actual,) = asyncio.run(brought(BashTool(), tmp_path, command, timeout=30))
        (staged,) = asyncio.run(brought(StagedBash(), tmp_path, command))
        assert re.sub(r"in \d+\.\d+s", "in 0.000s", actual) == staged


def test_with_f_all_that_passes_is_the_same_and_so_is_a_module_that_cannot_be_imported(tmp_path):
    for text in (MIXED.format(b="True(1)", c="True(1)"), "import no_such_thing_here\n"):
        (tmp_path / "test_a.py").write_text(text)
        (actual,) = asyncio.run(brought(BashTool(), tmp_path, "python3 -m unittest -f", timeout=30))
        (staged,) = asyncio.run(brought(StagedBash(), tmp_path, "python3 -m unittest -f"))
        assert re.sub(r"in \d+\.\d+s", "in 0.000s", actual) == staged
