"""Progress for a person watching stderr: a line per call, and below it one line that says what happens now."""

import contextlib
import json
import os
import sys
import time

from kimicode.cli.cells import cut, width_of
from kimicode.events import (
    ApprovalResolved,
    Brief,
    CommandRun,
    CompactionCompleted,
    Diff,
    Event,
    Notice,
    PartStarted,
    PartUpdated,
    PlanUpdated,
    RetryScheduled,
    SessionStarted,
    StepStarted,
    ToolCompleted,
    ToolStarted,
    UsageUpdated,
)
from kimicode.messages import Usage
from kimicode.sessions.transcript import printable

REPAINT_S = 0.1
DIM, RED, GREEN, YELLOW, RESET = "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"


class Progress:
    """Paints on stderr. On a dumb terminal or with NO_COLOR it keeps to plain lines."""

    def __init__(self) -> None:
        dumb = os.environ.get("TERM", "dumb") == "dumb"
        self._colour = not dumb and not os.environ.get("NO_COLOR")
        self._live = not dumb
        self._start = time.monotonic()
        self._painted = 0.0
        self._shown = 0
        self._activity = "connecting"
        self._stopping = False
        self._step = 0
        self._total = Usage()
        self._context = (0, 0)
        self._running: dict[str, str] = {}

    def show(self, event: Event) -> None:
        line = self._line(event)
        if line:
            self._clear()
            put(line + "\n")
        self._note(event)
        self._paint(force=bool(line))

    def doing(self, activity: str) -> None:
        """What happens before the session begins, and so has no event."""
        self._activity = _one_line(activity)
        self._paint(force=False)

    def tick(self) -> None:
        """Once a second: time goes on where nothing happens."""
        self._paint(force=False)

    def stopping(self) -> None:
        """The first Ctrl-C came."""
        self._stopping = True
        self._paint(force=True)

    def close(self) -> None:
        self._clear()

    def _line(self, event: Event) -> str:
        """The lasting line for an event, or ""."""
        match event:
            case SessionStarted():
                return self._in(DIM, f"{_one_line(event.model)}, {event.mode} mode, session {event.session_id}")
            case ToolCompleted():
                return self._call(event)
            case RetryScheduled():
                return self._in(
                    YELLOW,
                    f"! {_one_line(event.reason)}; try {event.attempt} of {event.attempts} in {event.wait_s:.0f} s",
                )
            case ApprovalResolved(allowed=False):
                return self._in(YELLOW, f"! denied: {_one_line(event.reason)}")
            case CompactionCompleted():
                return self._in(DIM, f"  made room: {event.before:,} → {event.after:,} tokens")
            case Notice():
                return self._in(YELLOW if event.level != "info" else DIM, f"! {_one_line(event.text)}")
            case PlanUpdated():
                marks = {"done": "x", "active": ">", "pending": " "}
                return "\n".join(f"  [{marks[step.state]}] {_one_line(step.title)}" for step in event.steps)
        return ""

    def _call(self, event: ToolCompleted) -> str:
        what = self._running.pop(event.call_id, event.name)
        if event.name == "plan" and not event.is_error:
            return ""  # the steps themselves were shown
        match event.display:
            case Diff() as diff:
                end = f"+{diff.added} -{diff.removed}"
            case CommandRun(exit_code=None):
                end = "in the background"
            case CommandRun() as run:
                end = self._in(RED, f"exit {run.exit_code}") if run.exit_code else "exit 0"
            case Brief() as brief if event.is_error:
                end = _one_line(brief.text.strip().partition("\n")[0])
            case _:
                end = ""
        mark = self._in(RED, "✗") if event.is_error else self._in(GREEN, "●")
        seconds = f" {event.duration_s:.1f}s" if event.duration_s >= 1 else ""
        return f"{mark} {what}  {self._in(DIM, end + seconds)}".rstrip()

    def _note(self, event: Event) -> None:
        match event:
            case StepStarted():
                self._step, self._activity = event.step, "waiting for the model"
            case PartStarted(kind="thinking"):
                self._activity = "thinking"
            case PartStarted(kind="tool_call"):
                self._activity = f"writing a {event.name} call" if event.name else "writing a call"
            case PartStarted() | PartUpdated():
                self._activity = "answering" if self._activity == "waiting for the model" else self._activity
            case ToolStarted():
                self._running[event.call_id] = self._activity = _describe(event)
            case UsageUpdated():
                self._total, self._context = event.total, (event.context_tokens, event.window)

    def _paint(self, *, force: bool) -> None:
        now = time.monotonic()
        if not self._live or (not force and now - self._painted < REPAINT_S):
            return
        self._painted = now
        width = columns() - 3  # the terminal puts ^C behind it
        activity, status = self._activity, self._status()
        if self._stopping:
            activity, status = "stopping; Ctrl-C again ends it at once", status.partition(" ")[0]
        activity = cut(activity, max(20, width - 5 - width_of(status)))  # how long it takes matters more than what
        text = cut(f"  {activity} · {status}", width)
        self._clear()
        put(self._in(DIM, text))
        self._shown = width_of(text)

    def _status(self) -> str:
        total = self._total
        parts = [
            f"{time.monotonic() - self._start:.0f}s",
            f"step {self._step}",
            f"{count(total.input_tokens)} in, {count(total.output_tokens)} out",
        ]
        if total.price:
            parts.append(f"${total.price:.4f}")
        if self._context[1]:
            parts.append(f"{100 * self._context[0] // self._context[1]}% of the window")
        return " · ".join(parts)

    def _clear(self) -> None:
        clear(self._shown)
        self._shown = 0

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{RESET}" if self._colour and text else text


def clear(shown: int) -> None:
    """Take away a line of so many cells that has no end yet."""
    if shown:
        # A window that was made narrower has broken the line; the cursor stands on the last of its rows.
        above = (shown - 1) // columns()
        put("\r" + (f"\x1b[{above}A" if above else "") + "\x1b[J")


def put(text: str) -> None:
    """Write on stderr, now."""
    with contextlib.suppress(OSError):  # the terminal was closed: the run is ended by its signal, not by its progress
        sys.stderr.write(text)
        sys.stderr.flush()


def columns() -> int:
    """The width of the terminal behind stderr: stdout may go to a file."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80


def _describe(event: ToolStarted) -> str:
    try:
        arguments = json.loads(event.arguments)
    except (ValueError, RecursionError):
        arguments = {}
    subject = arguments.get("command") or arguments.get("path") or "" if isinstance(arguments, dict) else ""
    return f"{event.name}  {_one_line(str(subject))}".rstrip()


def _one_line(text: str) -> str:
    return cut(" ".join(printable(text).split()), 100)


def count(tokens: int) -> str:
    """Tokens in few letters: 840, 12.3k."""
    return f"{tokens / 1000:.1f}k" if tokens >= 1000 else str(tokens)
