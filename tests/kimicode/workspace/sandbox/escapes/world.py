"""The machine around: listeners, other processes, a terminal, keys, settings of the kernel.

`traces` tells what was done to it since it was made; nothing of that is taken from a program's words.
"""

import contextlib
import ctypes
import os
import platform
import resource
import secrets
import signal
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from kimicode.workspace.processes import running
from tests.kimicode.workspace.sandbox.escapes.kernel import Kernel
from tests.kimicode.workspace.sandbox.escapes.victim import SECRETS, Victim, face

ADDRESSES = ("10.77.77.77", "169.254.169.254")
"""Of the machine, where it is one of the test's own."""
_OF_ROOT = ("/run/docker.sock",)
_ADD_KEY, _KEYCTL = {"x86_64": (248, 250), "aarch64": (217, 219)}.get(platform.machine(), (0, 0))
_OF_USER, _UNLINK = -4, 9
_IPC_PRIVATE, _IPC_RMID, _IPC_NEW = 0, 0, 0o1600
_EVERY_PACKET = 3
_ETHERNET_OF_TEST, _ETHERNET_IP, _ICMP = b"\x88\xb5", b"\x08\x00", 1
_PR_SET_PTRACER = 0x59616D61


class World:
    """One for many attempts, as long as nothing in it comes to harm. Root's has the kernel in it as well."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.mark = f"escape-{secrets.token_hex(6)}"
        self.marks = {name: f"SECRET-{name}-{secrets.token_hex(6)}" for name in (*SECRETS, "key", "segment", "message")}
        self._linger = str(10**9 + secrets.randbelow(10**8))
        self._stack = contextlib.ExitStack()
        self._stack.callback(self._end_lingering)
        self._listeners: dict[str, socket.socket] = {}
        self._listen()
        self._open_up()
        self._victim = Victim(folder, f"{self.mark}-victim", self.marks)
        self._stack.callback(self._victim.end)
        self._keep_secrets()
        self._kernel = Kernel(self.mark) if os.geteuid() == 0 else None
        if self._kernel is not None:
            self._stack.callback(self._kernel.restore)
        self._before = dict(self._state())

    @property
    def variables(self) -> dict[str, str]:
        """What attempts are told."""
        return {
            "AGENT": str(os.getpid()),
            "POKE_AGENT": str(ctypes.addressof(self._poke)),
            "VICTIM": str(self._victim.pid),
            "ADDRESS": self._victim.secret_at,
            "POKE": self._victim.poke_at,
            "PORT": str(self._port),
            "ADDRESS_OF_HOST": ADDRESSES[0],
            "PATH_SOCKET": str(self._folder / "service.sock"),
            "DATAGRAM_SOCKET": str(self._folder / "datagram.sock"),
            "AGENT_SOCKET_IN_TMP": str(self._in_tmp),
            "TERMINAL": self._terminal,
            "SEGMENT": str(self._segment),
            "QUEUE": str(self._queue),
            "MARK": self.mark,
            "NUMBER": self._kernel.number if self._kernel else "",
            "LINGER": self._linger,
            "http_proxy": f"http://127.0.0.1:{self._port}",
        }

    def traces(self) -> set[str]:
        """What happened to it, "KIND: WHAT" each."""
        found = {f"reached: {name}" for name, listener in self._listeners.items() if _was_reached(listener)}
        found |= {": ".join(name) for name, value in self._state() if value != self._before.get(name)}
        return found | {f"machine: {what}" for what in (self._kernel.traces() if self._kernel else ())}

    def lingering(self) -> list[int]:
        """The processes of attempts that are alive."""
        found = []
        for process in running():
            with contextlib.suppress(OSError):
                if self._linger.encode() in Path(f"/proc/{process.pid}/cmdline").read_bytes():
                    found.append(process.pid)
        return found

    @contextlib.contextmanager
    def listening_at(self, path: Path) -> Iterator[None]:
        """One more listener, in a folder of an attempt."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
            made.listen(64)
            made.setblocking(False)
            self._listeners[str(path)] = made
            yield
            del self._listeners[str(path)]

    def close(self) -> None:
        """Leave nothing of it, and the machine as it was."""
        self._stack.close()

    # --- what it is made of -----------------------------------------------------------------------------------

    def _listen(self) -> None:
        tcp = self._listener("tcp", socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", 0))
        self._port = tcp.getsockname()[1]
        self._listener("udp", socket.AF_INET, socket.SOCK_DGRAM, ("0.0.0.0", self._port))
        with contextlib.suppress(OSError):
            self._listener("tcp6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", self._port))
            self._listener("udp6", socket.AF_INET6, socket.SOCK_DGRAM, ("::1", self._port))
        with contextlib.suppress(OSError):
            self._listener("vsock", socket.AF_VSOCK, socket.SOCK_STREAM, (socket.VMADDR_CID_ANY, self._port))
        self._in_tmp = Path("/tmp", f"{self.mark}-agent")
        root = os.geteuid() == 0
        for path in (self._folder / "service.sock", self._in_tmp, *(map(Path, _OF_ROOT) if root else ())):
            self._listener(str(path), socket.AF_UNIX, socket.SOCK_STREAM, str(path))
            self._stack.callback(path.unlink, missing_ok=True)
        self._listener("datagram", socket.AF_UNIX, socket.SOCK_DGRAM, str(self._folder / "datagram.sock"))
        self._listener("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self.mark}")
        self._listener("abstract datagram", socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{self.mark}-d")
        if root:
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_PACKET))
            tap.bind(("lo", 0))
            self._add("tap", tap)

    def _listener(self, name: str, family: int, kind: int, address: str | tuple[object, ...]) -> socket.socket:
        made = socket.socket(family, kind)
        with contextlib.suppress(OSError):
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if name == "tcp":
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
        made.bind(address)
        if kind == socket.SOCK_STREAM:
            made.listen(64)
        self._add(name, made)
        return made

    def _add(self, name: str, listener: socket.socket) -> None:
        listener.setblocking(False)
        self._stack.callback(listener.close)
        self._listeners[name] = listener

    def _open_up(self) -> None:
        """This process plays the agent: it hears signals, has a terminal and a channel, and bears being traced."""
        self._heard: list[int] = []
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGIO):
            before = signal.signal(number, lambda number, where: self._heard.append(number))
            self._stack.callback(signal.signal, number, before)
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
        self._poke = ctypes.create_string_buffer(b"untouched")
        self._channel, other_end = socket.socketpair()
        self._screen, keyboard = os.openpty()
        self._terminal = os.ttyname(keyboard)
        for end in (self._channel, other_end):
            self._stack.callback(end.close)
        for descriptor in (self._screen, keyboard):
            os.set_blocking(descriptor, False)
            self._stack.callback(os.close, descriptor)
        core = resource.getrlimit(resource.RLIMIT_CORE)
        self._stack.callback(_set_limit, core)

    def _keep_secrets(self) -> None:
        """In the kernel: a key, a segment of memory and a message, each known by a number or a name alone."""
        libc = ctypes.CDLL(None)
        key, segment, message = (self.marks[name].encode() for name in ("key", "segment", "message"))
        if _ADD_KEY:
            number = libc.syscall(_ADD_KEY, b"user", self.mark.encode(), key, ctypes.c_size_t(len(key)), _OF_USER)
            self._stack.callback(libc.syscall, _KEYCTL, _UNLINK, number, _OF_USER, 0, 0)
        libc.shmat.restype = ctypes.c_void_p
        self._segment = libc.shmget(_IPC_PRIVATE, ctypes.c_size_t(4096), _IPC_NEW)
        place = libc.shmat(self._segment, None, 0)
        ctypes.memmove(place, segment, len(segment))
        self._stack.callback(libc.shmdt, ctypes.c_void_p(place))
        self._stack.callback(libc.shmctl, self._segment, _IPC_RMID, None)
        self._queue = libc.msgget(_IPC_PRIVATE, _IPC_NEW)
        libc.msgsnd(self._queue, struct.pack("l", 1) + message, ctypes.c_size_t(len(message)), 0)
        self._stack.callback(libc.msgctl, self._queue, _IPC_RMID, None)

    # --- how it is --------------------------------------------------------------------------------------------

    def _state(self) -> Iterator[tuple[tuple[str, str], object]]:
        yield from ((("victim", name), value) for name, value in self._victim.state())
        yield from ((("agent", name), value) for name, value in face(os.getpid()))
        yield ("agent", "signals"), (*self._heard,)
        yield ("agent", "memory"), self._poke.value
        yield ("agent", "channel"), _read(self._channel.fileno())
        yield ("agent", "terminal"), _read(self._screen)

    def _end_lingering(self) -> None:
        for pid in self.lingering():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _was_reached(listener: socket.socket) -> bool:
    """Whether somebody came; the queue is emptied."""
    reached = False
    with contextlib.suppress(BlockingIOError):
        while True:
            if listener.family == socket.AF_PACKET:
                reached |= _is_of_attempt(listener.recv(4096))
            elif listener.type == socket.SOCK_STREAM:
                listener.accept()[0].close()
                reached = True
            else:
                listener.recv(4096)
                reached = True
    return reached


def _is_of_attempt(packet: bytes) -> bool:
    """A ping, or a packet of the test's own kind."""
    kind = packet[12:14]
    return kind == _ETHERNET_OF_TEST or (kind == _ETHERNET_IP and packet[23] == _ICMP)


def _read(descriptor: int) -> bytes:
    try:
        os.set_blocking(descriptor, False)
        return os.read(descriptor, 4096)
    except BlockingIOError:
        return b""


def _set_limit(limit: tuple[int, int]) -> None:
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, limit)
