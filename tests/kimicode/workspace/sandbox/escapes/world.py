"""The machine around: listeners, a process that minds its own business, a terminal, keys, settings of the kernel.

`traces` tells what was done to it since the last time that was asked; nothing of that is taken from a program's words.
"""

import contextlib
import ctypes
import os
import platform
import resource
import secrets
import signal
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from kimicode.workspace.processes import running

VICTIM = """
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
ON_PATHS = ("/run/docker.sock",)
ADDRESSES = ("10.77.77.77", "169.254.169.254")
"""Of the machine, where it is one of the test's own."""
_SETTINGS = (
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/printk_ratelimit_burst",
    "/sys/kernel/mm/ksm/pages_to_scan",
)
_ADD_KEY, _KEYCTL = {"x86_64": (248, 250), "aarch64": (217, 219)}.get(platform.machine(), (0, 0))
_OF_USER, _UNLINK = -4, 9
_IPC_PRIVATE, _IPC_RMID, _IPC_CREAT = 0, 0, 0o1000
_ETHERNET_OF_TEST = b"\x88\xb5"
_PR_SET_PTRACER = 0x59616D61


class World:
    """One for many attempts, as long as nothing in it comes to harm. `private`: root, in namespaces of its own."""

    def __init__(self, folder: Path, *, private: bool) -> None:
        self.private = private
        self.folder = folder
        self.marks = {
            name: f"SECRET-{name}-{secrets.token_hex(6)}"
            for name in ("memory", "environ", "held", "key", "segment", "message", "argument")
        }
        self.mark = f"escape-{secrets.token_hex(6)}"
        self.linger = str(10**9 + secrets.randbelow(10**8))
        self._stack = contextlib.ExitStack()
        self._listeners: dict[str, socket.socket] = {}
        self._heard: list[int] = []
        self.poke = ctypes.create_string_buffer(b"untouched")
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGIO):
            before = signal.signal(number, lambda number, where: self._heard.append(number))
            self._stack.callback(signal.signal, number, before)
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
        self._channel, self._held_end = socket.socketpair()
        self._stack.callback(self._channel.close)
        self._stack.callback(self._held_end.close)
        self._listen()
        self._open_terminal()
        self._start_victim()
        self._keep_secrets()
        self._kernel = _log()
        self._quiet = self._state()

    @property
    def variables(self) -> dict[str, str]:
        """What attempts are told."""
        return {
            "AGENT": str(os.getpid()),
            "POKE_AGENT": str(ctypes.addressof(self.poke)),
            "VICTIM": str(self._victim.pid),
            "ADDRESS": self._address,
            "POKE": self._poke,
            "PORT": str(self._port),
            "ADDRESS_OF_HOST": ADDRESSES[0],
            "PATH_SOCKET": str(self.folder / "service.sock"),
            "DATAGRAM_SOCKET": str(self.folder / "datagram.sock"),
            "AGENT_SOCKET_IN_TMP": str(self._in_tmp),
            "TERMINAL": self._terminal,
            "SEGMENT": str(self._segment),
            "QUEUE": str(self._queue),
            "MARK": self.mark,
            "LINGER": self.linger,
            "http_proxy": f"http://127.0.0.1:{self._port}",
        }

    def traces(self) -> set[str]:
        """What happened to it, "KIND: WHAT" each."""
        found = {f"reached: {name}" for name, listener in self._listeners.items() if _was_reached(listener)}
        state = self._state()
        kinds = {"victim": "victim", "agent": "agent"}
        found |= {
            f"{kinds.get(name.split()[0], 'machine')}: {name}" for name in state if state[name] != self._quiet.get(name)
        }
        if any(self.mark.encode() in line for line in _news(self._kernel)):
            found.add("machine: kernel log")
        return found

    def lingering(self) -> int:
        """How many processes of attempts are alive."""
        wanted = self.linger.encode()
        count = 0
        for process in running():
            with contextlib.suppress(OSError):
                count += wanted in Path(f"/proc/{process.pid}/cmdline").read_bytes()
        return count

    def close(self) -> None:
        """Leave nothing of it, and the machine as it was."""
        self._restore()
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
        paths = [self.folder / "service.sock", self.folder / ".cache-agent.sock", self._in_tmp]
        paths += map(Path, ON_PATHS) if self.private else []
        for path in paths:
            self._listener(str(path), socket.AF_UNIX, socket.SOCK_STREAM, str(path))
            self._stack.callback(path.unlink, missing_ok=True)
        self._listener("datagram", socket.AF_UNIX, socket.SOCK_DGRAM, str(self.folder / "datagram.sock"))
        self._listener("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{self.mark}")
        self._listener("abstract datagram", socket.AF_UNIX, socket.SOCK_DGRAM, f"\0{self.mark}-d")
        if self.private:
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            tap.bind(("lo", 0))
            self._add("tap", tap)

    @contextlib.contextmanager
    def listening_at(self, path: Path) -> Iterator[None]:
        """One more, in a folder of an attempt."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
            made.listen(64)
            made.setblocking(False)
            self._listeners[str(path)] = made
            yield
            del self._listeners[str(path)]

    def _listener(self, name: str, family: int, kind: int, address: object) -> socket.socket:
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

    def _open_terminal(self) -> None:
        self._screen, self._keyboard = os.openpty()
        self._terminal = os.ttyname(self._keyboard)
        os.set_blocking(self._screen, False)
        self._stack.callback(os.close, self._screen)
        self._stack.callback(os.close, self._keyboard)

    def _start_victim(self) -> None:
        held = self.folder / "held-by-victim"
        held.write_text(self.marks["held"])
        self._victim = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", VICTIM, str(held), f"{self.mark}-victim", self.marks["argument"]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"IN_MEMORY": self.marks["memory"], "MINE": self.marks["environ"]},
            start_new_session=True,
            text=True,
        )
        self._stack.callback(self._end_victim)
        assert self._victim.stdout is not None
        self._address, self._poke = self._victim.stdout.readline().split()
        held.unlink()

    def _end_victim(self) -> None:
        self._victim.kill()
        self._victim.wait()
        for pipe in (self._victim.stdin, self._victim.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def _keep_secrets(self) -> None:
        libc = ctypes.CDLL(None)
        if _ADD_KEY:
            value = self.marks["key"].encode()
            key = libc.syscall(_ADD_KEY, b"user", self.mark.encode(), value, ctypes.c_size_t(len(value)), _OF_USER)
            self._stack.callback(libc.syscall, _KEYCTL, _UNLINK, key, _OF_USER, 0, 0)
        libc.shmat.restype = ctypes.c_void_p
        self._segment = libc.shmget(_IPC_PRIVATE, ctypes.c_size_t(4096), _IPC_CREAT | 0o600)
        self._stack.callback(libc.shmctl, self._segment, _IPC_RMID, None)
        place = libc.shmat(self._segment, None, 0)
        ctypes.memmove(place, self.marks["segment"].encode(), len(self.marks["segment"]))
        self._stack.callback(libc.shmdt, ctypes.c_void_p(place))
        self._queue = libc.msgget(_IPC_PRIVATE, _IPC_CREAT | 0o600)
        self._stack.callback(libc.msgctl, self._queue, _IPC_RMID, None)
        message = self.marks["message"].encode()
        libc.msgsnd(self._queue, struct.pack("l", 1) + message, ctypes.c_size_t(len(message)), 0)

    # --- how it is ----------------------------------------------------------------------------------------------

    def _state(self) -> dict[str, object]:
        state: dict[str, object] = {f"setting {name}": _text(name) for name in _SETTINGS}
        state |= {"host name": os.uname().nodename, "mounts": _mounts(), "loop devices": _loops()}
        state["device"] = os.stat("/dev/full").st_mode
        state["addresses"] = _text("/proc/net/fib_trie")
        state["control groups"] = any(Path("/sys/fs/cgroup").glob(f"**/{self.mark}")) if self.private else False
        state |= {f"agent {name}": value for name, value in _face_of(os.getpid())}
        state |= {
            "agent signals": (*self._heard,),
            "agent memory": self.poke.value,
            "agent channel": _read(self._channel),
        }
        state["agent terminal"] = _read(self._screen)
        return state | dict(self._state_of_victim())

    def _state_of_victim(self) -> Iterator[tuple[str, object]]:
        victim = self._victim
        if victim.poll() is not None:
            yield "victim ended", True
            return
        stopped = b") T" in Path(f"/proc/{victim.pid}/stat").read_bytes()
        yield "victim stopped", stopped
        if stopped:
            return
        yield from ((f"victim {name}", value) for name, value in _face_of(victim.pid))
        assert victim.stdin is not None
        assert victim.stdout is not None
        victim.stdin.write("look\n")
        victim.stdin.flush()
        yield "victim inside", victim.stdout.readline()

    def _restore(self) -> None:
        """What an attempt without a sandbox has changed."""
        for name in _SETTINGS:
            before = self._quiet[f"setting {name}"]
            if isinstance(before, str) and before and _text(name) != before:
                Path(name).write_text(before)
        if self.private:
            os.chmod("/dev/full", stat.S_IMODE(int(str(self._quiet["device"]))))
            socket.sethostname(str(self._quiet["host name"]))
            for folder in Path("/sys/fs/cgroup").glob(f"**/{self.mark}"):
                folder.rmdir()
            for device, _ in set(_loops()) - set(self._quiet["loop devices"]):  # type: ignore[call-overload]
                subprocess.run(["losetup", "-d", f"/dev/{device}"], capture_output=True)
            for line in reversed(sorted(_mounts() - self._quiet["mounts"])):  # type: ignore[operator]
                subprocess.run(["umount", "-l", line], capture_output=True)
            subprocess.run(["ip", "address", "delete", "10.66.66.66/32", "dev", "lo"], capture_output=True)
        for number in (resource.RLIMIT_CORE,):
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(number, self._quiet[f"agent limit {number}"])  # type: ignore[arg-type]
        for process in running():
            with contextlib.suppress(OSError):
                if self.linger.encode() in Path(f"/proc/{process.pid}/cmdline").read_bytes():
                    os.kill(process.pid, signal.SIGKILL)


def _was_reached(listener: socket.socket) -> bool:
    """Whether somebody came; the queue is emptied."""
    reached = False
    with contextlib.suppress(BlockingIOError):
        while True:
            if listener.family == socket.AF_PACKET:
                reached |= _is_ours(listener.recv(4096))
            elif listener.type == socket.SOCK_STREAM:
                listener.accept()[0].close()
                reached = True
            else:
                listener.recv(4096)
                reached = True
    return reached


def _is_ours(packet: bytes) -> bool:
    """A ping, or a packet of the test's own kind."""
    return packet[12:14] == _ETHERNET_OF_TEST or (packet[12:14] == b"\x08\x00" and packet[23] == 1)


def _face_of(pid: int) -> Iterator[tuple[str, object]]:
    """What others may set of a process."""
    yield "priority", os.getpriority(os.PRIO_PROCESS, pid)
    yield "scheduler", os.sched_getscheduler(pid)
    yield "doom", _text(f"/proc/{pid}/oom_score_adj")
    for number in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE):
        yield f"limit {number}", resource.prlimit(pid, number)


def _read(source: "socket.socket | int") -> bytes:
    try:
        return source.recv(4096, socket.MSG_DONTWAIT) if isinstance(source, socket.socket) else os.read(source, 4096)
    except BlockingIOError:
        return b""


def _text(name: str) -> str:
    try:
        return Path(name).read_text()
    except OSError:
        return ""


def _mounts() -> frozenset[str]:
    return frozenset(line.split()[4] for line in _text("/proc/self/mountinfo").splitlines())


def _loops() -> frozenset[tuple[str, str]]:
    files = Path("/sys/block").glob("loop*/loop/backing_file")
    return frozenset((file.parts[3], _text(str(file))) for file in files)


def _log() -> int | None:
    """The kernel's log from here on, where it may be read."""
    try:
        log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    os.lseek(log, 0, os.SEEK_END)
    return log


def _news(log: int | None) -> Iterator[bytes]:
    if log is None:
        return
    with contextlib.suppress(BlockingIOError):
        while True:
            yield os.read(log, 8192)
