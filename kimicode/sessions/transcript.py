"""A session as a person reads it: blocks with a title and a body, safe to print, whatever they are printed as."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from kimicode.events import (
    ApprovalResolved,
    Brief,
    CommandRun,
    CompactionCompleted,
    Diff,
    Event,
    FilesRestored,
    MessageAdded,
    Notice,
    Result,
    Rewound,
    SessionStarted,
    ShellCompleted,
    ToolCompleted,
    ToolStarted,
    TurnStarted,
)
from kimicode.messages import Message, Text, Thinking
from kimicode.sessions.replay import replay

Kind = Literal["session", "prompt", "message", "answer", "thinking", "tool", "diff", "notice", "result"]

# C0 and C1 controls, bidirectional overrides, surrogates: what moves cursors, what lies, what cannot be written.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


_TITLE = 200


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a transcript. `title` is one line; `ok` is False where something failed."""

    kind: Kind
    title: str
    body: str = ""
    ok: bool = True


def printable(text: str) -> str:
    """The text with every control character but newline and tab replaced by a picture of itself."""
    return _UNPRINTABLE.sub(_picture, text.replace("\r\n", "\n"))


def transcript(events: Sequence[Event], *, thinking: bool = False) -> Iterator[Block]:
    """Prompts, answers, tool calls, notices and results, in order; with `thinking` also what the model thought."""
    for block in _blocks(events):
        if block.kind != "thinking" or thinking:
            title = " ".join(printable(block.title).split())
            yield Block(block.kind, title, printable(block.body).strip("\n"), block.ok)


def _blocks(events: Sequence[Event]) -> Iterator[Block]:
    arguments: dict[str, str] = {}
    prompted = False
    said = ""
    for event in events:
        match event:
            case TurnStarted():
                prompted = True
                yield Block("prompt", "Prompt", event.prompt)
            case MessageAdded(Message("user")) if prompted:
                prompted = False  # the prompt once more, as the model saw it
            case MessageAdded(origin="shell"):
                pass  # told as the command that it was
            case MessageAdded():
                said = event.message.text
                yield from _message(event.message)
            case ToolStarted():
                arguments[event.call_id] = event.arguments
            case ToolCompleted():
                yield _tool(event, arguments.pop(event.call_id, ""))
            case Result():
                if event.answer.strip() not in said:  # words that came as a tool's argument, not as text
                    yield Block("answer", "Answer", event.answer)
                yield _result(event)
            case _:
                yield from _aside(event)
    yield from _loose_ends(events)


def _message(message: Message) -> Iterator[Block]:
    if message.role == "user":
        yield Block("message", "Message to the model", message.text)
    if message.role != "assistant":
        return
    for part in message.parts:
        if isinstance(part, Thinking):
            yield Block("thinking", "Thinking", part.text)
        elif isinstance(part, Text) and part.text.strip():
            yield Block("answer", "Answer", part.text)


def _tool(event: ToolCompleted, arguments: str) -> Block:
    ok = not event.is_error
    said = "" if ok else "".join(part.text for part in event.content if isinstance(part, Text))
    match event.display:
        case Diff(path, text, added, removed):
            return Block("diff", f"{event.name}: {path} (+{added} -{removed})", text, ok)
        case CommandRun(command, output, exit_code):
            title = f"{event.name}: {_end(exit_code)}, {event.duration_s:.1f} s"
            return Block("tool", title, f"$ {command}\n{output}", ok)
        case Brief(text):
            return Block("tool", f"{event.name}: {text}", said, ok)
        case _:
            return Block("tool", f"{event.name} {_shortened(arguments)}", said, ok)


def _end(exit_code: int | None) -> str:
    return "still running" if exit_code is None else f"exit {exit_code}"


def _aside(event: Event) -> Iterator[Block]:
    match event:
        case SessionStarted():
            how = "resumed" if event.resumed else f"Session {event.session_id}"
            yield Block("session", f"{how}: {event.model} in {event.cwd}")
        case ApprovalResolved(allowed=False):
            yield Block("notice", f"denied: {event.reason}", ok=False)
        case ShellCompleted():
            title = f"run by hand: {_end(event.exit_code)}, {event.duration_s:.1f} s"
            yield Block("tool", title, f"$ {event.command}\n{event.output}")
        case Rewound():
            yield Block("notice", f"went back to before the prompt: {_shortened(event.prompt)}")
        case FilesRestored():
            yield Block("notice", f"{_counted(len(event.paths), 'file')} restored as before step {event.before}")
        case Notice("warning" | "error"):
            yield Block("notice", event.text, ok=False)
        case CompactionCompleted():
            yield Block("notice", f"history compacted from {event.before:,} to {event.after:,} tokens")


def _result(event: Result) -> Block:
    price = "" if event.price is None else f", ${event.price:.4f}"
    why = f": {event.reason}" if event.reason else ""
    title = f"{event.status}{why} ({_counted(event.steps, 'step')}, {event.duration_s:.0f} s{price})"
    return Block("result", title, event.summary, event.status == "finished")


def _loose_ends(events: Sequence[Event]) -> Iterator[Block]:
    """What a session that died was doing."""
    history = replay(events)
    if history.partial.strip():
        yield Block("answer", "Answer, cut off", history.partial, ok=False)
    if history.prompts and history.status is None:
        open_calls = history.interrupted_calls
        unfinished = f"; {_counted(open_calls, 'tool call')} unfinished" if open_calls else ""
        yield Block("notice", f"the last turn never ended{unfinished}", ok=False)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _shortened(text: str) -> str:
    return text if len(text) <= _TITLE else text[:_TITLE] + "…"


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "\ufffd"
