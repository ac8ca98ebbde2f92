"""The tool-call border: validate, approve, run, record. Calls that only read run together; the others in order."""

import asyncio
import dataclasses
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from kimicode.agent.approval import Approval, Asked, command_shown
from kimicode.agent.cleaning import Live, clean
from kimicode.agent.guard import LoopGuard
from kimicode.agent.weighing import digest_of, weigh
from kimicode.config.secrets import Redact, unredacted
from kimicode.errors import KimicodeError, ToolError
from kimicode.events import Brief, Diff, Display, Emit, ToolCompleted, ToolStarted, ToolUpdated
from kimicode.messages import Text, ToolCall, ToolResult
from kimicode.tools.base import Access, Arguments, Submitted, Tool, ToolContext, ToolOutcome

_TITLE = 200
"""Characters of a command that name its step."""
INTERRUPTED = "interrupted by the user before it was done; it may or may not have taken effect"


Effect = Callable[[str, Sequence[str] | None, str], AbstractAsyncContextManager[None]]
"""Around a call that may change files: its title, the absolute paths that it names (None: it may be any), its id."""


def unrecorded(title: str, named: Sequence[str] | None, call_id: str) -> AbstractAsyncContextManager[None]:
    """An Effect that nobody records."""
    return nullcontext()


async def nothing() -> str:
    """No diagnostics."""
    return ""


@dataclass(slots=True)
class Prepared:
    """A call whose arguments were checked; `refusal` says why it cannot run."""

    call: ToolCall
    tool: Tool[Any] | None = None
    arguments: Arguments | None = None
    refusal: str = ""
    outcome: ToolOutcome | None = None
    """What it brought, once the tool has done its work."""
    waited: float = 0.0
    """Seconds in which the call waited for an answer: they are not part of what it took."""

    @property
    def access(self) -> Access:
        if self.tool is None or self.arguments is None:
            return Access.CONTROL
        return self.tool.access_of(self.arguments)

    @property
    def has_effects(self) -> bool:
        return self.access in (Access.WRITE, Access.EXECUTE, Access.OUTSIDE)


@dataclass(slots=True)
class ToolRunner:
    """Runs the calls of one message. `objection` may refuse a submit; `enrich` may add context to a result."""

    tools: Mapping[str, Tool[Any]]
    context: ToolContext
    approval: Approval
    emit: Emit
    objection: Callable[[], str]
    enrich: Callable[[ToolOutcome], str]
    ready: Callable[[], Awaitable[None]]
    effect: Effect = unrecorded
    diagnose: Callable[[], Awaitable[str]] = nothing
    """What is known by now of the edits that were made, for the model."""
    redact: Redact = unredacted
    guard: LoopGuard = field(default_factory=LoopGuard)
    submitted: str | None = None
    recorded: dict[str, ToolResult] = field(default_factory=dict)
    """The results of the present message's calls so far; an interrupt leaves the others open."""

    async def run(self, calls: Sequence[ToolCall], invalid: Mapping[str, str]) -> tuple[ToolResult, ...]:
        """One result per call, in the order of the calls, each recorded as soon as it is there.

        On cancellation every call still gets a recorded result before CancelledError goes on.
        """
        self.submitted = None
        self.recorded.clear()
        prepared = [self._prepare(call, invalid.get(call.id, "")) for call in calls]
        results: list[ToolResult] = []
        for group in _groups(prepared):
            if len(group) == 1:
                results.append(await self._run_one(group[0]))
            else:
                results.extend(await asyncio.gather(*(self._run_one(item) for item in group)))
        return tuple(results)

    def record_unrun(self, call: ToolCall, text: str) -> ToolResult:
        """The result of a call that will not run any more."""
        return self._record(call, ToolOutcome.of(text, Brief(text), is_error=True), 0.0)

    def _prepare(self, call: ToolCall, problem: str) -> Prepared:
        tool = self.tools.get(call.name)
        if tool is None:
            return Prepared(call, refusal=f"there is no tool {call.name!r}; the tools are: {', '.join(self.tools)}")
        if problem:
            return Prepared(call, tool, refusal=problem)
        try:
            return Prepared(call, tool, tool.arguments.model_validate_json(call.arguments))
        except ValidationError as error:
            return Prepared(call, tool, refusal=explain(tool, error))

    async def _run_one(self, item: Prepared) -> ToolResult:
        started = time.monotonic()
        self.emit(ToolStarted(item.call.id, item.call.name, item.call.arguments))
        try:
            outcome = await self._outcome(item)
        except asyncio.CancelledError:
            outcome = item.outcome or ToolOutcome.of(INTERRUPTED, is_error=True)
            self._record(item.call, outcome, time.monotonic() - started)
            raise
        except KimicodeError as error:
            outcome = _failure(str(error))
        except OSError as error:
            outcome = _failure(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
        except Exception as error:  # noqa: BLE001 - the tool-call border: a broken tool must not end the run
            outcome = _failure(f"{item.call.name} failed inside: {type(error).__name__}: {error}")
        return self._record(item.call, outcome, time.monotonic() - started - item.waited)

    async def _outcome(self, item: Prepared) -> ToolOutcome:
        if self.submitted is not None:
            return _failure("not run: it came after submit")
        if item.refusal:
            return _failure(item.refusal)
        assert item.tool is not None
        assert item.arguments is not None
        call = item.call
        context = self._context(item.arguments)
        asked_at = time.monotonic()
        allowed, reason = await self.approval.decide(self._asked(item, context))
        item.waited = time.monotonic() - asked_at
        if not allowed:
            return _failure(f"denied: {reason}")
        if item.has_effects:
            await self.ready()
        live = Live(self.redact, lambda text: self.emit(ToolUpdated(call.id, text)))
        try:
            async with self._recorded(item, context):
                outcome = item.outcome = await item.tool.run(item.arguments, context.reporting(live.write))
        except Submitted as done:
            return self._submit(done.summary)
        finally:
            live.close()
        extra = "\n".join(filter(None, (self.enrich(outcome), await self.diagnose())))
        return _with(outcome, extra) if extra else outcome

    def _context(self, arguments: Arguments) -> ToolContext:
        """What a call is judged by, and then runs with: yolo is without a sandbox, a path means one file throughout.

        Raises ToolError for a path that can mean none.
        """
        path = getattr(arguments, "path", "")
        files = self.context.files.pinned(path) if path else self.context.files
        confinement = "" if self.approval.mode == "yolo" else self.context.confinement
        return dataclasses.replace(self.context, files=files, confinement=confinement)

    def _recorded(self, item: Prepared, context: ToolContext) -> AbstractAsyncContextManager[None]:
        if not item.has_effects:
            return nullcontext()
        path = getattr(item.arguments, "path", "")
        named = [str(context.files.resolve(path))] if path and item.access is Access.WRITE else None
        what = path or getattr(item.arguments, "command", "")
        title = f"{item.call.name} {' '.join(what.split())[:_TITLE]}".strip()
        return self.effect(title, named, item.call.id)

    def _asked(self, item: Prepared, context: ToolContext) -> Asked:
        assert item.tool is not None
        assert item.arguments is not None
        call, tool, arguments = item.call, item.tool, item.arguments
        command = getattr(arguments, "command", "")
        path, url = getattr(arguments, "path", ""), getattr(arguments, "url", "")
        cwd = context.shell.cwd if command else context.files.root

        access = weigh(tool, arguments, context)

        async def preview() -> Display | None:
            try:
                return await self._preview(item, command, context)
            except ToolError:
                if access is Access.SECRET:
                    return None  # why it would fail quotes the file, and goes to the model: that is what is asked about
                raise

        return Asked(
            call.id,
            call.name,
            access,
            f"{call.name}: {command or path or url}",
            command or path or url,
            str(cwd),
            preview,
            lambda: digest_of(call.name, arguments, context),
        )

    async def _preview(self, item: Prepared, command: str, context: ToolContext) -> Display | None:
        """What the call would do: the command, or the diff of an edit that is made everywhere but on the disk."""
        assert item.tool is not None
        if item.tool.access is not Access.WRITE:
            return command_shown(command) if command else None
        rehearsal = dataclasses.replace(context, files=context.files.rehearsal())
        return (await item.tool.run(item.arguments, rehearsal)).display

    def _submit(self, summary: str) -> ToolOutcome:
        objection = self.objection()
        if objection:
            return _failure(f"not submitted yet: {objection}")
        self.submitted = summary
        return ToolOutcome.of("submitted", Brief("submitted"))

    def _record(self, call: ToolCall, outcome: ToolOutcome, seconds: float) -> ToolResult:
        outcome = clean(outcome, self.redact)
        result = ToolResult(call.id, call.name, outcome.content, outcome.is_error)
        reminder = self.guard.note(call, result, edited=isinstance(outcome.display, Diff))
        if reminder:
            outcome = _with(outcome, reminder)
            result = ToolResult(call.id, call.name, outcome.content, outcome.is_error)
        self.recorded[call.id] = result
        self.emit(
            ToolCompleted(
                call.id, call.name, outcome.is_error, outcome.content, outcome.display, round(seconds, 3), outcome.debug
            )
        )
        return result


def explain(tool: Tool[Any], error: ValidationError) -> str:
    """What is wrong with the arguments and what a right call looks like, for the model."""
    wrong = "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'arguments'}: {item['msg']}" for item in error.errors()[:5]
    )
    schema = tool.spec().parameters
    required = schema.get("required", [])
    example = {name: f"<{schema['properties'][name].get('type', 'value')}>" for name in required}
    return f"wrong arguments for {tool.name}: {wrong}. A right call has: {json.dumps(example)}"


def _groups(prepared: Sequence[Prepared]) -> list[list[Prepared]]:
    groups: list[list[Prepared]] = []
    for item in prepared:
        reads = item.access is Access.READ
        if reads and groups and groups[-1][-1].access is Access.READ:
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def _failure(text: str) -> ToolOutcome:
    return ToolOutcome.of(f"error: {text}", Brief(text), is_error=True)


def _with(outcome: ToolOutcome, text: str) -> ToolOutcome:
    return ToolOutcome((*outcome.content, Text(f"\n{text}")), outcome.display, outcome.debug, outcome.is_error)
