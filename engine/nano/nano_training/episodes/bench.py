"""The actual agent, its loop, prompts and tools, without a server and a shell: functions stand in their place.

What the model sees is the product's own text; `stage` says what commands print.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kimicode.agent.approval import Approval, nobody_to_ask
from kimicode.agent.budget import Budget, Limits
from kimicode.agent.compaction import Compaction
from kimicode.agent.history import History
from kimicode.agent.loop import Agent, Setup
from kimicode.agent.memory import WorkingMemory
from kimicode.config.catalog import NANO, model_info
from kimicode.errors import ModelError
from kimicode.events import Event
from kimicode.llm.model import ModelReply, ModelRequest, OnRetry
from kimicode.llm.tokens import estimate_tokens
from kimicode.llm.wire import Outgoing
from kimicode.messages import Message, OnPiece, Part, Text, ToolCall, Usage
from kimicode.tools.base import ToolContext
from kimicode.tools.toolset import tools
from kimicode.workspace.files import Files
from kimicode.workspace.shell import Shell
from nano_training.episodes.episode import UnplayableError as UnplayableError
from nano_training.episodes.oracle import Answer
from nano_training.episodes.stage import StagedBash

ADDRESS = "http://127.0.0.1/v1"
USED = ("view", "strreplace", "submit")
"""Tools of episodes, beside bash; they are part of every toolset."""
WINDOW = 1_000_000
"""Tokens: an episode is never compacted."""

Json = Mapping[str, Any]
Answering = Callable[[Sequence[Json]], Answer]


class Player:
    """Answers by a function that reads the conversation as a server would get it; nothing is streamed."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self.outgoing = Outgoing(model_info(NANO, ADDRESS))

    async def complete(self, request: ModelRequest, on_piece: OnPiece, on_retry: OnRetry) -> ModelReply:
        """One answer, at once."""
        answer = self._answering(self.outgoing.wire_of(request.messages))
        calls = (ToolCall(f"call_{i}", name, text) for i, (name, text) in enumerate(answer.written))
        parts: tuple[Part, ...] = (*((Text(answer.text),) if answer.text else ()), *calls)
        return ModelReply(Message("assistant", parts), Usage(), "tool_calls")

    async def close(self) -> None:
        """Nothing to release."""


class Bench:
    """An agent at work in `root`, in a conversation that begins with `system`."""

    def __init__(
        self, root: Path, system: str, test_command: str, answering: Answering, endless: frozenset[str] = frozenset()
    ) -> None:
        self._player = Player(answering)
        self._bash = StagedBash(endless)
        files = Files(root)
        memory = WorkingMemory(files)
        self.history = History(estimate_tokens, [Message("system", (Text(system),))])
        self.agent = Agent(
            Setup(
                model=self._player,
                tools={name: tool for name, tool in tools("swe").items() if name in USED} | {"bash": self._bash},
                context=ToolContext(files, Shell(root, root, environment={}), lambda steps: None),
                approval=Approval("auto", nobody_to_ask, _unheard),
                budget=Budget(Limits()),
                history=self.history,
                compaction=Compaction(WINDOW, estimate_tokens, _no_summary, lambda tokens: "", _unheard),
                emit=_unheard,
                propose=memory.proposal,
                fits=memory.fits,
                suspects=memory.suspects,
                enrich=memory.enrich,
                test_command=test_command,
                insist=True,
            )
        )

    async def work(self, prompt: str) -> list[Json]:
        """The conversation from the system prompt to the submitting answer. Raises UnplayableError for another end."""
        stop = await self.agent.run(prompt)
        if self._bash.trouble is not None:
            raise self._bash.trouble
        if self.agent.submitted is None:
            raise UnplayableError(f"it ended as {stop.status}: {stop.reason}")
        messages: list[Json] = list(self._player.outgoing.wire_of(self.history.messages))
        if messages[-1]["role"] != "tool":
            raise UnplayableError("the last answer has no result")
        return messages[:-1]


def _unheard(event: Event) -> None:
    """Nobody looks on."""


async def _no_summary(transcript: str) -> str:
    raise ModelError("an episode is never compacted")
