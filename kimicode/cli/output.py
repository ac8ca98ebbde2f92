"""What a run without a person shows: stdout for the result, stderr for progress. Four forms, one contract.

text: the answer and the report at the end. json: one object at the end. stream-json: every event, one a line. none:
nothing, since whoever asked for the run tells what came of it.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from kimicode.cli.progress import Progress
from kimicode.errors import DiskError, ExitCode
from kimicode.events import Event, Notice, Result, StepStarted, UsageUpdated
from kimicode.messages import Usage, encode
from kimicode.sessions.transcript import printable


def _nothing(code: ExitCode, at_once: bool) -> None:
    """No session yet, nothing to interrupt."""


@dataclass(slots=True)
class Screen:
    """Where a session's events go. `result` is set once; nothing is written to stdout after it.

    `steps` and `usage` are as far as the events told: what a run cost that never comes to a result of its own.
    """

    form: str
    progress: Progress | None
    result: Result | None = None
    session_id: str = ""
    steps: int = 0
    usage: Usage = field(default_factory=Usage)
    interrupted: bool = False
    interrupt_code: ExitCode = ExitCode.INTERRUPTED
    on_interrupt: Callable[[ExitCode, bool], None] = _nothing
    on_leaving: Callable[[], object] = int
    """Called where a second signal ends the process at once: what must not stay behind."""
    _unwritable: bool = False
    _start: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._start

    def show(self, event: Event) -> None:
        """One event, as it happens. Raises BrokenPipeError when nobody reads stdout any more, DiskError if it fails."""
        if self.result is not None:
            if isinstance(event, Notice):
                _say(event)
            return
        if self.progress is not None:
            self.progress.show(event)
        elif isinstance(event, Notice) and event.level != "info" and self.form != "stream-json":
            _say(event)
        if isinstance(event, StepStarted):
            self.steps = event.step
        elif isinstance(event, UsageUpdated):
            self.usage = event.total
        elif isinstance(event, Result):
            self.result = event
        if self.form == "stream-json":
            self._write(json.dumps(encode(event), ensure_ascii=True) + "\n")

    def stopping(self) -> None:
        """The first signal came: say so where a person watches."""
        self.interrupted = True
        if self.progress is not None:
            self.progress.stopping()

    def close(self) -> None:
        """Write what comes at the end."""
        if self.progress is not None:
            self.progress.close()
        if self.result is None:
            return
        if self.form == "json":
            self._write(json.dumps(encode(self.result), ensure_ascii=True, indent=2) + "\n")
        elif self.form == "text":
            self._write(as_text(self.result))
        if self.form == "none":
            return
        if self.form != "stream-json" or self.progress is not None or self._unwritable:
            _say_why(self.result)

    def _write(self, text: str) -> None:
        if self._unwritable:
            return
        try:
            sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            self._unwritable = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the rest fails again at the exit
            raise DiskError.from_os("write to", "the standard output", error) from error


def screen_for(form: str, progress: bool) -> Screen:
    return Screen(form, Progress() if progress else None)


def as_text(result: Result) -> str:
    """The answer, and below it what the records say; the records alone where there is no answer.

    Control characters of a model, a command or a file's name do not reach the terminal.
    """
    answer = result.answer.strip()
    worked = result.files_changed or "exit" in result.summary
    report = result.summary if worked or (result.steps and not answer) else ""
    text = printable("\n\n".join(filter(None, (answer, report))))
    return f"{text}\n" if text else ""


def _say_why(result: Result) -> None:
    if result.exit_code:
        lines = (result.reason or result.status).splitlines()
        heads = {
            "limit": "stopped by a limit",
            "stuck": "stopped, it was going in circles",
            "interrupted": "interrupted",
        }
        head = heads.get(result.status, result.status)
        first = lines[0] if lines[0].startswith(head) else f"{head}: {lines[0]}"
        text = "\n".join([f"kimicode: {first}", *(f"  {line}" for line in lines[1:])])
        if result.session_id:
            text += f'\n  To go on: kimicode run --resume {result.session_id} "..."'
        _tell(text)


def _say(notice: Notice) -> None:
    _tell(f"kimicode: {notice.level}: {notice.text}")


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):  # a full disk behind stderr must not cost the result
        sys.stderr.write(printable(text) + "\n")
        sys.stderr.flush()
