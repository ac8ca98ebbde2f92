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

_LOOK = frozenset({Access.READ, Access.CONTROL})
_FREE: dict[Mode, frozenset[Access]] = {
    "plan": _LOOK,
    "ask": _LOOK,
    "auto-edit": _LOOK | {Access.WRITE},
    "auto": _LOOK | {Access.WRITE, Access.HAZARD, Access.EXECUTE},
    "yolo": frozenset(Access),
}
_RULED = frozenset({Access.WRITE, Access.EXECUTE, Access.FETCH})
"""What an allowing rule can stand for; the rest is asked about one by one."""

PLANNING = "this is plan mode: only look (view, and commands that only read), then submit a plan"
REJECTED = "the user does not want this call; do something else, or ask what they would rather have"
CHANGED = "what would run changed while the question stood; look at it again"
_WARNINGS = {
    Access.SECRET: "a file of a kind that holds secrets; what it holds goes to the model",
    Access.HAZARD: "a file that programs obey later without a question: look at what it will do",
    Access.OUTSIDE: "outside of the sandbox: with all your rights, your files and the network",
    Access.FETCH: "the whole address is sent to that host: look at what it carries",
}
_ALONE = {
    Access.SECRET: "it is of a kind that holds secrets, and nobody is here to show it to you; go on without it",
    Access.OUTSIDE: "nobody is here to let a command out of the sandbox; find a way inside, or say what is missing",
    Access.FETCH: "nobody is here to allow this host, and no rule does; go on without the page, or say what is missing",
}


async def nobody_to_ask(request: ApprovalRequested) -> Decision:
    """The asker of runs without a person: what needs a question is denied."""
    return Decision(False, "nobody is here to approve it, and the run's mode does not allow it by itself")


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that wants to run. `preview` makes what the person is shown, and raises what the call itself would.

    `digest` tells one thing that would be done from every other: asked again after the answer, it has to be the same.
    """

    call_id: str
    name: str
    access: Access
    question: str
    subject: str
    """What rules are about: a command, the path of an edit, an address."""
    cwd: str
    preview: Callable[[], Awaitable[Display | None]]
    digest: Callable[[], str] = lambda: ""

    @property
    def exactly(self) -> tuple[str, ...]:
        """What an answer for the session stands for where no rule can: this very command, or edits of this file.

        A command has two parts and all else three: no command can be written so that it stands for something else.
        """
        if self.access is Access.EXECUTE:
            return (self.subject, self.cwd)
        return (self.access.value, self.question, self.cwd)


@dataclass(slots=True)
class Approval:
    mode: Mode
    ask: Asker
    emit: Emit
    rules: Rules = field(default_factory=Rules)
    denied: int = 0
    contained: bool = True
    """Whether commands run as the user wants them to: in a sandbox, or without one because they said so. Where it is
    missing against their will, no mode but yolo runs a command unasked."""

    async def decide(self, asked: Asked) -> Answer:
        """Whether the call may run now, and if not, a reason that tells the model what it may do instead.

        The user's rules come before every mode, also before one that allows all.
        """
        verdict = self.rules.verdict(asked.name, asked.subject, asked.cwd)
        if verdict.kind == "deny":
            return self._denied(asked, f"a rule of the user refuses it ({verdict.rule})")
        doubted = verdict.kind == "ask"
        if self._free(asked.access) and not doubted:
            return True, ""
        if self.mode == "plan" and asked.access not in _LOOK | {Access.SECRET, Access.FETCH}:
            return self._denied(asked, PLANNING)
        ruled = verdict.kind == "allow" and asked.access in _RULED
        if ruled or asked.exactly in self.rules.exact:
            return True, ""
        return await self._ask(asked, f"a rule of yours asks about it ({verdict.rule})" if doubted else "")

    def _free(self, access: Access) -> bool:
        kept_in = self.contained or self.mode == "yolo" or access is not Access.EXECUTE
        return access in _FREE[self.mode] and kept_in

    def _denied(self, asked: Asked, reason: str, digest: str = "") -> Answer:
        self.emit(ApprovalResolved(asked.call_id, False, reason, digest=digest))
        self.denied += 1
        return False, reason

    async def _ask(self, asked: Asked, why: str) -> Answer:
        if self.ask is nobody_to_ask and asked.access in _ALONE:
            return self._denied(asked, _ALONE[asked.access])
        shown, digest = await asked.preview(), asked.digest()
        rule = rule_for(asked.name, asked.subject) if asked.access in _RULED else None
        request = ApprovalRequested(
            asked.call_id,
            asked.name,
            asked.question,
            display=shown,
            cwd=asked.cwd,
            repeatable=True,
            rule=str(rule) if rule else "",
            warning=why or _WARNINGS.get(asked.access, ""),
            digest=digest,
        )
        self.emit(request)
        decision = await self.ask(request)
        if not decision.allowed:
            return self._denied(asked, decision.reason or REJECTED, digest)
        if await asked.preview() != shown or asked.digest() != digest:
            return self._denied(asked, CHANGED, digest)
        self._remember(asked, request, decision.scope)
        self.emit(ApprovalResolved(asked.call_id, True, decision.reason, decision.scope, digest))
        return True, decision.reason

    def _remember(self, asked: Asked, request: ApprovalRequested, scope: Scope) -> None:
        if scope == "once":
            return
        if not request.rule:
            self.rules.exact |= {asked.exactly}
            return
        try:
            if scope == "rule":
                self.rules.for_good(parse(request.rule))
                return
        except DiskError as error:
            self.emit(Notice("error", "rules", f"the rule holds for this session only: {error.message}"))
        self.rules.for_session(asked.name, asked.subject, asked.cwd)


def command_shown(command: str) -> CommandRun:
    """A command as it is shown before it runs."""
    return CommandRun(command, "", None)
