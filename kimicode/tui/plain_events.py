"""The agent's events as lines of text, for a terminal without cursor movement and for screen readers."""

import json
from collections.abc import Callable

from kimicode.events import (
    ApprovalRequested,
    AsideCompleted,
    Brief,
    CommandRun,
    CompactionCompleted,
    Diff,
    Display,
    Event,
    FilesRestored,
    ModeChanged,
    ModelChanged,
    Notice,
    PartCompleted,
    PartDiscarded,
    PartStarted,
    PartUpdated,
    PlanUpdated,
    Result,
    RetryScheduled,
    SessionStarted,
    ShellCompleted,
    ToolCompleted,
    ToolStarted,
)
from kimicode.messages import Text
from kimicode.tui.text.sanitise import exact, one_line, overwritten, visible
from kimicode.tui.transcript.feed import restored

_MOST_LINES = 40
_STEPS = {"done": "[x]", "active": "[>]", "pending": "[ ]"}
_TELLING = ("command", "path")


class EventLines:
    """Writes whole lines only, so that a screen reader hears sentences and not syllables."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._rest: dict[str, str] = {}
        """Texts under way, each with its line that is not complete yet."""
        self.answer = ""
        """The last answer."""

    def line(self, text: str) -> None:
        """Write some lines, made fit for the terminal."""
        self._write(visible(text) + "\n")

    def tell(self, event: Event) -> None:
        """Write what a person should know of an event."""
        match event:
            case PartStarted() | PartUpdated() | PartCompleted() | PartDiscarded():
                self._part(event)
            case ToolStarted(_, name, arguments):
                self.line(f"* {name}{_telling(arguments)}")
            case ToolCompleted():
                self._result(event)
            case ShellCompleted(_, _, output, exit_code):
                self.line(f"{_shortened(overwritten(output))}\n[exit code {exit_code}]".lstrip())
            case PlanUpdated(steps):
                self.line("\n".join(["Plan:", *(f"  {_STEPS[step.state]} {one_line(step.title)}" for step in steps)]))
            case Result():
                self._end(event)
            case _:
                self._note(event)

    def _part(self, event: PartStarted | PartUpdated | PartCompleted | PartDiscarded) -> None:
        match event:
            case PartStarted(part_id, "text"):
                self._rest[part_id] = self.answer = ""
            case PartStarted(_, "thinking"):
                self.line("(thinking)")
            case PartUpdated(part_id, delta) if part_id in self._rest:
                self.answer += delta
                *lines, self._rest[part_id] = (self._rest[part_id] + delta).split("\n")
                for line in lines:
                    self.line(line)
            case PartCompleted(part_id):
                if rest := self._rest.pop(part_id, ""):
                    self.line(rest)
            case PartDiscarded(part_id):
                if self._rest.pop(part_id, None) is not None:
                    self.line("(that does not count, it is asked again)")

    def _result(self, event: ToolCompleted) -> None:
        if event.display is not None:
            self.line(_shown(event.display))
        elif event.is_error:
            texts = [part.text for part in event.content if isinstance(part, Text)]
            self.line(_shortened("failed: " + "\n".join(texts)))

    def _end(self, event: Result) -> None:
        if event.answer.strip() and event.answer.strip() not in self.answer:
            self.answer = event.answer
            self.line(event.answer)
        if event.status != "finished":
            self.line(f"({event.status}: {event.reason})" if event.reason else f"({event.status})")
        self.line(f"({event.summary})")

    def _note(self, event: Event) -> None:
        match event:
            case SessionStarted(session_id, cwd, model, mode):
                self.line(f"Session {session_id} in {cwd}: {model}, mode {mode}")
            case Notice(level, _, text):
                self.line(text if level == "info" else f"{level}: {text}")
            case RetryScheduled(attempt, attempts, wait, reason):
                self.line(f"{reason}: asking again in {wait:.0f} s ({attempt} of {attempts})")
            case CompactionCompleted(before, after):
                self.line(f"The history was replaced by a note: {before:,} tokens are {after:,} now")
            case FilesRestored():
                self.line(restored(event).text)
            case ModeChanged(mode):
                self.line(f"Mode: {mode}")
            case ModelChanged(model):
                self.line(f"Model: {model}")
            case AsideCompleted(_, text, problem):
                self.line("\n".join(filter(None, (text, problem))))


def question(request: ApprovalRequested) -> str:
    """What is asked, with exactly what is to be allowed, and how it can be answered."""
    lines = [one_line(request.question)]
    if request.warning:
        lines.append(f"Careful: {one_line(request.warning)}")
    if request.display is not None:
        run = isinstance(request.display, CommandRun)
        lines.append((exact if run else visible)(_subject(request.display)))
    if request.cwd:
        lines.append(f"in {exact(request.cwd)}")
    ways = ["y = yes, this once"]
    ways += ["s = for this session"] if request.repeatable else []
    ways += [f"r = always: {one_line(request.rule)}"] if request.rule else []
    return "\n".join([*lines, ", ".join([*ways, "n = no; or say what to do instead"])])


def _subject(display: Display) -> str:
    match display:
        case Diff(_, text):
            return text
        case CommandRun(command):
            return command
        case Brief(text):
            return text


def _shown(display: Display) -> str:
    match display:
        case Diff(path, text, added, removed):
            return f"{path} +{added} -{removed}\n{_shortened(text)}".rstrip()
        case CommandRun(_, output, exit_code):
            end = "still running" if exit_code is None else f"exit code {exit_code}"
            return f"{_shortened(overwritten(output))}\n[{end}]".lstrip()
        case Brief(text):
            return text


def _telling(arguments: str) -> str:
    """The one argument by which a call is recognised."""
    try:
        values = json.loads(arguments)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(values, dict):
        return ""
    return next((f": {values[name]}" for name in _TELLING if isinstance(values.get(name), str)), "")


def _shortened(text: str) -> str:
    lines = text.rstrip("\n").split("\n")
    if len(lines) <= _MOST_LINES:
        return "\n".join(lines)
    half = _MOST_LINES // 2
    return "\n".join([*lines[:half], f"... {len(lines) - 2 * half} lines left out ...", *lines[-half:]])
