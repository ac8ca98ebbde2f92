"""Ordinary work: over 200 commands need no question in auto mode, and do the same in the sandbox as without one.

Making and testing in Node, C and Rust takes its time: `pytest -m slow tests/kimicode/workspace/test_everyday.py`.
"""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from kimicode.agent.approval import Approval, Asked, command_shown
from kimicode.agent.decision import Decision
from kimicode.agent.rulebook import Rules
from kimicode.tools.base import Access
from kimicode.tools.bash import BashArguments, BashTool
from kimicode.workspace.sandbox.sandbox import Sandbox
from kimicode.workspace.sandbox.workspace import Place, policy_for
from kimicode.workspace.shell import Shell
from tests.fakes import projects
from tests.fakes.confined import walls

LIST = Path(__file__).with_name("everyday.txt")
FEWEST, FEWEST_OF_PROJECT = 200, 5
_OF_SHELL = frozenset({"for", "while", "cd", "export", "trap", "set", "exec", "type", "time", "ulimit"})


def commands():
    """(project, kind, command) of each line."""
    project = ""
    for line in LIST.read_text("utf-8").splitlines():
        if line.startswith("["):
            project = line.strip("[]")
        elif line[:2] in ("= ", "~ ", "- ", "! "):
            yield project, line[0], line[2:]


ALL = tuple(commands())
WITHOUT_BUBBLEWRAP = ("multiprocessing", "ProcessPoolExecutor", "/tmp/", "createServer", "script -qec")
"""Landlock alone has no /dev/shm, /tmp, network and terminals, and says so among its gaps."""


class Person:
    """Allows nothing, and counts how often it is asked."""

    def __init__(self):
        self.asked = []

    async def __call__(self, request):
        self.asked.append(request.question)
        return Decision(False)


async def judged(mode, *, contained=True):
    """Questions and refusals of one mode over all commands."""
    person = Person()
    approval = Approval(mode, person, lambda event: None, Rules.load(), contained=contained)
    for _, _, command in ALL:

        async def preview(command=command):
            return command_shown(command)

        access = BashTool().access_of(BashArguments(command=command))
        await approval.decide(Asked("c", "bash", access, f"bash: {command}", command, "/x", preview))
    return len(person.asked), approval.denied


async def test_ordinary_work_needs_no_question_in_auto_mode():
    assert len(ALL) >= FEWEST
    assert await judged("auto") == (0, 0)


async def test_the_same_work_is_asked_about_where_nothing_confines_it_or_the_mode_says_so():
    reading = sum(BashTool().access_of(BashArguments(command=command)) is Access.READ for _, _, command in ALL)
    expected = len(ALL) - reading
    assert reading > len(ALL) // 5
    assert await judged("ask") == (expected, expected)
    assert await judged("auto", contained=False) == (expected, expected)


def is_here(command):
    """Whether the program that comes first is on this machine, or is one of the shell or the project."""
    program = command.split()[0]
    return not program.isalnum() or program in _OF_SHELL or shutil.which(program) is not None


async def outcomes(project, folder, sandbox):
    """(exit code, output) of each command of a project; paths do not differ between two folders."""
    environment = {**os.environ, **projects.DATED, "TZ": "UTC", "LANG": "C.UTF-8"}
    shell = Shell(folder, folder.parent / "spill", sandbox=sandbox, environment=environment)
    found = {}
    try:
        for name, kind, command in ALL:
            if name == project and kind != "-" and is_here(command):
                result = await shell.run(command, timeout=40)
                text = result.output.replace(str(folder), "FOLDER")
                found[command] = (result.exit_code, text if kind in "=!" else "")
    finally:
        await shell.close()
    return found


def differs_by_design(project, way):
    """Commands that are known to do something else in that layer."""
    for name, kind, command in ALL:
        if name == project and (
            kind == "!" if way == "bubblewrap" else any(part in command for part in WITHOUT_BUBBLEWRAP)
        ):
            yield command


QUICK = ("git", "data")
PROJECTS = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in projects.FILES]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", ["bubblewrap", pytest.param("landlock", marks=pytest.mark.slow)])
@pytest.mark.parametrize("project", PROJECTS)
async def test_a_command_does_the_same_in_the_sandbox(project, way, tmp_path):
    places = [tmp_path / world / "project" for world in ("bare", "boxed")]
    for place in places:
        projects.make(project, place)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    box = Sandbox(walls(way), policy_for(Place((places[1],), scratch)))
    bare, boxed = await asyncio.gather(outcomes(project, places[0], None), outcomes(project, places[1], box))
    if len(bare) < FEWEST_OF_PROJECT:
        pytest.skip("its programs are not here")
    different = {each for each in bare if bare[each] != boxed[each]}
    unexpected = different ^ {each for each in differs_by_design(project, way) if each in bare}
    told = "\n\n".join(f"{each}\n{bare[each]}\n{boxed[each]}" for each in unexpected)
    assert not told, told
