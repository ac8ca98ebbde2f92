"""A Python that has loaded the program already, from which `python -m MODULE` is forked instead of started.

Everything else is as with a process of its own: arguments, folder, environment, streams, signals, end of the
interpreter, exit code. What looks at the environment while it is imported (git, textual) is not loaded beforehand.
"""

import asyncio
import atexit
import contextlib
import fcntl
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

LOADED = (
    *("gitdb", "httpcore2", "openai.resources.chat.completions"),
    *("kimicode.cli.run", "kimicode.cli.reviewing", "kimicode.cli.review_forge"),
)
"""Nearly all the work of a command that asks a model; nothing of ours does anything while it is imported."""

_PASSED_ON = ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE")
Stream = int | IO[Any]


def passed_on() -> dict[str, str]:
    """What of this machine's environment a program is given."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


@dataclass(slots=True)
class Program:
    """What asyncio's own class for processes offers, for one that is not our child."""

    pid: int
    stdout: asyncio.StreamReader | None
    stderr: asyncio.StreamReader | None
    _ended: "asyncio.Future[int]"

    @property
    def returncode(self) -> int | None:
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    async def communicate(self) -> tuple[bytes | None, bytes | None]:
        out, err, _ = await asyncio.gather(_all(self.stdout), _all(self.stderr), self.wait())
        return out, err

    def send_signal(self, number: int) -> None:
        if not self._ended.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class WarmPython:
    """Within `with`, `start` takes the arguments of `asyncio.create_subprocess_exec`; `run` stays until the end."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._channel, theirs = socket.socketpair()
        with theirs:
            command = (sys.executable, "-P", __file__, str(theirs.fileno()))
            quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
            self._server = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment, **quiet)

    def __enter__(self) -> "WarmPython":
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()
        self._server.wait(30)

    async def start(
        self,
        module: str,
        *arguments: str,
        cwd: Path,
        env: Mapping[str, str],
        stdin: Stream,
        stdout: Stream,
        stderr: Stream,
    ) -> Program:
        """`python -m module arguments`; a stream is a file, a descriptor, or a constant of `subprocess`."""
        with contextlib.ExitStack() as given:
            ends = [_end(stream, given) for stream in (stdin, stdout, stderr, subprocess.PIPE)]
            self._order([theirs for theirs, _ in ends], module, arguments, cwd, env)
        _, out, err, told = [None if ours is None else await _reader(ours) for _, ours in ends]
        assert told is not None
        pid = int(await told.readline())
        return Program(pid, out, err, asyncio.ensure_future(_code(told)))

    def start_on(
        self, terminal: int, module: str, *arguments: str, cwd: Path, env: Mapping[str, str]
    ) -> tuple[int, int]:
        """Start it on a terminal that is nobody's yet: its number, and where its exit code can be read in the end."""
        ours, theirs = os.pipe()
        self._order([terminal] * 3 + [theirs], module, arguments, cwd, env, leads=True)
        os.close(theirs)
        pid = b""
        while not pid.endswith(b"\n"):
            pid += os.read(ours, 1)
        return int(pid), ours

    def _order(
        self,
        streams: Sequence[int],
        module: str,
        arguments: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        *,
        leads: bool = False,
    ) -> None:
        order = {"module": module, "arguments": arguments, "folder": str(cwd), "environment": dict(env), "leads": leads}
        message = json.dumps(order).encode() + b"\n"
        sent = socket.send_fds(self._channel, [message], streams)
        self._channel.sendall(message[sent:])

    def run(
        self,
        module: str,
        *arguments: str,
        cwd: Path,
        env: Mapping[str, str],
        typed: str = "",
        stdout: Stream = subprocess.PIPE,
    ) -> subprocess.CompletedProcess[str]:
        """`python -m module arguments` from its start to its end, with `typed` in the pipe that it reads from."""
        theirs, ours = os.pipe()
        with open(theirs, "rb") as stdin:
            with open(ours, "wb") as keyboard:
                keyboard.write(typed.encode())
            streams = {"stdin": stdin, "stdout": stdout, "stderr": subprocess.PIPE}
            return asyncio.run(self._run(module, *arguments, cwd=cwd, env=env, **streams))

    async def _run(self, module: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        program = await self.start(module, *arguments, **options)
        try:
            out, err = await asyncio.wait_for(program.communicate(), 30)
        finally:
            program.kill()
        code = await program.wait()
        return subprocess.CompletedProcess([module, *arguments], code, (out or b"").decode(), (err or b"").decode())


@functools.cache
def shared() -> WarmPython:
    """One for all tests of a run or worker."""
    warm = WarmPython(passed_on())
    atexit.register(warm.__exit__)
    return warm


def _end(stream: Stream, given: contextlib.ExitStack) -> tuple[int, int | None]:
    """The program's end of a stream, which `given` closes, and ours, if the stream is a pipe from the program."""
    if stream == subprocess.PIPE:
        ours, theirs = os.pipe()
        given.callback(os.close, theirs)
        return theirs, ours
    if stream == subprocess.DEVNULL:
        return given.enter_context(open(os.devnull, "r+b", buffering=0)).fileno(), None
    return (stream if isinstance(stream, int) else stream.fileno()), None


async def _reader(descriptor: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    pipe = os.fdopen(descriptor, "rb", buffering=0)  # its transport closes it
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


async def _all(reader: asyncio.StreamReader | None) -> bytes | None:
    return None if reader is None else await reader.read()


async def _code(told: asyncio.StreamReader) -> int:
    return int(await told.readline())


# --- the process from which programs are forked ---------------------------------------------------------------


def main() -> None:
    """Fork until the other end of the channel is closed; what was forked returns from `_orders` as the program."""
    for name in LOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    module = _orders(socket.socket(fileno=int(sys.argv[1])))
    if module:
        runpy.run_module(module, run_name="__main__", alter_sys=True)


def _orders(channel: socket.socket) -> str:
    while True:
        message, streams, _, _ = socket.recv_fds(channel, 65_536, 4)
        while message and not message.endswith(b"\n"):
            message += channel.recv(65_536)
        if not message:
            return ""
        if os.fork() == 0:
            channel.close()
            return _watched(json.loads(message), streams)
        for descriptor in streams:
            os.close(descriptor)


def _watched(order: dict[str, Any], streams: list[int]) -> str:
    """The program goes on; its parent tells its number and, later, its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *standard, telling = streams
    pid = os.fork()
    if pid == 0:
        os.close(telling)
        return _become(order, standard)
    for descriptor in standard:
        os.close(descriptor)
    os.write(telling, f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    os.write(telling, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(order: dict[str, Any], standard: list[int]) -> str:
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
        os.close(descriptor)
    if order["leads"]:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        setattr(sys, name, _stream(number, getattr(sys, name)))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.path.insert(0, order["folder"])
    sys.argv[1:] = order["arguments"]
    return str(order["module"])


def _stream(number: int, before: Any) -> IO[str]:
    """A stream as Python makes it at its start, when it looks at what it has been given."""
    lines = number == 2 or os.isatty(number)
    given: dict[str, Any] = {"encoding": before.encoding, "errors": before.errors, "closefd": False}
    made: IO[str] = os.fdopen(number, "w" if number else "r", buffering=1 if lines and number else -1, **given)
    return made


if __name__ == "__main__":
    main()
