"""A process of the same user that minds its own business, and what others have done to it."""

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

PROGRAM = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(0x59616d61, ctypes.c_ulong(-1), 0, 0, 0)
held = os.open(sys.argv[1], os.O_RDONLY)
memory = ctypes.create_string_buffer(os.environ["IN_MEMORY"].encode())
poke = ctypes.create_string_buffer(b"untouched")
heard = []
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGCONT, signal.SIGSEGV):
        signal.signal(number, lambda number, where: heard.append(number))
print(ctypes.addressof(memory), ctypes.addressof(poke), flush=True)
for line in sys.stdin:
    print(poke.value, heard, flush=True)
"""
SECRETS = ("memory", "environ", "held", "argument")
"""What it has in its memory and environment, in a file that it keeps open, and in its command line."""


class Victim:
    """It lets everybody trace it, so that nothing but the sandbox keeps anybody from it."""

    def __init__(self, folder: Path, name: str, marks: Mapping[str, str]) -> None:
        held = folder / "held-by-victim"
        held.write_text(marks["held"])
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", PROGRAM, str(held), name, marks["argument"]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"IN_MEMORY": marks["memory"], "MINE": marks["environ"]},
            start_new_session=True,
            text=True,
        )
        assert self._process.stdout is not None
        self.secret_at, self.poke_at = self._process.stdout.readline().split()
        held.unlink()

    @property
    def pid(self) -> int:
        return self._process.pid

    def state(self) -> Iterator[tuple[str, object]]:
        """How it is: asked twice, the answers differ where something was done to it."""
        if self._process.poll() is not None:
            yield "ended", True
            return
        stopped = b") T" in Path(f"/proc/{self.pid}/stat").read_bytes()
        yield "stopped", stopped
        if not stopped:
            yield from face(self.pid)
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write("look\n")
            self._process.stdin.flush()
            yield "inside", self._process.stdout.readline()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def face(pid: int) -> Iterator[tuple[str, object]]:
    """What others may set of a process."""
    yield "priority", os.getpriority(os.PRIO_PROCESS, pid)
    yield "scheduler", os.sched_getscheduler(pid)
    yield "doom", Path(f"/proc/{pid}/oom_score_adj").read_text()
    for number in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE):
        yield f"limit {number}", resource.prlimit(pid, number)
