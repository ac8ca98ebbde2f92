"""A program on a pseudo-terminal of its own, and the screen that a person would see: what the measurements of the
terminal UI and its tests stand on. Nothing here knows the program."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

FULL_CLEAR = re.compile(rb"\x1b\[[23]J")
"""What wipes the whole screen."""
_TICKS = os.sysconf("SC_CLK_TCK")
# Sequences that pyte takes for text: keyboard protocols, queries of modes, titles and notifications.
_UNKNOWN = re.compile(
    rb"\x1b\[[<>=][\d;]*[a-z]|\x1b\[\?[\d;]*\$p|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP.*?\x1b\\", re.DOTALL
)
MARKS_PASTES = {b"\x1b[?2004$p": b"\x1b[?2004;1$y"}
"""What today's terminals answer when they are asked whether they mark pastes."""


class Terminal:
    """Started with its program. Reads go on only inside its methods: whoever waits, waits through one of them."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environ: Mapping[str, str] | None = None,
        folder: Path | None = None,
        answers: Mapping[bytes, bytes] = MARKS_PASTES,
    ) -> None:
        """`answers` are given to the questions that the program writes."""
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.received = bytearray()
        """All bytes that the program wrote."""
        self._answers = answers
        self._hung_up = False
        self.started = time.perf_counter()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.chdir(folder or Path.cwd())
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvpe(command[0], list(command), {**os.environ, "TERM": "xterm-256color", **(environ or {})})
        self.resize(columns, rows)

    # --- what a person does -----------------------------------------------------------------------------------

    def type(self, text: str) -> None:
        """Write bytes as a keyboard does."""
        rest = memoryview(text.encode())
        while rest:
            self.read(0.0)  # a program that is answering may have to be listened to before it takes more
            _, writable, _ = select.select([], [self._master], [], 5.0)
            if not writable:
                raise TimeoutError("the program takes no more input")
            rest = rest[os.write(self._master, rest[:1024]) :]

    def paste(self, text: str) -> None:
        """Write a bracketed paste."""
        self.type(f"\x1b[200~{text}\x1b[201~")

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; the program gets its SIGWINCH."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program's process group."""
        os.killpg(self.pid, number)

    # --- what a person sees -----------------------------------------------------------------------------------

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines).rstrip()

    def read(self, seconds: float) -> int:
        """Take in what the program writes within so many seconds, or all that is there now; returns its bytes."""
        count, until = 0, time.perf_counter() + seconds
        while True:
            ready, _, _ = select.select([self._master], [], [], max(0.0, until - time.perf_counter()))
            if not ready:
                return count
            try:
                data = os.read(self._master, 65536)
            except OSError:  # EIO: the program has ended
                data = b""
            if not data:
                self._hung_up = True
                return count
            self._answer(data)
            self.received += data
            self._stream.feed(_UNKNOWN.sub(b"", data))
            count += len(data)

    def until(self, condition: str | Callable[[], bool], seconds: float = 20.0) -> float:
        """Read until a text is on the screen, or a condition holds; returns the seconds it took.

        Raises TimeoutError with the screen as it is then, at once where the program has ended."""
        began = time.perf_counter()
        holds = condition if callable(condition) else lambda: condition in self.text
        while not holds():
            if self._hung_up or time.perf_counter() - began > seconds:
                raise TimeoutError(f"not seen within {seconds} s: {condition}\n{self.text}")
            self._next()
        return time.perf_counter() - began

    def quiet(self, seconds: float = 0.3, limit: float = 20.0) -> None:
        """Read until nothing was written for a while."""
        began = time.perf_counter()
        while self.read(seconds) and time.perf_counter() - began < limit:
            pass

    def _answer(self, data: bytes) -> None:
        longest = max(map(len, self._answers), default=0)
        seen = self.received[-longest:] + data
        for question, answer in self._answers.items():
            if seen.find(question, max(0, len(seen) - len(data) - len(question) + 1)) >= 0:
                os.write(self._master, answer)

    def _next(self) -> None:
        """Wait for the next bytes and take them in, without waiting for more."""
        ready, _, _ = select.select([self._master], [], [], 0.05)
        if ready:
            self.read(0.0)

    # --- what it costs ----------------------------------------------------------------------------------------

    def cpu(self) -> float:
        """Seconds of CPU that the program has used so far, its threads included."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def wakeups(self) -> int:
        """Voluntary context switches of all its threads so far: a program that sleeps has none."""
        total = 0
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            found = re.search(r"^voluntary_ctxt_switches:\s*(\d+)", (task / "status").read_text(), re.MULTILINE)
            total += int(found[1]) if found else 0
        return total

    def memory(self) -> int:
        """Bytes of resident memory now."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    # --- the end ----------------------------------------------------------------------------------------------

    def wait(self, seconds: float = 20.0) -> int:
        """Read on until the program has ended; returns its exit code, negative for a signal."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            self.read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.read(0.0)  # its last words
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
        raise TimeoutError(f"it still runs\n{self.text}")

    def close(self) -> None:
        """Kill the program if it still runs, and close the terminal."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
