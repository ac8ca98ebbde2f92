"""One life of the supervisor, as the agent sees it: started in a sandbox, asked for commands, ended with all they left.

What it says is not trusted: whatever cannot be true ends the sandbox.
"""

import asyncio
import contextlib
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kimicode.workspace.output import clean
from kimicode.workspace.sandbox import door
from kimicode.workspace.sandbox.channel import ENDED, Channel
from kimicode.workspace.sandbox.layers import WITH_A_DOOR, Layer, Prepared, prepare, program_of
from kimicode.workspace.sandbox.policy import Policy, to_record
from kimicode.workspace.sandbox.protocol import Answer, Kind, Request, frame, pack

START_LIMIT_S = 30.0
ANSWER_LIMIT_S = 15.0
END_GRACE_S = 2.0
LOOK_S = 1.0
_NEEDED = ("PATH", "LD_LIBRARY_PATH")
_COMPLAINT = 2000
_KILLED = -signal.SIGKILL


class SandboxError(OSError):
    """There is no sandbox to run the command in, and it did not run anywhere else."""


class NoFolder(SandboxError):
    """The command's working directory cannot be entered in the sandbox."""


class Command:
    """A command in the sandbox, with the face of an asyncio process."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.pid = 0
        """Its process id on this machine, as the kernel told it."""
        self.returncode: int | None = None
        self.begun: asyncio.Future[None] = loop.create_future()
        self._over = asyncio.Event()

    async def wait(self) -> int:
        """Its exit code, or minus the number of the signal that ended it."""
        await self._over.wait()
        assert self.returncode is not None
        return self.returncode

    def end(self, status: int) -> None:
        """It is over."""
        self.returncode = status
        self._over.set()
        self.begin(None if self.pid else SandboxError("the sandbox ended"))

    def begin(self, error: OSError | None = None) -> None:
        """It runs now, or will not."""
        if not self.begun.done():
            if error is None:
                self.begun.set_result(None)
            else:
                self.begun.set_exception(error)
                self.begun.exception()  # whoever waited may have gone


class Supervisor:
    """Made by `start`. Close it: nothing that ever ran in it outlives that."""

    def __init__(
        self, end: socket.socket, prepared: Prepared, process: asyncio.subprocess.Process, patience: float
    ) -> None:
        self._channel = Channel(end, self._take, self._fail)
        self._prepared = prepared
        self._process = process
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._gone = False
        self._commands: dict[int, Command] = {}
        self._count = 0
        self._pid = 0
        self._can_be_stopped = False
        self._anchor: int | None = None
        self._watch: asyncio.Task[None] | None = None
        self.door: socket.socket | None = None
        """Where programs inside look for the proxy: a listening socket, open as long as the sandbox."""
        self.remark = ""
        """What the person and the model should know of how it went, or ended."""
        self.last_words = ""
        """What it said on stderr, once it is closed; commands cannot write there."""

    @classmethod
    async def start(cls, layer: Layer, policy: Policy, patience: float = ANSWER_LIMIT_S) -> "Supervisor":
        """Confine it, and wait until the confinement is in force. Raises SandboxError where that fails.

        After `patience` seconds without an answer to a request it is ended.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                supervisor = cls(ours, *await _execute(layer, policy, theirs.fileno()), patience)
            except (OSError, ValueError) as error:
                ours.close()
                raise SandboxError(f"the sandbox could not be started: {error}") from error
        try:
            async with asyncio.timeout(START_LIMIT_S):
                await supervisor._open(layer, policy)
        except (OSError, TimeoutError) as error:
            complaint = await supervisor._complaint() or str(error)
            await supervisor.close()
            raise SandboxError(f"the sandbox could not be started: {complaint}") from error
        except asyncio.CancelledError:
            await supervisor.close()
            raise
        return supervisor

    async def _open(self, layer: Layer, policy: Policy) -> None:
        opening = frame(_opening(layer, policy))
        if not policy.hosts or layer.name not in WITH_A_DOOR:
            await self._channel.send(opening)
            await self.ready()
            return
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                await self._channel.send(opening, theirs.fileno())
            await self.ready()
            self.door = door.take(ours)

    async def ready(self) -> None:
        """Wait until the confinement is in force. Raises SandboxError where it ends before that."""
        await asyncio.wait({self._ready})
        self._ready.result()

    @property
    def alive(self) -> bool:
        """Whether it takes commands."""
        return not self._gone

    @property
    def busy(self) -> bool:
        """Whether a command runs, or something that one has left behind."""
        return bool(self._commands) or _has_children(self._pid)

    def fallen(self) -> tuple[Path, ...]:
        """What is not covered any more, because it was replaced from outside."""
        return self._prepared.fallen()

    async def spawn(self, argv: Sequence[str], cwd: Path, variables: Mapping[str, str], output: int) -> Command:
        """Start a command that prints to the descriptor `output`.

        Raises NoFolder, OSError where the program cannot be started, SandboxError where there is no sandbox any more,
        ValueError for text that no program can be given. Cancelled, it may have started it all the same.
        """
        if not self.alive:
            raise SandboxError("the sandbox ended")
        self._count += 1
        number, command = self._count, Command()
        request = pack(Request(number, list(argv), str(cwd), dict(variables)))
        self._commands[number] = command
        self._keep_awake()
        try:
            async with asyncio.timeout(self._patience):
                await self._ask(request, output)
                await asyncio.shield(command.begun)
        except TimeoutError as error:
            self._fail("the sandbox did not answer; it was ended, and everything that ran in it")
            raise SandboxError(self.remark) from error
        return command

    async def close(self) -> None:
        """End everything that runs in it, and leave nothing on the disk that it needed."""
        self._hang_up()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), END_GRACE_S)
        self.kill()
        await self._process.wait()
        self.last_words = await self._complaint()
        self._prepared.cleanup()

    def kill(self) -> None:
        """Kill everything in it, now; what the layer has for its walls is gone when this returns."""
        self._hang_up()
        if self._anchor is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._anchor, signal.SIGKILL)
            # It can be read once the process and, where it is the first of a namespace, all others there are gone.
            poll = select.poll()
            poll.register(self._anchor, select.POLLIN)
            poll.poll(END_GRACE_S * 1000)
            os.close(self._anchor)
            self._anchor = None
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)  # asyncio's own kill may reap it, and then misses its end

    async def _ask(self, request: bytes, output: int) -> None:
        async with self._turn:
            try:
                await self._channel.send(request, output)
            except OSError as error:
                raise SandboxError(ENDED) from error
            except asyncio.CancelledError:
                self._fail(ENDED)  # what follows half a request would not be understood
                raise

    # --- answers --------------------------------------------------------------------------------------------

    def _take(self, answer: Answer, sender: int | None) -> None:
        """Raises ValueError for an answer that cannot be true."""
        if answer.kind is Kind.READY:
            self._begin(sender or self._process.pid, answer.value)
        elif answer.kind is Kind.BORN:
            self._command(answer).pid = sender or 0
        elif sender not in (None, self._pid):
            raise ValueError("somebody else")
        elif answer.kind is Kind.CROWDED:
            self.remark = f"there were {answer.value} processes in the sandbox: all of them were killed"
        elif answer.kind is Kind.HEAVY:
            self.remark = f"what ran in the sandbox took {answer.value:,} MB of memory: all of it was killed"
        elif answer.kind is Kind.STARTED:
            command = self._command(answer)
            command.pid = command.pid or answer.value
            command.begin()
        elif answer.kind is Kind.EXITED:
            self._command(answer).end(answer.value)
            del self._commands[answer.command]
        else:
            kind = NoFolder if answer.kind is Kind.NO_FOLDER else OSError
            self._command(answer).begin(kind(answer.value, _words(answer.value)))
            del self._commands[answer.command]

    def _begin(self, pid: int, inside: int) -> None:
        if self._pid:
            raise ValueError("ready twice")
        self._pid = pid
        self._can_be_stopped = inside != 1
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                self._anchor = os.pidfd_open(pid)
        self._ready.set_result(None)

    def _keep_awake(self) -> None:
        if self._can_be_stopped and (self._watch is None or self._watch.done()):
            self._watch = self._loop.create_task(self._continue())

    async def _continue(self) -> None:
        """While commands run: where one of them stopped the supervisor, let that go on."""
        while self._commands:
            await asyncio.sleep(LOOK_S)
            if _is_stopped(self._pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGCONT)

    def _command(self, answer: Answer) -> Command:
        if answer.command not in self._commands:
            raise ValueError("no such command")
        return self._commands[answer.command]

    async def _complaint(self) -> str:
        """What was said on stderr."""
        assert self._process.stderr is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_GRACE_S):
                words = await self._process.stderr.read(_COMPLAINT)
                return clean(words.decode("utf-8", "replace")).strip()
        return ""

    # --- the end --------------------------------------------------------------------------------------------

    def _fail(self, remark: str) -> None:
        self.remark = remark
        self.kill()

    def _hang_up(self) -> None:
        """Hear and say nothing more; from here on all commands count as killed."""
        if self._gone:
            return
        self._gone = True
        self._channel.close()
        if self.door is not None:
            self.door.close()
        if self._watch is not None:
            self._watch.cancel()
        if not self._ready.done():
            self._ready.set_exception(SandboxError(self.remark or "it ended"))
            self._ready.exception()  # an interrupted start asks for it no more
        for command in self._commands.values():
            command.end(_KILLED)
        self._commands.clear()


async def _execute(layer: Layer, policy: Policy, channel: int) -> tuple[Prepared, asyncio.subprocess.Process]:
    """Start the program. Raises OSError or ValueError where that fails, with nothing left of it."""
    inside = (*program_of("inside"), str(channel))
    if hindrance := hindrance_of(layer, policy):
        raise PermissionError(hindrance)
    kept = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    prepared = await asyncio.to_thread(prepare, layer, policy, inside, kept)
    try:
        # In this thread: where it ends, the kernel ends what it started.
        process = await asyncio.create_subprocess_exec(
            *prepared.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            cwd="/",
            env=prepared.variables,
            pass_fds=(*prepared.pass_fds, channel),
            start_new_session=True,
        )
    except BaseException:
        prepared.cleanup()
        raise
    return prepared, process


def hindrance_of(layer: Layer, policy: Policy) -> str:
    """Why a layer cannot enforce a policy; an empty text: nothing is known that keeps it from that.

    A program that starts unconfined must not lie where commands could replace it before it is started the next time.
    """
    programs = (Path(sys.executable).resolve(), Path(__file__)) if layer.alone else ()
    for place in programs:
        if any(folder in place.parents for folder in policy.writable):
            return f"{place} lies where commands may change it, and would run unconfined"
    return ""


def _opening(layer: Layer, policy: Policy) -> dict[str, Any]:
    return {"layer": layer.name, "policy": to_record(policy), "root": os.geteuid() == 0}


def _is_stopped(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat[stat.rindex(b")") + 2 :][:1] == b"T"


def _has_children(pid: int) -> bool:
    """Whoever is orphaned in the sandbox becomes a child of the supervisor."""
    try:
        return bool(Path(f"/proc/{pid}/task/{pid}/children").read_text())
    except OSError:
        return False


def _words(number: int) -> str:
    return os.strerror(number) if number > 0 else "it could not be started"
