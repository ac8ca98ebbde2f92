"""The supervisor: runs inside the sandbox, confines itself, and starts commands that the agent asks for.

It needs the standard library alone, and nothing of the agent but this folder. In a namespace of its own it is process
1: the kernel spares that one from all signals that commands send, and nothing outlives it.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import sys
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import replace

from kimicode.workspace.sandbox import door
from kimicode.workspace.sandbox.confine import confine
from kimicode.workspace.sandbox.offspring import end_all, how_many, in_user_namespace, launch, resident
from kimicode.workspace.sandbox.policy import Limits, from_record
from kimicode.workspace.sandbox.protocol import ANSWER, HEADER, MOST_REQUEST, Kind, unpack

COUNT_EVERY_S = 0.25
_MB = 1024 * 1024
_DESCRIPTOR_ROOM = socket.CMSG_SPACE(array("i", [0]).itemsize)
_OOM_FILE = "/proc/self/oom_score_adj"
_OOM_OF_COMMANDS = b"300"
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def main() -> None:
    """The descriptor of the channel is the only argument. Raises OSError where the confinement cannot be had."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)
    os.closerange(3, channel.fileno())
    os.closerange(channel.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
    opening = _receive(channel)
    if opening is None:
        return
    message, gate = json.loads(opening[0]), opening[1]
    if gate is not None:
        door.hand_out(gate)
    policy = from_record(message["policy"])
    control = _control() if sys.platform == "linux" else _no_control
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # process 1 is spared only what it does not catch
    control(_PR_SET_CHILD_SUBREAPER, 1)
    last_resort = LastResort.here()
    if message["layer"] in ("bubblewrap", "landlock"):
        confine(policy, alone=message["layer"] == "landlock")
    # Per user the kernel limits processes, but never root's, whatever it is called inside.
    counted = in_user_namespace() and not message["root"]
    Warden(channel, policy.limits, control, last_resort, counted=counted).run()
    end_all()


def _control() -> Callable[[int, int], None]:
    libc = ctypes.CDLL(None, use_errno=True)

    def control(option: int, value: int) -> None:
        if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"prctl {option}")

    return control


def _no_control(option: int, value: int) -> None:
    pass


class LastResort:
    """Where the machine's memory runs out, commands go before the person's own programs, and before this process."""

    def __init__(self, descriptor: int | None, usual: bytes) -> None:
        self._descriptor = descriptor
        self._usual = usual

    @classmethod
    def here(cls) -> "LastResort":
        """Opened before the confinement: that takes away the right to open it, not what is open."""
        try:
            descriptor = os.open(_OOM_FILE, os.O_RDWR)
        except OSError:
            return cls(None, b"")
        return cls(descriptor, os.read(descriptor, 16))

    @contextlib.contextmanager
    def for_children(self) -> Iterator[None]:
        """Processes that are started meanwhile inherit the readiness to go."""
        self._write(_OOM_OF_COMMANDS)
        try:
            yield
        finally:
            self._write(self._usual)

    def _write(self, value: bytes) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.write(self._descriptor, value)


def _receive(channel: socket.socket) -> tuple[bytes, int | None] | None:
    """The next message and the descriptor that came with it; None where the agent is gone."""
    header, ancillary, _, _ = channel.recvmsg(HEADER.size, _DESCRIPTOR_ROOM)
    descriptors = array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(data)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    header += _exactly(channel, HEADER.size - len(header)) if header else b""
    if len(header) < HEADER.size:
        return None
    (length,) = HEADER.unpack(header)
    if length > MOST_REQUEST:
        return None
    message = _exactly(channel, length)
    return (message, descriptors[0] if descriptors else None) if len(message) == length else None


def _exactly(channel: socket.socket, size: int) -> bytes:
    """So many bytes; fewer where the agent is gone."""
    data = bytearray()
    while len(data) < size and (piece := channel.recv(size - len(data))):
        data += piece
    return bytes(data)


class Warden:
    """Starts commands, tells of their ends, and reaps whatever is orphaned."""

    def __init__(
        self,
        channel: socket.socket,
        limits: Limits,
        control: Callable[[int, int], None],
        last_resort: LastResort,
        *,
        counted: bool,
    ) -> None:
        """`counted`: the kernel counts processes, so that it need not be done here."""
        self._channel = channel
        self._control = control
        self._last_resort = last_resort
        self._most = None if counted else limits.processes
        self._room = limits.resident_bytes
        self._limits = limits if counted else replace(limits, processes=None)
        self._running: dict[int, int] = {}
        """Numbers of commands by process id."""
        self._children = False
        self._count_at = 0.0

    def run(self) -> None:
        """Until the agent closes the channel or is gone."""
        woken, wake = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda number, where: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(woken, select.POLLIN)
        poll.register(self._channel, select.POLLIN)
        with contextlib.suppress(ConnectionError):
            self._answer(Kind.READY, 0, os.getpid())
            while True:
                events = dict(poll.poll(COUNT_EVERY_S * 1000 if self._children and self._counts else None))
                if woken in events:
                    os.read(woken, 4096)
                if self._channel.fileno() in events and not self._obey():
                    return
                self._reap()
                self._count()

    def _obey(self) -> bool:
        """Start what is asked for; False where the agent is gone."""
        message, output = _receive(self._channel) or (b"", None)
        if output is None:
            return False
        request = unpack(json.loads(message))
        try:
            with self._last_resort.for_children():
                kind, value = launch(request, output, self._limits, lambda: self._born(request.number))
        finally:
            os.close(output)
        if kind is Kind.STARTED:
            self._running[value] = request.number
            self._children = True
        self._answer(kind, request.number, value)
        return True

    def _born(self, number: int) -> None:
        self._control(_PR_SET_PDEATHSIG, signal.SIGKILL)
        self._answer(Kind.BORN, number, 0)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self._children = False
                return
            if pid == 0:
                return
            number = self._running.pop(pid, None)
            if number is not None:
                self._answer(Kind.EXITED, number, os.waitstatus_to_exitcode(status))

    @property
    def _counts(self) -> bool:
        return self._most is not None or self._room is not None

    def _count(self) -> None:
        now = time.monotonic()
        if not self._children or not self._counts or now < self._count_at:
            return
        self._count_at = now + COUNT_EVERY_S
        if self._most is not None and (count := how_many()) > self._most:
            self._answer(Kind.CROWDED, 0, count)
            end_all()
        elif self._room is not None and (taken := resident(self._room)) > self._room:
            self._answer(Kind.HEAVY, 0, taken // _MB)
            end_all()

    def _answer(self, kind: Kind, number: int, value: int) -> None:
        self._channel.sendall(ANSWER.pack(kind, number, value))
