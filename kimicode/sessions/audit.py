"""What a session did to this machine, in order: questions and answers, commands and their ends, files and sizes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from kimicode.events import (
    ApprovalRequested,
    ApprovalResolved,
    CommandRun,
    Diff,
    Event,
    FilesRestored,
    ModeChanged,
    ModelChanged,
    Notice,
    Result,
    Rewound,
    SessionStarted,
    ShellCompleted,
    ToolCompleted,
    TurnStarted,
)
from kimicode.sessions.tail import journal_of, records
from kimicode.sessions.transcript import printable
from kimicode.workspace.steplog import Change, StepLog

UNDO = "undo"
"""Where a session's folder holds its steps."""

_TOLD = ("warning", "error")
_REACHED = "network"
"""The code of notices that tell of hosts, also of those that are reached as they should be."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: when (Unix seconds), of which kind, in one line; `facts` are the same for programs."""

    time: float
    kind: str
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """For a person: the day and the time of this place, what it is, what happened."""
        text = self.text.encode("utf-8", "backslashreplace").decode()  # a journal may hold halves of characters
        return f"{datetime.fromtimestamp(self.time):%Y-%m-%d %H:%M:%S}  {self.kind:<9} {text}"


def audit(folder: Path) -> Iterator[Entry]:
    """All entries of a recorded session; damaged records are passed over. Raises DiskError."""
    written: dict[str, list[Change]] = {}
    for step in StepLog(folder / UNDO).steps:
        written.setdefault(step.call_id, []).extend(step.changes)
    asked: dict[str, tuple[float, str]] = {}
    for record in records(journal_of(folder)):
        event = record.event
        if isinstance(event, ApprovalRequested):
            asked[event.call_id] = record.time, event.question
        yield from _entries(record.time, event, asked)
        yield from _deeds(record.time, event)
        if isinstance(event, ToolCompleted):
            for change in written.pop(event.call_id, ()):
                yield _written(record.time, change)


def _entries(time: float, event: Event, asked: Mapping[str, tuple[float, str]]) -> Iterator[Entry]:
    """What was said, asked and answered."""
    match event:
        case SessionStarted():
            yield _begun(time, event)
        case TurnStarted(turn_id, prompt):
            yield Entry(time, "prompt", _line(prompt), {"turn": turn_id, "prompt": prompt})
        case ModeChanged(mode):
            yield Entry(time, "mode", mode, {"mode": mode})
        case ModelChanged(model):
            yield Entry(time, "model", model, {"model": model})
        case ApprovalRequested():
            facts = {"call": event.call_id, "question": event.question, "cwd": event.cwd, "digest": event.digest}
            why = f" ({event.warning})" if event.warning else ""
            yield Entry(time, "asked", _line(event.question) + why, facts)
        case ApprovalResolved():
            yield _answered(time, event, asked)
        case Notice(level, code, text) if level in _TOLD or code == _REACHED:
            yield Entry(time, level, _line(text), {"code": code, "text": text})
        case Result():
            why = f": {_line(event.reason)}" if event.reason else ""
            names = ("status", "exit_code", "steps", "price")
            told = {name: getattr(event, name) for name in names}
            yield Entry(time, "result", f"{event.status}{why}, {_many(event.steps, 'step')}", told)


def _deeds(time: float, event: Event) -> Iterator[Entry]:
    """What was done."""
    match event:
        case ToolCompleted():
            yield _done(time, event)
        case ShellCompleted():
            facts = {"command": event.command, "exit_code": event.exit_code, "output_chars": len(event.output)}
            yield Entry(time, "by hand", f"{_end(event.exit_code)}: {_line(event.command)}", facts)
        case FilesRestored(step, before, paths, left):
            text = f"{len(paths)} files as before step {before}" + (f", {len(left)} left" if left else "")
            yield Entry(time, "restored", text, {"step": step, "before": before, "paths": paths, "left": left})
        case Rewound(turn_id):
            yield Entry(time, "rewound", f"to before {turn_id}", {"turn": turn_id})


def _begun(time: float, event: SessionStarted) -> Entry:
    trust = "trusted" if event.trusted else "not trusted"
    sandbox = f"sandbox {event.sandbox}" if event.sandbox else "sandbox not recorded"
    how = "resumed" if event.resumed else "begun"
    text = f"{how} in {_line(event.cwd)} ({trust}), {event.model}, mode {event.mode}, {sandbox}"
    names = ("session_id", "cwd", "model", "mode", "version", "resumed", "sandbox", "trusted")
    return Entry(time, "session", text, {name: getattr(event, name) for name in names})


def _answered(time: float, event: ApprovalResolved, asked: Mapping[str, tuple[float, str]]) -> Entry:
    facts: dict[str, Any] = {
        "call": event.call_id,
        "allowed": event.allowed,
        "scope": event.scope,
        "reason": event.reason,
    }
    began, question = asked.get(event.call_id, (0.0, ""))
    waited = f", after {time - began:.1f} s" if began else ""
    if event.digest:
        facts["digest"] = event.digest
    if event.allowed:
        return Entry(time, "allowed", f"{event.scope}{waited}: {_line(question)}", facts)
    return Entry(time, "denied", f"{_line(event.reason)}{waited}" + (f": {_line(question)}" if question else ""), facts)


def _done(time: float, event: ToolCompleted) -> Entry:
    facts: dict[str, Any] = {
        "call": event.call_id,
        "tool": event.name,
        "error": event.is_error,
        "seconds": event.duration_s,
    }
    failed = " failed" if event.is_error else ""
    match event.display:
        case CommandRun(command, output, exit_code, _, outside):
            size = event.debug.get("output_bytes", len(output.encode("utf-8", "replace")))
            place = ", outside of the sandbox" if outside else ""
            facts |= {"command": command, "exit_code": exit_code, "output_bytes": size, "outside": outside}
            text = f"{_end(exit_code)}, {event.duration_s:.1f} s, {size:,} bytes{place}: {_line(command)}"
            return Entry(time, "command", text, facts)
        case Diff(path, _, added, removed):
            facts |= {"path": path, "added": added, "removed": removed}
            return Entry(time, "edit", f"{event.name}{failed} {_line(path)} +{added} -{removed}", facts)
    if url := event.debug.get("url"):
        facts |= {"url": url, "bytes": event.debug.get("bytes", 0)}
        return Entry(time, "tool", f"{event.name}{failed} {_line(str(url))}, {facts['bytes']:,} bytes", facts)
    return Entry(time, "tool", f"{event.name}{failed}", facts)


def _written(time: float, change: Change) -> Entry:
    before, after = change.before, change.after
    sizes = f"{_size(before.kind, before.size)} -> {_size(after.kind, after.size)}"
    facts = {
        "path": change.path,
        "before": before.kind,
        "bytes_before": before.size,
        "after": after.kind,
        "bytes": after.size,
    }
    return Entry(time, "wrote", f"{_line(change.path)} ({sizes})", facts)


def _size(kind: str, size: int) -> str:
    return f"{size:,} bytes" if kind == "file" else kind


def _end(exit_code: int | None) -> str:
    return "still running" if exit_code is None else f"exit {exit_code}"


def _line(text: str) -> str:
    """All of it on one line: a record of what ran leaves nothing out."""
    return " ⏎ ".join(printable(text).strip().split("\n"))


def counted(entries: Sequence[Entry]) -> str:
    """What there was, in one line."""
    kinds = Counter(entry.kind for entry in entries)
    size = sum(entry.facts.get("output_bytes", 0) for entry in entries)
    files = len({entry.facts["path"] for entry in entries if entry.kind == "wrote"})
    return (
        f"{_many(kinds['command'], 'command')} ({size:,} bytes of output), {_many(files, 'file')} written, "
        f"{_many(kinds['asked'], 'question')}, {kinds['denied']} denied"
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
