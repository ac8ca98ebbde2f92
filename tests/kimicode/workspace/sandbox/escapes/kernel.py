"""What root could change of the machine itself: settings, devices, mounts, names. All is put back."""

import contextlib
import os
import secrets
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

SETTINGS = (
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/printk_ratelimit_burst",
    "/sys/kernel/mm/ksm/pages_to_scan",
)
"""Those that attempts write `mark` or `number` to: what another run writes meanwhile is not taken for theirs."""
DEVICE = "/dev/full"
NEW_ADDRESS = "10.66.66.66"


class Kernel:
    """As it was when this was made. `mark` and `number` are what attempts leave."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.number = str(1000 + secrets.randbelow(60_000))
        self._settings = {name: _text(name) for name in SETTINGS}
        self._mode = os.stat(DEVICE).st_mode
        self._name = os.uname().nodename
        self._mounts = _mounts()
        self._log = _log()

    def traces(self) -> Iterator[str]:
        """What is not as it was."""
        yield from (f"setting {name}" for name in SETTINGS if self._is_ours(_text(name)))
        if os.stat(DEVICE).st_mode != self._mode:
            yield "device"
        if os.uname().nodename != self._name:
            yield "name"
        yield from (f"mount {place}" for place in _mounts() - self._mounts)
        yield from (f"loop device {device}" for device in self._loops())
        yield from (f"control group {folder}" for folder in self._groups())
        if NEW_ADDRESS in _text("/proc/net/fib_trie"):
            yield "address"
        if any(self.mark.encode() in line for line in _news(self._log)):
            yield "log"

    def restore(self) -> None:
        """Put back what an attempt without a sandbox has changed."""
        for name, before in self._settings.items():
            if self._is_ours(_text(name)):
                Path(name).write_text(before)
        os.chmod(DEVICE, stat.S_IMODE(self._mode))
        socket.sethostname(self._name)
        for place in sorted(_mounts() - self._mounts, reverse=True):
            _quietly("umount", "-l", place)
        for device in self._loops():
            _quietly("losetup", "-d", f"/dev/{device}")
        for folder in self._groups():
            folder.rmdir()
        _quietly("ip", "address", "delete", f"{NEW_ADDRESS}/32", "dev", "lo")
        if self._log is not None:
            os.close(self._log)

    def _is_ours(self, value: str) -> bool:
        return self.mark in value or value.strip() == self.number

    def _loops(self) -> list[str]:
        files = Path("/sys/block").glob("loop*/loop/backing_file")
        return [file.parts[3] for file in files if self.mark in _text(str(file))]

    def _groups(self) -> list[Path]:
        return [*Path("/sys/fs/cgroup").glob(self.mark), *Path("/sys/fs/cgroup").glob(f"*/{self.mark}")]


def _quietly(*argv: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        subprocess.run(argv, capture_output=True)


def _text(name: str) -> str:
    try:
        return Path(name).read_text()
    except OSError:
        return ""


def _mounts() -> frozenset[str]:
    return frozenset(line.split()[4] for line in _text("/proc/self/mountinfo").splitlines())


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
