"""From the agent's events to blocks: the same code for a running session and for its journal."""

import time
from collections.abc import Callable

from kimicode.events import (
    ApprovalRequested,
    ApprovalResolved,
    AsideCompleted,
    AsideStarted,
    CompactionCompleted,
    CompactionStarted,
    Event,
    FilesRestored,
    MessageAdded,
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
    Rewound,
    SessionStarted,
    ShellCompleted,
    ShellStarted,
    StepStarted,
    ToolCompleted,
    ToolStarted,
    ToolUpdated,
    TurnCompleted,
    TurnStarted,
)
from kimicode.messages import Message, Text, ToolCall
from kimicode.messages import Thinking as Thoughts
from kimicode.tui.content import Compacted, Note, Plan, Prompt, Thinking, TurnEnd
from kimicode.tui.transcript.calls import QUIET, Calls, interrupt
from kimicode.tui.transcript.document import Block, Document
from kimicode.tui.transcript.streams import Kind, Stream, show_text

MOST_PATHS = 20
"""Files that a note lists."""
CUT_SHORT = "\n[interrupted]"
"""What the agent puts behind as much of an answer as came before it broke off."""


class Feed:
    """Events in, blocks out. `clock` is in Unix seconds. Events in a senseless order do no harm."""

    def __init__(self, document: Document, clock: Callable[[], float] = time.time) -> None:
        self._document = document
        self._clock = clock
        self._calls = Calls(document)
        self._streams: dict[str, Stream] = {}
        """The parts of the present request, in their order."""
        self._broken: list[Stream] = []
        """Those of a request that failed; they stay in sight until the next one is answered."""
        self._cut = False
        """The turn's last answer has no end."""
        self._retry: Block | None = None
        self._compaction: Block | None = None
        self._restored: Block | None = None
        """Files went back since the last prompt; where the conversation follows, this stays."""
        self._questions: dict[str, str] = {}
        self._prompted = False
        """The prompt is shown, but its message is still to come."""
        self._said = ""
        """The turn's text so far."""
        self._submitted = False

    def feed(self, event: Event, at: float | None = None) -> None:
        """Show an event. `at` says when it was, in Unix seconds; without it, it is now."""
        now = self._clock() if at is None else at
        match event:
            case PartStarted() | PartUpdated() | PartCompleted() | PartDiscarded():
                self._part(event, now)
            case ToolStarted() | ToolUpdated() | ToolCompleted() | ApprovalRequested() | ApprovalResolved():
                self._calls.feed(event)
                self._submitted |= isinstance(event, ToolCompleted) and event.name == "submit" and not event.is_error
            case ShellStarted() | ShellCompleted():
                self._calls.feed(event)
            case MessageAdded():
                self._message(event, now)
            case SessionStarted() | TurnStarted() | StepStarted() | TurnCompleted() | Result() | Rewound():
                self.settle(now)
                self._turn(event)
            case CompactionStarted() | CompactionCompleted():
                self._compact(event)
            case _:
                self._aside(event)

    def settle(self, now: float) -> None:
        """Whatever is still open ends here, at `now` in Unix seconds: its own end never came, nor will it."""
        if self._retry is not None:  # asked again, and not answered
            self._cut = self._cut or bool(self._broken)
            for stream in self._broken:
                self._end(stream, now)
            self._broken.clear()
        self._forget_failure()
        for stream in self._streams.values():
            self._end(stream, now)
        self._streams.clear()
        self._calls.settle()

    # --- turns ----------------------------------------------------------------------------------------------

    def _turn(self, event: Event) -> None:
        match event:
            case SessionStarted(model=model, resumed=True):
                self._document.append(Note("info", f"Session resumed with {model}"), recorded=True)
            case TurnStarted(turn_id, prompt):
                self._document.begin_page(turn_id)
                self._document.append(Prompt(prompt), recorded=True)
                self._prompted = True
                self._said, self._submitted, self._restored, self._cut = "", False, None, False
            case StepStarted():
                self._document.begin_page()
                self._cut = False
            case Result():
                if not self._submitted and event.answer.strip() not in self._said:
                    show_text(self._document, event.answer)  # words that no message had
                text = "\n".join(part for part in (event.reason, event.summary) if part not in ("", event.status))
                self._document.append(TurnEnd(event.status, text, event.duration_s, cut=self._cut), recorded=True)
            case Rewound(turn_id):
                self._go_back(turn_id)

    def _go_back(self, turn_id: str) -> None:
        places = [place for place, page in enumerate(self._document.pages) if page.turn == turn_id]
        if places:
            self._document.cut(places[-1])
        if self._restored is not None and self._restored.gone:
            # its record stands in the turn that went; so the page that it is on now stays in memory
            self._restored = self._document.append(self._restored.content)

    def _end(self, stream: Stream, now: float) -> None:
        stream.finish(now)
        for block in stream.blocks:
            interrupt(self._document, block)

    # --- the answer -----------------------------------------------------------------------------------------

    def _part(self, event: PartStarted | PartUpdated | PartCompleted | PartDiscarded, now: float) -> None:
        if isinstance(event, PartStarted):
            self._forget_failure()
            if event.part_id in self._streams:
                self._end(self._streams[event.part_id], now)
            stream = Stream(self._document, event.kind, now, event.name, hidden=event.name in QUIET)
            self._streams[event.part_id] = stream
            if event.kind == "tool_call":
                stream.feed("")
            return
        known = self._streams.get(event.part_id)
        if known is None:
            return
        match event:
            case PartUpdated(_, delta) if known.seconds is None:
                known.feed(delta)
            case PartCompleted():
                known.finish(now)
            case PartDiscarded():
                known.finish(now)
                self._broken.append(self._streams.pop(event.part_id))

    def _message(self, event: MessageAdded, now: float) -> None:
        message = event.message
        if message.role == "assistant":
            self._answer(message, now)
        elif message.role == "user":
            expected, self._prompted = self._prompted, False
            if not expected and event.origin in ("", "prompt", "steered"):
                self._document.append(Prompt(message.text, steered=True), recorded=True)

    def _answer(self, message: Message, now: float) -> None:
        """The whole answer. What was streamed of it stays; where that is another text, the answer takes its place."""
        self._said += message.text
        if message.text.endswith(CUT_SHORT):
            self._break_off(message.text.removesuffix(CUT_SHORT), now)
            return
        for stream in self._streams.values():
            stream.finish(now)
        streamed = [_outline(stream.kind, stream.text) for stream in self._streams.values()]
        said = [
            _outline(_kind(part), part.text if isinstance(part, (Text, Thoughts)) else "") for part in message.parts
        ]
        if [one for one in streamed if one] == [one for one in said if one]:
            written = [stream.blocks for stream in self._streams.values() if stream.kind == "tool_call"]
            for call, blocks in zip(message.tool_calls, written, strict=True):
                self._calls.announce(call, blocks[0] if blocks else None)
        else:
            self._rewrite(message)
        self._streams.clear()

    def _break_off(self, text: str, now: float) -> None:
        """The answer's end never came: all that was streamed of it stays, calls that were not made included."""
        self._cut = True
        if not any(stream.kind == "text" and stream.text.strip() for stream in self._streams.values()):
            show_text(self._document, text)
        for stream in self._streams.values():
            self._end(stream, now)
        self._streams.clear()

    def _rewrite(self, message: Message) -> None:
        kinds = {_kind(part) for part in message.parts}
        if message.tool_calls:
            kinds.add("text")  # a call that was found in it is no text any more
        lasted = [stream.seconds for stream in self._streams.values() if stream.kind == "thinking"]
        for stream in self._streams.values():
            if stream.kind in kinds:
                stream.discard()
            for block in stream.blocks:
                interrupt(self._document, block)
        for part in message.parts:
            if isinstance(part, Thoughts) and part.text.strip():
                self._document.append(Thinking(part.text, (lasted.pop(0) if lasted else None) or 0.0), recorded=True)
            elif isinstance(part, Text) and part.text.strip():
                show_text(self._document, part.text)
            elif isinstance(part, ToolCall):
                self._calls.announce(part)

    # --- beside the turns -----------------------------------------------------------------------------------

    def _compact(self, event: CompactionStarted | CompactionCompleted) -> None:
        if isinstance(event, CompactionStarted):
            self._compaction = self._document.append(Compacted(event.context_tokens, None), recorded=True)
            return
        begun, self._compaction = self._compaction, None
        if begun is None or begun.gone:
            self._document.append(Compacted(event.before, event.after), recorded=True)
        else:
            self._document.replace(begun, Compacted(event.before, event.after))

    def _aside(self, event: Event) -> None:
        match event:
            case Notice(level, _, text):
                self._document.append(Note(level, text), recorded=True)
            case PlanUpdated(steps):
                self._document.append(Plan(steps), recorded=True)
            case RetryScheduled(attempt, attempts, wait, reason):
                self._drop_retry()
                text = f"{reason}: asking again in {wait:.0f} s ({attempt} of {attempts})"
                self._retry = self._document.append(Note("warning", text), recorded=True)
            case ModelChanged(model):
                self._document.append(Note("info", f"Model: {model}"), recorded=True)
            case ModeChanged(mode):
                self._document.append(Note("info", f"Mode: {mode}"), recorded=True)
            case FilesRestored():
                self._restored = self._document.append(restored(event), recorded=True)
            case AsideStarted(aside_id, question):
                self._questions[aside_id] = question
            case AsideCompleted(aside_id, text, problem):
                words = (self._questions.pop(aside_id, ""), text, problem)
                self._document.append(Note("info", "\n".join(word for word in words if word)), recorded=True)

    def _forget_failure(self) -> None:
        """The request that failed was made again with success, or had been answered in a way that does not count."""
        self._drop_retry()
        for stream in self._broken:
            stream.discard()
        self._broken.clear()

    def _drop_retry(self) -> None:
        if self._retry is not None and not self._retry.gone:
            self._document.remove(self._retry)
        self._retry = None


def restored(event: FilesRestored) -> Note:
    """Which files went back, and which could not."""
    count = f"{len(event.paths)} file{'s' * (len(event.paths) != 1)} restored"
    lines = [f"{count}, as before step {event.before}:", *_listed(event.paths)]
    if event.left:
        lines += ["Left as they are, since their earlier bytes were not kept:", *_listed(event.left)]
    return Note("warning" if event.left else "info", "\n".join(lines))


def _listed(paths: tuple[str, ...]) -> list[str]:
    more = len(paths) - MOST_PATHS
    return [*(f"  {path}" for path in paths[:MOST_PATHS]), *([f"  … and {more} more"] if more > 0 else [])]


def _kind(part: object) -> Kind:
    if isinstance(part, ToolCall):
        return "tool_call"
    return "thinking" if isinstance(part, Thoughts) else "text"


def _outline(kind: Kind, text: str) -> tuple[Kind, str] | None:
    """A part as it can be compared; None for blank ones."""
    if kind == "tool_call":
        return kind, ""
    return (kind, text.strip()) if text.strip() else None
