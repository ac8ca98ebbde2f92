"""What a run without a person shows: stdout for the result, stderr for progress. Three forms, one contract.

text: the answer and the report at the end. json: one object at the end. stream-json: every event, one a line.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from kimicode.cli.progress import Progress
from kimicode.errors import ExitCode
from kimicode.events import Event, Notice, Result
from kimicode.messages import encode


def _nothing(code: ExitCode, at_once: bool) -> None:
    """No session yet, nothing to interrupt."""


@dataclass(slots=True)
class Screen:
    """Where a session's events go. `result` is set once; nothing is written to stdout after it."""

    form: str
    progress: Progress | None
    result: Result | None = None
    session_id: str = ""
    interrupted: bool = False
    interrupt_code: ExitCode = ExitCode.INTERRUPTED
    on_interrupt: Callable[[ExitCode, bool], None] = _nothing
    _start: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._start

    def show(self, event: Event) -> None:
        """One event, as it happens. Raises BrokenPipeError when nobody reads stdout any more."""
        if self.result is not None:
            if isinstance(event, Notice):
                _say(event)
            return
        if self.progress is not None:
            self.progress.show(event)
        elif isinstance(event, Notice) and event.level != "info" and self.form != "stream-json":
            _say(event)
        if isinstance(event, Result):
            self.result = event
        if self.form == "stream-json":
            _write(json.dumps(encode(event), ensure_ascii=True) + "\n")

    def close(self) -> None:
        """Write what comes at the end."""
        if self.progress is not None:
            self.progress.close()
        if self.result is None:
            return
        if self.form == "json":
            _write(json.dumps(encode(self.result), ensure_ascii=True, indent=2) + "\n")
        elif self.form == "text":
            _write(as_text(self.result))
        if self.form != "stream-json" or self.progress is not None:
            _say_why(self.result)


def screen_for(form: str, progress: bool) -> Screen:
    return Screen(form, Progress() if progress else None)


def as_text(result: Result) -> str:
    """The answer, and below it what the records say; the records alone where there is no answer."""
    answer = result.answer.strip()
    worked = result.files_changed or "exit" in result.summary
    report = result.summary if worked or (result.steps and not answer) else ""
    text = "\n\n".join(filter(None, (answer, report)))
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
        first = head if lines[0] == head else f"{head}: {lines[0]}"
        sys.stderr.write("\n".join([f"kimicode: {first}", *(f"  {line}" for line in lines[1:])]) + "\n")
        if result.session_id:
            sys.stderr.write(f'  To go on: kimicode run --resume {result.session_id} "..."\n')


def _say(notice: Notice) -> None:
    sys.stderr.write(f"kimicode: {notice.level}: {notice.text}\n")


def _write(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()
