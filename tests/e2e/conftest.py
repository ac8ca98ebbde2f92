"""The command line as a user has it: its own process, a home of its own, a scripted model behind real HTTP."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.warm import passed_on

BROKEN = "def double(x):\n    return x + x + 1\n"
FIXED = "def double(x):\n    return x + x\n"


@dataclass
class Finished:
    """A run that is over."""

    code: int
    stdout: str
    stderr: str

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def result(self) -> dict[str, Any]:
        """The last record, which is the only result."""
        results = [record for record in self.records if record["type"] == "result"]
        assert len(results) == 1, f"{len(results)} results: {self.stdout[-2000:]} {self.stderr}"
        assert self.records[-1] == results[0]
        assert results[0]["exit_code"] == self.code
        return results[0]


@dataclass
class CommandLine:
    """`kimicode` in `project`, with nothing of this machine's configuration."""

    project: Path
    home: Path
    python: Callable[..., Awaitable[Any]]
    variables: dict[str, str] = field(default_factory=dict)

    async def start(self, *arguments: str, **options: Any) -> Any:
        own = {"HOME": str(self.home), "KIMICODE_HOME": str(self.home / "kimicode")}
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        environment = passed_on() | own | self.variables
        return await self.python("kimicode", *arguments, cwd=self.project, env=environment, **streams)

    async def __call__(self, *arguments: str, **options: Any) -> Finished:
        process = await self.start(*arguments, **options)
        return await over(process)

    async def run(self, server: Any, *arguments: str) -> Finished:
        """`kimicode run --output stream-json` against a server."""
        return await self("run", "--base-url", server.base_url, "--output", "stream-json", *arguments)


async def cold(module: str, *arguments: str, **options: Any) -> Any:
    """`python -m module` as anybody starts it."""
    return await asyncio.create_subprocess_exec(sys.executable, "-m", module, *arguments, **options)


async def over(process: Any, stop: signal.Signals | None = None) -> Finished:
    if stop is not None:
        process.send_signal(stop)
    out, err = await asyncio.wait_for(process.communicate(), 30)
    return Finished(process.returncode, (out or b"").decode(), (err or b"").decode())


@pytest.fixture(scope="session")
def python(warm_python):
    """What starts a module as a program; with `TESTS_COLD=1` each one has an interpreter of its own."""
    return cold if "TESTS_COLD" in os.environ else warm_python.start


@pytest.fixture
def kimicode(tmp_path, python):
    """A project with a bug and a check that shows it, under git."""
    project = tmp_path / "project ☂"
    project.mkdir()
    (project / "double.py").write_text(BROKEN)
    (project / "check.py").write_text("from double import double\nassert double(2) == 4, double(2)\n")
    git(project, "init", "-q", "-b", "main")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "start")
    home = tmp_path / "home"
    home.mkdir()
    return CommandLine(project, home, python)


def git(project: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    return subprocess.run(
        ("git", *identity, *arguments), cwd=project, check=True, capture_output=True, text=True, timeout=30
    ).stdout
