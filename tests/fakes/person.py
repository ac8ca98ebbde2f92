"""A person at a real terminal: kimicode on a pseudo-terminal, in a project of its own, with a scripted model."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kimicode.benchmarks.terminal import MARKS_PASTES, Terminal
from kimicode.config.trust import Record
from kimicode.llm.scripted import Reply
from tests.fakes.model_server import FaultServer
from tests.fakes.warm import shared
from tests.fakes.warm_terminal import WarmTerminal

ENDLESS = Reply(" ".join(f"word{number}" for number in range(4000)), delay=0.02)
"""An answer during which there is time for everything; it never repeats itself, which would end it."""
GRACE_S = 0.6
"""After this, a key answers a question that has come up."""
CTRL_C, CTRL_D, CTRL_J, CTRL_S, CTRL_U, CTRL_Z, ESC, TAB = "\x03", "\x04", "\n", "\x13", "\x15", "\x1a", "\x1b", "\t"
UP, DOWN, LEFT, SHIFT_TAB, BACKSPACE = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[Z", "\x7f"


class Server:
    """A scripted model on a thread of its own; `port` keeps an address over a restart."""

    def __init__(self, turns: Iterable[Any], port: int = 0) -> None:
        self.script = FaultServer(turns, port=port, models=({"id": "scripted"}, {"id": "other"}))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def requests(self) -> list[dict[str, Any]]:
        return self.script.requests

    @property
    def asked(self) -> str:
        """The last words of the person in the last request."""
        said = [message["content"] for message in self.requests[-1]["messages"] if message["role"] == "user"]
        return said[-1] if isinstance(said[-1], str) else "".join(part.get("text", "") for part in said[-1])

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.script.__aenter__(), self._loop).result(20)

    def stop(self) -> None:
        """Every connection ends where it is."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self.script.__aexit__(), self._loop).result(20)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(20)
            self._loop.close()


class Place:
    """Where the person works; within `with`, the server answers and every terminal is closed at the end."""

    def __init__(self, folder: Path, turns: Iterable[Any] = (), *, trusting: bool = True) -> None:
        """`trusting`: the person has said before that the project may be obeyed."""
        self.trusting = trusting
        self.home, self.project = folder / "home", folder / "project"
        self.home.mkdir()
        self.project.mkdir()
        self.server = Server(turns)
        self._terminals: list[Terminal] = []

    def __enter__(self) -> "Place":
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        for terminal in self._terminals:
            terminal.close()
        self.server.stop()

    @property
    def variables(self) -> dict[str, str]:
        address = {"KIMICODE_BASE_URL": self.server.script.base_url, "KIMICODE_MODEL": "scripted"}
        stale = {"COLUMNS": "80", "LINES": "24"}  # as a shell may have exported them; the terminal knows better
        return {
            "KIMICODE_HOME": str(self.home),
            "KIMICODE_MAX_RETRIES": "0",
            "COLORTERM": "truecolor",
            **stale,
            **address,
        }

    def open(
        self,
        *options: str,
        columns: int = 80,
        rows: int = 24,
        answers: Mapping[bytes, bytes] = MARKS_PASTES,
        **variables: str,
    ) -> Terminal:
        """kimicode on a terminal, ready for prompts; with `TESTS_COLD=1` each one has an interpreter of its own."""
        if "TESTS_COLD" in os.environ:
            terminal = self.start(
                [sys.executable, "-m", "kimicode", *options], columns, rows, answers=answers, **variables
            )
        else:
            where: dict[str, Any] = {"columns": columns, "rows": rows, "folder": self.project, "answers": answers}
            environ = self._environ(variables)
            terminal = WarmTerminal(shared(), ("kimicode", *options), environ=environ, **where)
            self._terminals.append(terminal)
        terminal.until(" ask")
        return terminal

    def start(
        self,
        command: list[str],
        columns: int = 80,
        rows: int = 24,
        *,
        answers: Mapping[bytes, bytes] = MARKS_PASTES,
        **variables: str,
    ) -> Terminal:
        """Any program on a terminal; a variable that is "" is as if it were not set."""
        environ = self._environ(variables)
        terminal = Terminal(command, columns=columns, rows=rows, environ=environ, folder=self.project, answers=answers)
        self._terminals.append(terminal)
        return terminal

    def _environ(self, variables: Mapping[str, str]) -> dict[str, str]:
        if self.trusting:
            Record(self.home / "trust.toml").remember(self.project, "trusted")
        return {name: value for name, value in {**self.variables, **variables}.items() if value}

    def session(self) -> str:
        """The id of the newest session."""
        # Names tell seconds, and two may begin within one.
        every = (self.home / "sessions").iterdir()
        return max(every, key=lambda path: (path.name[:15], path.stat().st_mtime_ns)).name


def idle(terminal: Terminal) -> None:
    """Wait until nothing works: the status line begins with the mode."""
    terminal.until(lambda: terminal.lines[-1].strip().startswith(("ask", "auto", "plan")))


def answer(terminal: Terminal, key: str) -> None:
    """A key for the question that has come up, once it counts."""
    terminal.until("1 Yes")
    terminal.read(GRACE_S)
    terminal.type(key)


def leave(terminal: Terminal) -> int:
    """Ctrl-C on an empty prompt, twice; returns the exit code."""
    terminal.type(CTRL_C)
    terminal.until("Once more to leave")
    terminal.type(CTRL_C)
    return terminal.wait()


def stop_hard(terminal: Terminal) -> None:
    """As the kernel does when memory is short."""
    terminal.signal(signal.SIGKILL)
    terminal.wait()


def git(folder: Path, *arguments: str) -> None:
    identity = "git -c user.name=t -c user.email=t@example.org -c init.defaultBranch=main"
    code = os.spawnvp(os.P_WAIT, "git", [*identity.split(), "-C", str(folder), *arguments])
    assert code == 0, arguments
