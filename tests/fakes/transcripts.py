"""Sessions as a person sees them: events of many steps, a plain renderer, and the naive layout to compare with."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from hypothesis import strategies as st
from rich.segment import Segment
from textual.strip import Strip

from kimicode.events import (
    CommandRun,
    Event,
    MessageAdded,
    PartCompleted,
    PartDiscarded,
    PartStarted,
    PartUpdated,
    SessionStarted,
    StepStarted,
    ToolCompleted,
    ToolStarted,
    ToolUpdated,
    TurnCompleted,
    TurnStarted,
)
from kimicode.messages import Message, Part, Text, Thinking, ToolCall, user
from kimicode.sessions.journal import JOURNAL
from kimicode.sessions.records import to_line
from kimicode.tui.content import Content, Markdown
from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.transcript.document import Document
from kimicode.tui.transcript.words import words


def plainly(content: Content, width: int, look: Look) -> list[Line]:
    """Words wrapped at any character, behind a gutter of two cells; two lines where it is folded."""
    lines: list[Line] = []
    for text in words(content).strip("\n").split("\n"):
        room = max(1, width - 2)
        pieces = [text[at : at + room] for at in range(0, len(text), room)] or [""]
        lines += [
            Line(Strip([Segment(f"| {piece}"[:width])]), piece, min(2, width), soft=number < len(pieces))
            for number, piece in enumerate(pieces, 1)
        ]
    return lines if look.expanded or isinstance(content, Markdown) else lines[:2]


def naively(document: Document, width: int, look: Look) -> list[str]:
    """The text of every line of a document whose blocks are all in memory."""
    texts = []
    for page in document.pages:
        for block in page.blocks or ():
            folded = Look(look.palette, expanded=not document.is_folded(block))
            within = isinstance(block.content, Markdown) and not block.content.first
            texts += ([] if within else [""]) + [line.text for line in plainly(block.content, width, folded)]
    return texts


def step(number: int, text: str, output: str, *, streamed: bool = False, turn: str = "t1") -> Iterator[Event]:
    """A step that says something and runs a command."""
    call = f"c{turn}.{number}"
    yield StepStarted(turn, number)
    if streamed:
        yield PartStarted(f"{call}p", "text")
        for at in range(0, len(text), 7):
            yield PartUpdated(f"{call}p", text[at : at + 7])
        yield PartCompleted(f"{call}p")
        yield PartStarted(f"{call}q", "tool_call", "bash")
        yield PartUpdated(f"{call}q", '{"command": "make"}')
        yield PartCompleted(f"{call}q")
    yield MessageAdded(Message("assistant", (Text(text), ToolCall(call, "bash", '{"command": "make"}'))))
    yield ToolStarted(call, "bash", '{"command": "make"}')
    yield ToolUpdated(call, output[:20])
    yield ToolCompleted(call, "bash", False, (Text(output),), CommandRun("make", output, 0), 0.5, {})


def turn(number: int, steps: int, *, streamed: bool = False, output: str = "built\n") -> Iterator[Event]:
    """A turn of some steps, each with words of its own."""
    name = f"t{number}"
    prompt = f"prompt {number}"
    yield TurnStarted(name, prompt)
    yield MessageAdded(user(prompt), "prompt")
    for index in range(steps):
        yield from step(index, f"Answer {number}.{index}:\n\n- one\n- two\n", output, streamed=streamed, turn=name)
    yield TurnCompleted(name, "finished", steps)


def session(turns: int, steps: int, *, streamed: bool = False, output: str = "built\n") -> list[Event]:
    events: list[Event] = [SessionStarted("s", "/home/me", "kimi", "auto", "1")]
    for number in range(turns):
        events += turn(number, steps, streamed=streamed, output=output)
    return events


def recorded(folder: Path, events: Sequence[Event]) -> Path:
    """The events in a journal, one each second."""
    folder.mkdir(parents=True)
    (folder / JOURNAL).write_bytes(b"".join(to_line(event, float(at)) for at, event in enumerate(events)))
    return folder


words_of = st.text(st.sampled_from("ab \n#*-`>漢🙂é"), max_size=60)


@st.composite
def parts(draw: st.DrawFn) -> list[Event]:
    """Any events of a request, in an order that a loop might never emit."""
    part = draw(st.sampled_from("pqr"))
    call = draw(st.sampled_from("xyz"))
    text = draw(words_of)
    answers: tuple[Part, ...] = (Text(text), Thinking(text), ToolCall(call, "bash", text))
    said = draw(st.sampled_from(answers))
    options: tuple[Event, ...] = (
        PartStarted(part, draw(st.sampled_from(("text", "thinking", "tool_call"))), "bash"),
        PartUpdated(part, text),
        PartUpdated(part, text),
        PartCompleted(part),
        PartDiscarded(part, "reset"),
        MessageAdded(Message("assistant", (said,))),
        MessageAdded(user(text)),
        ToolStarted(call, "bash", text),
        ToolUpdated(call, text),
        ToolCompleted(call, "bash", draw(st.booleans()), (Text(text),), None, 0.0, {}),
        StepStarted("t1", 1),
        TurnStarted("t1", text),
        TurnCompleted("t1", "finished", 1),
    )
    return [draw(st.sampled_from(options))]


event_lists = st.lists(parts(), max_size=40).map(lambda found: [event for events in found for event in events])
