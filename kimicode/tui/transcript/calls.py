"""Tool calls in the document, from the first letter of their arguments to their result."""

from dataclasses import replace

from kimicode.events import (
    ApprovalRequested,
    ApprovalResolved,
    CommandRun,
    Diff,
    ShellCompleted,
    ShellStarted,
    ToolCompleted,
    ToolStarted,
    ToolUpdated,
)
from kimicode.messages import Image, Text, ToolCall
from kimicode.tui.content import Call, CallState, Shell
from kimicode.tui.transcript.document import Block, Document

LIVE_OUTPUT = 16_000
"""Characters of an output that are kept where nothing else is shown of it; the newest stay."""
QUIET = frozenset(("plan",))
"""Tools whose doing is shown otherwise; their calls are shown where they fail."""
_OPEN = frozenset(("writing", "waiting", "asked", "running"))
_INTERRUPTED = "interrupted"

CallEvent = (
    ToolStarted | ToolUpdated | ToolCompleted | ApprovalRequested | ApprovalResolved | ShellStarted | ShellCompleted
)


class Calls:
    """The calls of the present request, and the person's own commands, by their ids."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._blocks: dict[str, Block] = {}
        self._arguments: dict[str, str] = {}

    def announce(self, call: ToolCall, block: Block | None = None) -> None:
        """The model asks for a call; `block` is where it was written, if it was streamed."""
        self._arguments[call.id] = call.arguments
        if call.name in QUIET:
            return
        if call.id in self._blocks:
            interrupt(self._document, self._blocks[call.id])  # servers may use an id twice
        content = Call(call.id, call.name, call.arguments, "waiting")
        if block is None:
            block = self._document.append(content, recorded=True)
        else:
            self._document.replace(block, content)
        self._blocks[call.id] = block

    def feed(self, event: CallEvent) -> None:
        """Follow a call. Events of calls that were never heard of make one where they say enough."""
        match event:
            case ToolStarted(call_id, name, arguments):
                if call_id not in self._blocks:
                    self.announce(ToolCall(call_id, name, arguments))
                self._set(call_id, state="running", arguments=arguments)
            case ApprovalRequested(call_id):
                self._set(call_id, state="asked")
            case ApprovalResolved(call_id, allowed, reason):
                self._set(call_id, state="running" if allowed else "denied", reason="" if allowed else reason)
            case ToolUpdated(call_id, text):
                self._print(call_id, text)
            case ToolCompleted():
                self._complete(event)
            case ShellStarted(call_id, command):
                self._blocks[call_id] = self._document.append(Shell(command, "", None), recorded=True)
            case ShellCompleted(call_id, command, output, exit_code):
                self._end_shell(call_id, Shell(command, output, exit_code))

    def settle(self) -> None:
        """The request is over: what is still open will not end any more."""
        commands = {}
        for call_id, block in self._blocks.items():
            interrupt(self._document, block)
            if isinstance(block.content, Shell):
                commands[call_id] = block
        self._blocks = commands
        self._arguments.clear()

    def _complete(self, event: ToolCompleted) -> None:
        if event.call_id not in self._blocks:
            if event.name in QUIET and not event.is_error:
                return
            content = Call(event.call_id, event.name, self._arguments.get(event.call_id, ""), "running")
            self._blocks[event.call_id] = self._document.append(content, recorded=True)
        call = self._blocks[event.call_id].content
        if isinstance(call, Call):
            output = _said(event)
            state: CallState = "failed" if event.is_error else "done"
            if call.state == "denied":
                state = "denied"
            elif event.is_error and output.startswith(_INTERRUPTED):
                state = "interrupted"
            shown = "" if isinstance(event.display, (CommandRun, Diff)) else output[-LIVE_OUTPUT:]
            self._set(event.call_id, state=state, display=event.display, output=shown, seconds=event.duration_s)

    def _print(self, call_id: str, text: str) -> None:
        block = self._blocks.get(call_id)
        if block is not None and isinstance(block.content, (Call, Shell)):
            output = (block.content.output + text)[-LIVE_OUTPUT:]
            self._document.replace(block, replace(block.content, output=output))

    def _end_shell(self, call_id: str, content: Shell) -> None:
        block = self._blocks.pop(call_id, None)
        if block is None or block.gone:
            self._document.append(content, recorded=True)
        else:
            self._document.replace(block, content)

    def _set(self, call_id: str, **changes: object) -> None:
        block = self._blocks.get(call_id)
        if block is not None and isinstance(block.content, Call):
            self._document.replace(block, replace(block.content, **changes))  # type: ignore[arg-type]


def interrupt(document: Document, block: Block) -> None:
    """Mark a call whose end never came."""
    call = block.content
    if not block.gone and isinstance(call, Call) and call.state in _OPEN:
        document.replace(block, replace(call, state="interrupted"))


def _said(event: ToolCompleted) -> str:
    parts = (part.text if isinstance(part, Text) else f"[image: {_kind(part)}]" for part in event.content)
    return "\n".join(parts)


def _kind(image: Image) -> str:
    return image.media_type
