"""Finding and ending every process that a command left behind, those that left its process group included.

On Linux a process is known by its group, its session, its parents and a mark in its environment (/proc). Elsewhere `ps`
gives groups and parents alone: there a daemon that leaves its session and outlives its parent is not found.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from kimicode import programs

MARK_VARIABLE = "KIMICODE_JOB"
TERMINATE_GRACE_S = 2.0
_POLL_S = 0.02
_KILL_ROUNDS = 50
_KILL_AT_ONCE_ROUNDS = 5
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """A living process (no zombie); `marks` is the value of its mark variable, empty where it cannot be read."""

    pid: int
    parent: int
    group: int
    session: int
    marks: str
    name: str


def family(mark: str, groups: Collection[int] = ()) -> list[Process]:
    """All living processes that carry `mark` or belong to one of `groups`, and all descendants of theirs."""
    table = running()
    found = {p.pid for p in table if mark in p.marks or p.group in groups or p.session in groups}
    size = -1
    while size != len(found):
        size = len(found)
        found |= {p.pid for p in table if p.parent in found}
    return [p for p in table if p.pid in found and p.pid != os.getpid()]


def running() -> list[Process]:
    """Every living process that can be seen."""
    if not (_PROC / "self" / "stat").exists():
        return list_with_ps()
    return [p for entry in os.listdir(_PROC) if entry.isdigit() and (p := _read(entry)) is not None]


def _read(pid: str) -> Process | None:
    """One process from /proc; None where it is gone or a zombie."""
    try:
        stat = (_PROC / pid / "stat").read_bytes()
    except OSError:
        return None
    # The name is in parentheses and may contain any character, parentheses included.
    name = stat[stat.index(b"(") + 1 : stat.rindex(b")")].decode("utf-8", "replace")
    state, parent, group, session = stat[stat.rindex(b")") + 2 :].split(None, 4)[:4]
    if state in (b"Z", b"X"):
        return None
    return Process(int(pid), int(parent), int(group), int(session), _marks(pid), name)


def _marks(pid: str) -> str:
    try:
        environ = (_PROC / pid / "environ").read_bytes()
    except OSError:
        return ""
    prefix = f"{MARK_VARIABLE}=".encode()
    values = (entry for entry in environ.split(b"\0") if entry.startswith(prefix))
    return next(values, b"")[len(prefix) :].decode("utf-8", "replace")


def number_inside(pid: int) -> int:
    """The id by which a process is known in its own namespace: the one that commands beside it can use."""
    try:
        status = (_PROC / str(pid) / "status").read_text("utf-8", "replace")
    except OSError:
        return pid
    numbers = next((line.split() for line in status.splitlines() if line.startswith("NSpid:")), ["", str(pid)])
    return int(numbers[-1])


def list_with_ps() -> list[Process]:
    """The same without /proc: no sessions, no marks. Empty where there is no `ps` either."""
    try:
        listing = subprocess.run(
            [programs.find("ps") or "/bin/ps", "-A", "-o", "pid=,ppid=,pgid=,stat=,comm="],
            capture_output=True,
            text=True,
            errors="replace",
        ).stdout
    except OSError:
        return []
    rows = (line.split(None, 4) for line in listing.splitlines())
    return [
        Process(int(row[0]), int(row[1]), int(row[2]), 0, "", os.path.basename(row[4]))
        for row in rows
        if len(row) == 5 and not row[3].startswith("Z")
    ]


async def terminate(find: Callable[[], list[Process]], grace: float = TERMINATE_GRACE_S) -> None:
    """Ask all that `find` finds to end, wait up to `grace` seconds, then kill until it finds none.

    Cancelled while it waits, it kills at once and then lets itself be cancelled.
    """
    doomed = find()
    if not doomed:
        return
    try:
        _send(doomed, signal.SIGTERM)
        _send(doomed, signal.SIGCONT)  # a stopped process takes no other signal
        for _ in range(int(grace / _POLL_S)):
            doomed = [p for p in doomed if _is_alive(p)]
            if not doomed:
                break
            await asyncio.sleep(_POLL_S)
    finally:
        _send(find(), signal.SIGKILL)
    for _ in range(_KILL_ROUNDS):
        remaining = find()
        if not remaining:
            return
        _send(remaining, signal.SIGKILL)
        await asyncio.sleep(_POLL_S)


def kill(find: Callable[[], list[Process]]) -> None:
    """Kill all that `find` finds, now and without waiting; look again for what was started in between."""
    for _ in range(_KILL_AT_ONCE_ROUNDS):
        found = find()
        if not found:
            return
        _send(found, signal.SIGKILL)


def _send(processes: Iterable[Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, number)


def _is_alive(process: Process) -> bool:
    if _PROC.joinpath("self", "stat").exists():
        return _read(str(process.pid)) is not None
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
