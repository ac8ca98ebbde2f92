"""A command from fork to exec, and all that descends from this process. Inside the sandbox; standard library only."""

import contextlib
import errno
import os
import resource
import signal
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from kimicode.workspace.sandbox.policy import Limits
from kimicode.workspace.sandbox.protocol import Kind, Request

_FAILURE = struct.Struct("!Bi")
_AFRESH = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT)
_PROC = Path("/proc")
_PAGE = resource.getpagesize()
_KILL_ROUNDS = 50


def launch(request: Request, output: int, limits: Limits, born: Callable[[], None]) -> tuple[Kind, int]:
    """(STARTED, process id), or why it could not be: (NO_FOLDER or NO_PROGRAM, errno).

    `born` is called in the new process, which leads a session and group of its own.
    """
    told, tell = os.pipe()  # closed by the exec that succeeds: then nothing is told
    try:
        child = os.fork()
    except OSError as error:
        os.close(told)
        os.close(tell)
        return Kind.NO_PROGRAM, error.errno or errno.EAGAIN
    if child == 0:
        _become(request, output, limits, born, tell)
    os.close(tell)
    with os.fdopen(told, "rb") as pipe:
        failure = pipe.read()
    if len(failure) != _FAILURE.size:
        return Kind.STARTED, child
    os.waitpid(child, 0)
    kind, number = _FAILURE.unpack(failure)
    return Kind(kind), number


def _become(request: Request, output: int, limits: Limits, born: Callable[[], None], tell: int) -> NoReturn:
    doubtful = Kind.NO_PROGRAM
    try:
        os.setsid()
        born()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        for number in _AFRESH:
            signal.signal(number, signal.SIG_DFL)
        _limit(limits)
        doubtful = Kind.NO_FOLDER
        os.chdir(request.cwd)
        doubtful = Kind.NO_PROGRAM
        os.execvpe(request.argv[0], request.argv, request.variables)
    except (OSError, ValueError) as error:
        reason = error.errno if isinstance(error, OSError) else None
        os.write(tell, _FAILURE.pack(doubtful, reason or errno.EINVAL))
    finally:
        os._exit(127)


def _limit(limits: Limits) -> None:
    bounds = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
    }
    for kind, bound in bounds.items():
        if bound is not None:
            soft, hard = resource.getrlimit(kind)
            resource.setrlimit(kind, (_lower(bound, soft), _lower(bound, hard)))


def _lower(bound: int, existing: int) -> int:
    return bound if existing == resource.RLIM_INFINITY else min(bound, existing)


def in_user_namespace() -> bool:
    """Whether users are counted apart here: then a limit of processes counts those of this sandbox alone."""
    try:
        return (_PROC / "self" / "uid_map").read_text().split() != ["0", "0", str(2**32 - 1)]
    except OSError:
        return False


def how_many() -> int:
    """How many processes were started from here, however long ago, and are not over."""
    return len(_processes()) - 1 if os.getpid() == 1 else len(descendants())


def resident(most: int) -> int:
    """Bytes of memory that they take together; exact only above `most`, for what they share is costly to take apart."""
    others = _processes() if os.getpid() == 1 else descendants()
    pids = [pid for pid in others if pid != os.getpid()]
    apart = sum(map(_resident, pids))
    return sum(map(_share, pids)) if apart > most else apart


def _resident(pid: int) -> int:
    """What is in memory of it, shared or not."""
    try:
        return int((_PROC / str(pid) / "statm").read_bytes().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return 0


def _share(pid: int) -> int:
    """Its proportional share; where that cannot be read, all of it."""
    try:
        rollup = (_PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return _resident(pid)
    return next((int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")), 0)


def descendants() -> list[int]:
    """Their process ids. None is missing where this process is the one that reaps orphans."""
    family = {os.getpid()}
    parents = {pid: parent for pid in _processes() if (parent := _parent(pid))}
    size = 0
    while size != len(family):
        size = len(family)
        family |= {pid for pid, parent in parents.items() if parent in family}
    return [*(family - {os.getpid()})]


def end_all() -> None:
    """Kill everything that was started from here."""
    if os.getpid() == 1:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # at one stroke: no process can fork its way out of it
        return
    for _ in range(_KILL_ROUNDS):
        found = descendants()
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return


def _processes() -> list[int]:
    try:
        return [int(entry) for entry in os.listdir(_PROC) if entry.isdigit()]
    except OSError:
        return []


def _parent(pid: int) -> int:
    """0 for a zombie, and where it is gone."""
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return 0
    state, parent = stat[stat.rindex(b")") + 2 :].split(None, 2)[:2]
    return 0 if state == b"Z" else int(parent)
