"""The shell of an episode that is played without processes: the few commands of episodes, and what they print.

Tests run in this process, by `programs.trial`.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from kimicode.events import CommandRun
from kimicode.messages import ToolSpec
from kimicode.tools.base import Access, ToolContext, ToolOutcome
from kimicode.tools.bash import BashArguments, BashTool, _for_model
from kimicode.workspace.shell import TIMEOUT_S, CommandResult
from nano_training.episodes.episode import UnplayableError
from nano_training.programs import trial

PYTHON = "/usr/bin/python3"
"""Where a Python without a folder before its name lies."""
KILLED = 143
"""The exit code of a command that was stopped: 128 and SIGTERM."""
_TESTS = re.compile(r"\S*python3? -m unittest(?P<failfast> -f)?")
_MARKS = re.compile(r"[.FE]+")
_DOUBLE = f"{'=' * 70}\n"
_ENDING = f"\n{'-' * 70}\nRan "
_PYTEST = re.compile(r"(?P<python>\S*python3?) -m pytest\b.*")
_COMPILE = re.compile(r"\S*python3? -m py_compile \S+")
_STOP = re.compile(r"job stop \d+")


class StagedBash(BashTool):
    """Starts nothing. Of a project with a text among `endless` the tests do not end, whatever they would do."""

    def __init__(self, endless: frozenset[str] = frozenset()) -> None:
        self._endless = endless
        self._jobs = 0
        self.trouble: UnplayableError | None = None
        """What kept a command from being played: the agent takes it for a tool's error, and would go on."""

    @classmethod
    def spec(cls) -> ToolSpec:
        """Nothing: what the model is told of the tools stands in `prefixes`."""
        return ToolSpec(cls.name, "", {})

    def access_of(self, arguments: BashArguments) -> Access:
        """None of these commands only reads."""
        return Access.EXECUTE

    async def run(self, arguments: BashArguments, context: ToolContext) -> ToolOutcome:
        """What the command would bring. Raises UnplayableError."""
        output, code = self._printed(arguments.command, context.files.root)
        job = None
        if code is None:
            self._jobs += 1
            job = str(self._jobs)
        result = CommandResult(output, code, job, arguments.timeout or TIMEOUT_S, False, None)
        return ToolOutcome.of(_for_model(result), CommandRun(arguments.command, output, code))

    def _printed(self, command: str, folder: Path) -> tuple[str, int | None]:
        """What a command prints in `folder`, and its exit code, None for one that goes on in the background."""
        if found := _TESTS.fullmatch(command):
            return self._tested(folder, first_only=found["failfast"] is not None)
        if found := _PYTEST.fullmatch(command):
            python = found["python"]
            return f"{folder / python if '/' in python else PYTHON}: No module named pytest\n", 1
        if _COMPILE.fullmatch(command):
            return "", 0
        if _STOP.fullmatch(command):
            return "", KILLED
        self.trouble = UnplayableError(f"a command that no episode has: {command}")
        raise self.trouble

    def _tested(self, folder: Path, *, first_only: bool) -> tuple[str, int | None]:
        """Of tests that do not end, some may have passed before."""
        files = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.py"))}
        if self._endless.isdisjoint(files.values()):
            ran = trial.run(trial.FOLDER, concerned(files))
            if ran.output != trial.TIMED_OUT:
                output = up_to_first(ran.output) if first_only else ran.output
                return output.replace(f"{trial.FOLDER}/", f"{folder}/"), 0 if ran.passed else 1
        return "." * (sum(map(len, files.values())) % 4), None


def concerned(files: Mapping[str, str]) -> dict[str, str]:
    """The tests, and what they or each other could import: files that only lie beside them change nothing."""
    texts = "\n".join(files.values())
    return {name: text for name, text in files.items() if name.startswith("test") or name.removesuffix(".py") in texts}


def up_to_first(output: str) -> str:
    """What unittest prints with `-f`, from what it prints without: it stops at the first failure."""
    marks = _MARKS.match(output)
    at = next((i for i, mark in enumerate(marks[0]) if mark in "FE"), -1) if marks else -1
    if marks is None or at < 0:
        return output
    kind = "ERROR" if marks[0][at] == "E" else "FAIL"
    blocks = output.split(_DOUBLE)[1:]
    block = next(block for block in blocks if block.startswith(f"{kind}: "))
    block = block.partition(_ENDING)[0] if _ENDING in block else block[:-1]
    seconds = output.rpartition(" in ")[2].partition("\n")[0]
    told = f"FAILED ({'errors' if kind == 'ERROR' else 'failures'}=1)"
    ran = f"{at + 1} test{'s' * (at > 0)} in {seconds}"
    return f"{marks[0][: at + 1]}\n{_DOUBLE}{block}{_ENDING}{ran}\n\n{told}\n"
