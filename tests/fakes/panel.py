"""The model of a review, over real HTTP: it tells the agents apart by what they were told, whatever their order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kimicode.llm.scripted import USAGE, Reply
from kimicode.messages import Usage
from kimicode.review import prompt
from kimicode.review.finder import ALL, KINDS
from tests.fakes.model_server import Fault, FaultServer

Json = dict[str, Any]
Answer = Reply | Fault
MANY = 2_000
REAL: Json = {"verdict": "real", "why": "nothing checks it", "confidence": 0.9}


@dataclass
class Asked:
    """One request, as an agent made it: who it is, the text it works on, and what its tools brought so far."""

    kind: str
    """A class of faults, "verifier" or "fixed"."""
    told: str
    results: list[str]
    tools: list[str]
    last: str
    """What it was told at last."""


@dataclass
class Panel:
    """`finds` answers finders, `judges` verifiers, `looks` those that ask whether an old fault is gone."""

    finds: Callable[[Asked], Answer] = lambda asked: Reply("none")
    judges: Callable[[Asked], Answer] = lambda asked: verdict(**REAL)
    looks: Callable[[Asked], Answer] = lambda asked: verdict(**REAL)
    asked: list[Asked] = field(default_factory=list)

    def answer(self, request: Json) -> Answer:
        asked = _asked(request)
        self.asked.append(asked)
        choose = {"verifier": self.judges, "fixed": self.looks}.get(asked.kind, self.finds)
        return choose(asked)

    def of(self, kind: str) -> list[Asked]:
        """The requests of one kind of agent."""
        return [asked for asked in self.asked if asked.kind == kind]

    def server(self) -> "PanelServer":
        return PanelServer(self)


class PanelServer(FaultServer):
    def __init__(self, panel: Panel) -> None:
        super().__init__([panel.answer] * MANY, models=[{"id": "panel", "max_model_len": 65_536}])

    async def play(self, turn: Any, request: Json, writer: Any) -> None:
        answer = turn(request)
        if isinstance(answer, Reply):
            await super().play(answer, request, writer)
        else:
            await answer(request, writer)


def report(path: str, line: int, claim: str, *, usage: Usage | None = USAGE, **more: Any) -> Reply:
    """A finder's call."""
    return reports({"path": path, "line": line, "claim": claim, **more}, usage=usage)


def reports(*entries: Json, usage: Usage | None = USAGE) -> Reply:
    """A finder's calls, with what they need at least."""
    least = {"scenario": "an empty list is given and it raises IndexError", "severity": "high", "confidence": 0.8}
    return Reply(calls=[("report", {**least, **entry}) for entry in entries], usage=usage)


def verdict(*cited: tuple[str, int, str], **fields: Any) -> Reply:
    """A verifier's call; each citation is (path, line, text)."""
    citations = [{"path": path, "line": line, "text": text} for path, line, text in cited]
    return Reply(calls=[("verdict", {"citations": citations, **fields})])


def once(answer: Answer, then: str = "none") -> Callable[[Asked], Answer]:
    """That answer at first, then the end."""
    return lambda asked: Reply(then) if asked.results else answer


def by_kind(**answers: Answer) -> Callable[[Asked], Answer]:
    """Each class of finders its own answer, once."""
    return lambda asked: answers.get(asked.kind, Reply("none")) if not asked.results else Reply("none")


def _asked(request: Json) -> Asked:
    messages: Sequence[Json] = request["messages"]
    system = str(messages[0]["content"])
    told = next((_text(message) for message in messages if message["role"] == "user"), "")
    results = [_text(message) for message in messages if message["role"] == "tool"]
    tools = [tool["function"]["name"] for tool in request.get("tools", [])]
    return Asked(_kind(system, told), told, results, tools, _text(messages[-1]))


def _kind(system: str, told: str) -> str:
    if system.startswith(prompt.text("fixed")[:60]):
        return "fixed"
    if system.startswith(prompt.text("verifier")[:60]):
        return "verifier"
    return next((kind for kind in (*KINDS, ALL) if prompt.text(f"finder-{kind}") in told), "other")


def _text(message: Json) -> str:
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
