"""What a demonstration shows while the agent works: each call, what the model says, each change, how fast it is."""

import sys
import time
from dataclasses import dataclass

from kimicode.cli.cells import cut
from kimicode.cli.progress import GREEN, RED, Progress, columns
from kimicode.events import (
    Diff,
    Event,
    MessageAdded,
    Notice,
    PartStarted,
    SessionStarted,
    StepStarted,
    ToolCompleted,
    UsageUpdated,
)
from kimicode.sessions.transcript import printable

_MOST_LINES = 12


@dataclass(slots=True)
class Pace:
    """How long things took, in seconds on the clock, as far as events tell."""

    began: float
    ready: float = 0.0
    """From the start to the session: an engine was started, its weights loaded."""
    first: float = 0.0
    """From the first request to the first piece of its answer."""
    writing: float = 0.0
    """Spent on answers, from their first piece to their end."""
    written: int = 0
    """Tokens of the answers behind their first one."""
    _mark: float = 0.0
    _open: bool = False

    @property
    def rate(self) -> float:
        """Tokens a second while it wrote; 0 where too few were written to tell."""
        return self.written / self.writing if self.writing > 0 and self.written > 1 else 0.0

    def note(self, event: Event, now: float) -> None:
        match event:
            case SessionStarted():
                self.ready = now - self.began
            case StepStarted():
                self._mark, self._open = now, False
            case PartStarted() if not self._open:
                self.first = self.first or now - self._mark
                self._mark, self._open = now, True
            case UsageUpdated() if self._open:
                self.writing += now - self._mark
                self.written += max(0, event.step.output_tokens - 1)
                self._open = False


class DemoProgress(Progress):
    """The progress of `kimicode run`, with the model's words and the lines that it changes."""

    def __init__(self) -> None:
        super().__init__()
        if not sys.stderr.isatty():
            self._colour = self._live = False
        self.pace = Pace(time.monotonic())

    def show(self, event: Event) -> None:
        self.pace.note(event, time.monotonic())
        super().show(event)

    def _line(self, event: Event) -> str:
        match event:
            case MessageAdded(message=message) if message.role == "assistant":
                return self._said(message.text)
            case SessionStarted() | ToolCompleted(name="submit"):
                return ""  # the session goes with the folder; the words of `submit` stand in the verdict
            case ToolCompleted(display=Diff() as diff):
                return "\n".join([super()._line(event), *map(self._changed, _changes(diff))])
            case Notice(code="nano" | "engine"):
                return ""  # the heading has said so
        return super()._line(event)

    def _said(self, text: str) -> str:
        lines = printable(text).strip().splitlines()
        return "\n".join(cut(f"  {line}", columns() - 1) for line in lines[:_MOST_LINES])

    def _changed(self, line: str) -> str:
        return self._in(GREEN if line.startswith("+") else RED, cut(f"    {printable(line)}", columns() - 1))


def _changes(diff: Diff) -> list[str]:
    """The lines that went and came; a diff's own heads say nothing new."""
    lines = [line for line in diff.text.splitlines() if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")]
    return lines[:_MOST_LINES]
