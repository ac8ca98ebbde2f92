"""Bounds for programs that run in this process: time by signals, memory by the address space, depth of recursion."""

import resource
import signal
import sys
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any, Self

MEMORY = 1 << 29
"""Bytes that a program may take beyond what the process has."""
AGAIN = 0.05
"""Seconds after which time is up once more, for a program that caught the first word of it."""
PATIENCE = 10
"""How often its time a program may take by the clock, on a busy machine or waiting for something."""
PAGE = resource.getpagesize()
SIGNALS = (signal.SIGPROF, signal.SIGALRM)


class TimeUp(KeyboardInterrupt):
    """Of the kind that unittest lets through."""


@dataclass(slots=True)
class Bounds:
    """Within a `with` they hold; `expired` once time was up."""

    seconds: float
    recursion: int | None = None
    expired: bool = False
    _over: bool = False
    _before: list[Any] = field(default_factory=list)

    def __enter__(self) -> Self:
        limits = resource.getrlimit(resource.RLIMIT_AS)
        self._before = [sys.getrecursionlimit(), limits, [signal.signal(each, self._expire) for each in SIGNALS]]
        resource.setrlimit(resource.RLIMIT_AS, (least(size() + MEMORY, limits[0]), limits[1]))
        if self.recursion is not None:
            sys.setrecursionlimit(self.recursion)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE * self.seconds, AGAIN)
        signal.setitimer(signal.ITIMER_PROF, self.seconds, AGAIN)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        self._over = True
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        depth, limits, handlers = self._before
        for number, handler in zip(SIGNALS, handlers, strict=True):
            signal.signal(number, handler)
        sys.setrecursionlimit(depth)
        resource.setrlimit(resource.RLIMIT_AS, limits)
        return isinstance(error, TimeUp)

    def _expire(self, _number: int, frame: FrameType | None) -> None:
        """Only the body is interrupted, never what takes the bounds away: that would leave them behind."""
        if not self._over and (frame is None or frame.f_code not in OWN):
            self.expired = True
            raise TimeUp


def bounded(seconds: float, recursion: int | None = None) -> Bounds:
    """For a `with` in a main thread, not to be nested: its body may take `seconds` of the processor's time, MEMORY
    more bytes, and `recursion` frames.

    When time is up it ends, and `expired` is set; too much memory is a MemoryError there, and in every other thread
    of the process meanwhile: not for a process that trains.
    """
    return Bounds(seconds, recursion)


OWN = (Bounds.__enter__.__code__, Bounds.__exit__.__code__)


def size() -> int:
    """Bytes of this process's address space, where the system tells them."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * PAGE
    except OSError:
        return 1 << 45


def least(wanted: int, allowed: int) -> int:
    return wanted if allowed == resource.RLIM_INFINITY else min(wanted, allowed)
