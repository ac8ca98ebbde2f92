"""May this call run? Rules and the mode decide; what needs a question goes to whoever can answer it (docs/modes.md)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from kimicode.agent.decision import MODES, Answer, Asker, Decision, Mode
from kimicode.agent.rulebook import Rules
from kimicode.agent.rules import parse, rule_for
from kimicode.errors import DiskError
from kimicode.events import ApprovalRequested, ApprovalResolved, CommandRun, Display, Emit, Notice, Scope
from kimicode.tools.base import Access

__all__ = ["MODES", "Answer", "Approval", "Asked", "Asker", "Decision", "Mode", "command_shown", "nobody_to_ask"]

_FREE: dict[Mode, frozenset[Access]] = {
    "plan": frozenset({Access.READ, Access.CONTROL}),
    "ask": frozenset({Access.READ, Access.CONTROL}),
    "auto-edit": frozenset({Access.READ, Access.CONTROL, Access.WRITE}),
    "auto": frozenset(Access),
    "yolo": frozenset(Access),
}
PLANNING = "this is plan mode: only look (view, and commands that only read), then submit a plan"
REJECTED = "the user does not want this call; do something else, or ask what they would rather have"


async def nobody_to_ask(request: ApprovalRequested) -> Decision:
    """The asker of runs without a person: what needs a question is denied."""
    return Decision(False, "nobody is here to approve it, and the run's mode does not allow it by itself")


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that wants to run. `preview` makes what the person is shown, and raises what the call itself would."""

    call_id: str
    name: str
    access: Access
    question: str
    command: str
    cwd: str
    preview: Callable[[], Awaitable[Display | None]]


@dataclass(slots=True)
class Approval:
    mode: Mode
    ask: Asker
    emit: Emit
    rules: Rules = field(default_factory=Rules)
    denied: int = 0

    async def decide(self, asked: Asked) -> Answer:
        """Whether the call may run now, and if not, a reason that tells the model what it may do instead.

        A refusing rule wins over everything, also over a mode that allows all.
        """
        refusal = self.rules.refused(asked.name, asked.command)
        if refusal is not None:
            return self._denied(asked, f"a rule of the user refuses it ({refusal})")
        if asked.access in _FREE[self.mode]:
            return True, ""
        if self.mode == "plan":
            return self._denied(asked, PLANNING)
        if self.rules.allowed(asked.name, asked.command, asked.cwd):
            return True, ""
        return await self._ask(asked)

    def _denied(self, asked: Asked, reason: str) -> Answer:
        self.emit(ApprovalResolved(asked.call_id, False, reason))
        self.denied += 1
        return False, reason

    async def _ask(self, asked: Asked) -> Answer:
        shown = await asked.preview()
        rule = rule_for(asked.name, asked.command)
        request = ApprovalRequested(
            asked.call_id,
            asked.name,
            asked.question,
            display=shown,
            cwd=asked.cwd,
            repeatable=True,
            rule=str(rule) if rule else "",
        )
        self.emit(request)
        decision = await self.ask(request)
        if not decision.allowed:
            return self._denied(asked, decision.reason or REJECTED)
        if await asked.preview() != shown:
            return self._denied(asked, "the file changed while the question stood; look at it again")
        self._remember(asked, request, decision.scope)
        self.emit(ApprovalResolved(asked.call_id, True, decision.reason, decision.scope))
        return True, decision.reason

    def _remember(self, asked: Asked, request: ApprovalRequested, scope: Scope) -> None:
        if scope == "session":
            self.rules.for_session(asked.name, asked.command, asked.cwd)
        elif scope == "rule" and request.rule:
            try:
                self.rules.for_good(parse(request.rule))
            except DiskError as error:
                self.rules.for_session(asked.name, asked.command, asked.cwd)
                self.emit(Notice("error", "rules", f"the rule holds for this session only: {error.message}"))


def command_shown(command: str) -> CommandRun:
    """A command as it is shown before it runs."""
    return CommandRun(command, "", None)
