"""Where a demonstration takes place: a small project in a folder of its own, and its tests, run as anybody would."""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kimicode.cli.demo_bugs import DemoBug
from kimicode.config import nano
from kimicode.errors import DiskError, KimicodeError
from kimicode.git import command as git
from kimicode.workspace.discard import discard
from kimicode.workspace.sandbox import layers
from kimicode.workspace.sandbox.sandbox import Sandbox
from kimicode.workspace.sandbox.supervisor import hindrance_of
from kimicode.workspace.sandbox.workspace import Place as Roots
from kimicode.workspace.sandbox.workspace import policy_for
from kimicode.workspace.shell import Shell

COMMAND = "python3 -m unittest"
TESTS_S = 20.0
_README = """\
# {module}

`{module}.py`, and its tests in `test_{module}.py`. They are run with

    {command}
"""
_RULES = 'allow = ["bash: python3 -m unittest", "bash: python -m unittest"]\n'
"""Where nothing confines commands, the agent may run the tests and nothing else."""
_HEAD = re.compile(r"^(FAIL|ERROR): (\w+)", re.MULTILINE)
_COUNT = re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE)
_IDENTITY = {
    **{f"GIT_{who}_NAME": "kimicode demo" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "demo@localhost" for who in ("AUTHOR", "COMMITTER")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the tests said: whether all passed, how many there are (0: not known), names of those that failed."""

    passed: bool
    count: int
    failed: tuple[str, ...]
    reason: str
    """The first failure's own last line."""


@dataclass(frozen=True, slots=True)
class Place:
    """`project` is what the agent gets; the rest of `scratch` is the demonstration's own."""

    scratch: Path
    project: Path
    bug: DemoBug

    @property
    def home(self) -> Path:
        """What stands for the person's own folders: their settings and records have no part in this."""
        return self.scratch / "home"

    def clear(self) -> None:
        discard(self.scratch)

    @property
    def tests_changed(self) -> bool:
        return _text(self.project / self.bug.test_path) != self.bug.tests

    async def test(self) -> Outcome:
        """Run the original tests on the module as it now is, on a copy, confined where that can be had."""
        with tempfile.TemporaryDirectory(dir=self.scratch, prefix="check-") as name:
            folder = Path(name)
            (folder / self.bug.path).write_text(_text(self.project / self.bug.path), "utf-8")
            (folder / self.bug.test_path).write_text(self.bug.tests, "utf-8")
            shell = Shell(folder, self.scratch / "outputs", sandbox=_sandbox(folder, self.scratch))
            try:
                result = await shell.run(COMMAND, timeout=TESTS_S)
            finally:
                await shell.close()
        return outcome_of(result.output, result.exit_code)


def make(bug: DemoBug) -> Place:
    """A new folder with the broken project in it, committed where there is git. Raises DiskError."""
    try:
        scratch = Path(tempfile.mkdtemp(prefix="kimicode-demo-")).resolve()
    except OSError as error:
        raise DiskError.from_os("make a folder in", tempfile.gettempdir(), error) from error
    place = Place(scratch, scratch / bug.module, bug)
    try:
        place.project.mkdir()
        for folder in (place.home, scratch / "tmp"):
            folder.mkdir()
        (place.home / "rules.toml").write_text(_RULES, "utf-8")
        (place.project / bug.path).write_text(bug.broken, "utf-8")
        (place.project / bug.test_path).write_text(bug.tests, "utf-8")
        (place.project / "README.md").write_text(_README.format(module=bug.module, command=COMMAND), "utf-8")
        _commit(place.project)
    except OSError as error:
        place.clear()
        raise DiskError.from_os("write the project to", scratch, error) from error
    except BaseException:
        place.clear()
        raise
    return place


@contextlib.contextmanager
def environment(place: Place) -> Iterator[dict[str, str]]:
    """The variables of the demonstration, in force inside: nothing of the person's own configuration counts, and all
    temporary files of the agent are in the place that is cleared."""
    before, temporary = dict(os.environ), tempfile.tempdir
    for name in [name for name in os.environ if name.startswith("KIMICODE_") and name != nano.VARIABLE]:
        del os.environ[name]
    os.environ["KIMICODE_HOME"] = str(place.home)
    tempfile.tempdir = os.environ["TMPDIR"] = str(place.scratch / "tmp")
    # What kimicode runs on is new enough, and prints failures in the words that the model was trained on.
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    try:
        yield dict(os.environ)
    finally:
        tempfile.tempdir = temporary
        os.environ.clear()
        os.environ.update(before)


def outcome_of(output: str, exit_code: int | None) -> Outcome:
    """What unittest's own words come to. A module that ends the process early has passed nothing."""
    counted = _COUNT.search(output)
    failed = tuple(dict.fromkeys(name for _, name in _HEAD.findall(output)))
    passed = exit_code == 0 and counted is not None and output.rstrip().endswith("OK")
    return Outcome(passed, int(counted[1]) if counted else 0, failed, "" if passed else _reason(output))


def _reason(output: str) -> str:
    """The last line of the first failure: what was raised, or which values differ."""
    block = re.split(r"^={20,}$", output, flags=re.MULTILINE)[1:2]
    lines = [line for line in (block or [output])[0].split("-" * 70)[:2][-1].strip().splitlines() if line.strip()]
    raised = [line for line in lines if re.match(r"\w[\w.]*(Error|Exception|Warning|Interrupt|Iteration)\b", line)]
    return (raised or lines or [""])[-1].strip()


def _commit(folder: Path) -> None:
    """Make it a repository, where git can: that is nothing a demonstration fails of."""
    environment = {**_IDENTITY, "GIT_DIR": str(folder / ".git"), "GIT_WORK_TREE": str(folder)}
    with contextlib.suppress(KimicodeError):
        for step in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "Start"]):
            git.run(step, cwd=folder, env=environment)


def _sandbox(folder: Path, scratch: Path) -> Sandbox | None:
    layer = layers.find()
    if layer.name == "none":
        return None
    private = Path(tempfile.mkdtemp(dir=scratch, prefix="sandbox-"))
    policy = policy_for(Roots([folder], private, cache=scratch / "cache"))
    return None if hindrance_of(layer, policy) else Sandbox(layer, policy)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
