"""Runs git through GitPython, hardened: no hook, pager, monitor, external diff, prompt or network access can start.

The only place that imports `git`, and only when a command runs: the import takes a tenth of a second.
"""

import contextlib
import functools
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kimicode import programs
from kimicode.errors import KimicodeError

TIMEOUT_S = 120.0
OLDEST = (2, 31)
"""What names a repository's own settings, and takes others from the environment, came with it (March 2021)."""

_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.untrackedCache=false",
    "core.safecrlf=false",
    "core.fsync=none",
    "diff.ignoreSubmodules=dirty",
    "submodule.recurse=false",
    "protocol.allow=never",
    "core.sshCommand=false",
    "credential.helper=",
    "commit.gpgSign=false",
    "gpg.program=false",
    "log.showSignature=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "advice.addEmbeddedRepo=false",
)
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_CONFIG_COUNT": "0",
    "GIT_CONFIG_PARAMETERS": "",
    "GIT_EXTERNAL_DIFF": "",
    "GIT_EDITOR": "false",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "LC_ALL": "C",
}


_GIT = "GIT_PYTHON_GIT_EXECUTABLE"
_RUNNING: dict[subprocess.Popen[bytes], Path] = {}


class GitError(KimicodeError):
    """A git command failed; the message holds what git said."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a git command wrote, and its exit status."""

    status: int
    output: bytes
    errors: str

    @property
    def line(self) -> str:
        return self.output.decode("utf-8", "backslashreplace").strip()


def missing() -> str:
    """Why git cannot be run at all, or an empty string."""
    program = programs.find("git")
    if program is None:
        return "git is not installed, or not in PATH"
    try:
        with _named(program):
            import git  # noqa: F401
    except ImportError:  # GitPython raises it where the binary that it found does not run
        return "git is installed but does not run"
    found = _version(program, os.stat(program).st_mtime_ns)
    return "" if found >= OLDEST else f"git {_dotted(found)} is too old: kimicode needs {_dotted(OLDEST)}"


@functools.lru_cache(8)
def _version(_program: str, _changed: int) -> tuple[int, ...]:
    """Of the git that stands there since then. Asked before each command it would double the processes."""
    import git

    return tuple(git.Git().version_info[:2])


@contextlib.contextmanager
def _named(program: str) -> Iterator[None]:
    """GitPython runs the git of PATH as soon as it is imported, unless it is told of another one."""
    if _GIT in os.environ or "git" in sys.modules:
        yield
        return
    os.environ[_GIT] = program
    try:
        yield
    finally:
        del os.environ[_GIT]


def _dotted(numbers: Sequence[int]) -> str:
    return ".".join(map(str, numbers))


def run(
    arguments: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    check: bool = True,
    feed: bytes = b"",
    settings: Sequence[tuple[str, str]] = (),
    patience: float = TIMEOUT_S,
) -> Answer:
    """Run one git command in `cwd`; `env` says which repository (GIT_DIR and friends) it works on, `feed` is its stdin.

    `settings` are for this command alone and win over all others. Raises GitError if git is missing, takes longer than
    `patience` seconds, is stopped, or (with `check`) fails.
    """
    if reason := missing():
        raise GitError(reason)
    from git import Git
    from git.exc import GitCommandNotFound

    assigned = [*_SETTINGS, *(f"{key}={value}" for key, value in settings)]
    options = [word for setting in assigned for word in ("-c", setting)]
    words = [Git.GIT_PYTHON_GIT_EXECUTABLE or "git", *options, *arguments]
    with tempfile.TemporaryFile() if feed else contextlib.nullcontext() as stdin:
        if stdin is not None:
            stdin.write(feed)
            stdin.seek(0)
        try:
            # GitPython ends the process when its handle is forgotten. A group of its own: Ctrl-C is for us, `stop` for
            # it.
            handle = Git(cwd).execute(
                words,
                env={**_ENVIRONMENT, "PATH": programs.places(), **env},
                as_process=True,
                process_group=0,
                istream=stdin,
            )
        except GitCommandNotFound as error:
            raise GitError(f"git could not be started in {cwd}") from error
        assert handle.proc is not None
        status, output, errors = _finish(handle.proc, cwd, patience)
    said = errors.decode("utf-8", "replace")
    if status < 0:
        raise GitError(f"git {arguments[0]} took too long in {cwd}, or was stopped")
    if check and status != 0:
        raise GitError(f"git {arguments[0]} failed in {cwd}: {said.strip() or f'exit status {status}'}")
    return Answer(status, output, said)


def stop(cwd: Path | None = None) -> None:
    """Kill the commands that run in `cwd`, or all, from any thread; whoever waits for one gets a GitError."""
    for process, folder in tuple(_RUNNING.items()):
        if cwd in (None, folder):
            _kill(process)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """With all that it started and that would keep its pipes open."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _finish(process: "subprocess.Popen[bytes]", cwd: Path, patience: float) -> tuple[int, bytes, bytes]:
    _RUNNING[process] = cwd
    try:
        output, errors = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        _kill(process)
        output, errors = process.communicate()
    finally:
        del _RUNNING[process]
    return process.returncode, output, errors


def version() -> str | None:
    """The version of the git binary, such as "2.39.5"; None without git."""
    if missing():
        return None
    return run(["version"], cwd=Path.cwd(), env={}).line.removeprefix("git version ")
