"""What a command starts with and what it leaves to the next one: environment variables and the working directory.

No shell lives between calls. Each command is a new one that at its end writes its directory and exported variables to
a private file. That file is data, checked and never executed: a missing or damaged one changes nothing.
"""

import os
import re
import shlex
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kimicode.config.catalog import HOSTED
from kimicode.workspace.processes import MARK_VARIABLE

UNATTENDED = {
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "MANPAGER": "cat",
    "EDITOR": "true",
    "GIT_EDITOR": "true",
    "GIT_TERMINAL_PROMPT": "0",
    "DEBIAN_FRONTEND": "noninteractive",
    "NO_COLOR": "1",
    "TERM": "dumb",
    "PYTHONUNBUFFERED": "1",
}
"""Nobody is there to answer or to turn pages. CI is not set: projects test other things where it is."""

_STATE_LIMIT = 1024 * 1024
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Variables that make a shell run or do something before the command itself, and those each shell sets anew.
_STARTUP = frozenset({"BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS", "PROMPT_COMMAND", "PS4"})
_VOLATILE = frozenset({"_", "SHLVL", "PWD", MARK_VARIABLE})
_OWN_SECRET = re.compile(r"KIMICODE_\w*(KEY|TOKEN|SECRET)")


@dataclass(frozen=True, slots=True)
class ShellState:
    """Where a command ended, and the variables that it exported."""

    cwd: Path
    variables: dict[str, str]


def child_variables(inherited: Mapping[str, str]) -> dict[str, str]:
    """The variables of a first command: those inherited without the agent's keys, set up for unattended work."""
    keys = {variable for provider in HOSTED for variable in provider.key_variables}
    kept = {name: value for name, value in inherited.items() if name not in keys and not _OWN_SECRET.fullmatch(name)}
    # A repository must not have `git status`, which only reads, start a program.
    return {**_portable(kept), **UNATTENDED, **git_settings(kept, [("core.fsmonitor", "false")])}


def git_settings(variables: Mapping[str, str], settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """git's own way to pass settings by variables: those to add to `variables`, in which some may be passed already."""
    count = variables.get("GIT_CONFIG_COUNT", "0")
    first = int(count) if count.isdecimal() else 0
    added = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (key, value) in enumerate(settings, first):
        added |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return added


def wrap(command: str, shell: str, state_file: Path, token: str) -> tuple[str, str, str]:
    """What to put behind `-c`: runs `command` and at its end, however it comes about, saves the state to `state_file`.

    Exit code, positional parameters, and the line numbers in messages, which begin with `shell`, are those of the bare
    command.
    """
    # Everything that a command may have switched on (-e, -u, -x, noclobber) must not disturb the saving. It is done
    # after the command, and in a trap for a command that exits; a command may set a trap of its own.
    target = shlex.quote(str(state_file))
    save = (
        f"{{ [ -s {target} ] || {{ set +eux; {{ command pwd; printf '\\0'; /usr/bin/env -0; printf %s {token}; }} "
        f">|{target}; }}; }} 2>/dev/null"
    )
    run = 'KIMICODE_COMMAND=$1; shift; eval "$KIMICODE_COMMAND"; set -- "$?"'
    return (f'trap {shlex.quote(save)} EXIT; {run}; {save}; exit "$1"', shell, command)


def load(state_file: Path, token: str) -> ShellState | None:
    """The state that a wrapped command saved; None where it is missing, incomplete, or not what the wrapper writes."""
    data = _read_regular(state_file)
    if data is None or not data.endswith(b"\0" + token.encode()):
        return None
    cwd, *entries = os.fsdecode(data[: -len(token) - 1]).split("\0")
    if not cwd.startswith("/") or not cwd.endswith("\n"):
        return None
    pairs = (entry.partition("=") for entry in entries)
    return ShellState(Path(cwd[:-1]), _portable({name: value for name, _, value in pairs}))


def _portable(variables: Mapping[str, str]) -> dict[str, str]:
    """Without exported functions, start-up files, and what belongs to one shell alone."""
    left_behind = _STARTUP | _VOLATILE
    return {n: v for n, v in variables.items() if _NAME.fullmatch(n) and n not in left_behind}


def _read_regular(path: Path) -> bytes | None:
    """The bytes of a regular file of bounded size; a link, a pipe or a flood gives None, and nothing blocks."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(_STATE_LIMIT + 1)
    return data if len(data) <= _STATE_LIMIT else None
