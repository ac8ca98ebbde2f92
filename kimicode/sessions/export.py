"""A session for other programs and for sharing: Markdown to read, JSON to compute with."""

import re
from collections.abc import Sequence
from typing import Any

from kimicode.events import Event, Result
from kimicode.messages import encode
from kimicode.sessions.replay import replay
from kimicode.sessions.transcript import Block, transcript

VERSION = 1


def to_markdown(events: Sequence[Event], *, thinking: bool = False) -> str:
    """The transcript as Markdown, without control characters; with `thinking` also what the model thought."""
    return "\n\n".join(_markdown(block) for block in transcript(events, thinking=thinking)) + "\n"


def to_json(events: Sequence[Event]) -> dict[str, Any]:
    """The session as JSON values: `messages` as they would be sent to a model, and the last run's result."""
    history = replay(events)
    result = next((event for event in reversed(events) if isinstance(event, Result)), None)
    return {"version": VERSION, **encode(history), "result": encode(result)}


def _markdown(block: Block) -> str:
    title = re.sub(r"([\\`*_\[\]<>])", r"\\\1", block.title)
    match block.kind:
        case "session":
            return f"# {title}"
        case "prompt" | "message":
            return f"## {title}\n\n{_quoted(block.body)}"
        case "answer":
            return block.body if block.ok else f"*{title}:*\n\n{block.body}"
        case "thinking":
            return f"<details><summary>{title}</summary>\n\n{_quoted(block.body)}\n\n</details>"
        case "tool" | "diff":
            language = "diff" if block.kind == "diff" else "text"
            return f"**{title}**" + (f"\n\n{_fenced(block.body, language)}" if block.body else "")
        case "notice":
            return f"*{title}*"
        case "result":
            return f"## Result: {title}\n\n{block.body}".rstrip()


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _fenced(text: str, language: str) -> str:
    """A code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
