"""An agent on a bench: a real folder, real tools, a played-back model, and all events in a list."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from kimicode.agent.approval import Approval, Asker, Mode, nobody_to_ask
from kimicode.agent.budget import Budget, Limits
from kimicode.agent.calls import nothing
from kimicode.agent.compaction import Compaction
from kimicode.agent.history import History
from kimicode.agent.loop import Agent, Setup
from kimicode.agent.memory import WorkingMemory
from kimicode.events import Event
from kimicode.llm.model import ModelRequest
from kimicode.llm.tokens import estimate_tokens
from kimicode.messages import user
from kimicode.tools.base import ToolContext
from kimicode.tools.toolset import tools
from kimicode.workspace.files import Files
from kimicode.workspace.shell import Shell
from tests.fakes.model import PlaybackModel


class Workshop:
    """`agent` works in `root`; close the shell at the end."""

    def __init__(
        self,
        root: Path,
        model: PlaybackModel,
        *,
        mode: Mode = "auto",
        ask: Asker = nobody_to_ask,
        limits: Limits | None = None,
        window: int = 100_000,
        insist: bool = True,
        test_command: str = "",
        diagnose: Callable[[], Awaitable[str]] = nothing,
    ) -> None:
        self.events: list[Event] = []
        self.model = model
        self.files = Files(root)
        self.shell = Shell(root, root.parent / "outputs")
        self.memory = WorkingMemory(self.files)
        self.budget = Budget(limits or Limits())
        self.history = History(estimate_tokens)
        self.compaction = Compaction(
            window, estimate_tokens, self._summarize, lambda tokens: self.memory.state((), tokens), self.events.append
        )
        self.approval = Approval(mode, ask, self.events.append)
        self.agent = Agent(
            Setup(
                model=model,
                tools=tools(planning=mode == "plan"),
                context=ToolContext(self.files, self.shell, lambda steps: None),
                approval=self.approval,
                budget=self.budget,
                history=self.history,
                compaction=self.compaction,
                emit=self.events.append,
                propose=self.memory.proposal,
                fits=self.memory.fits,
                suspects=self.memory.suspects,
                enrich=self.memory.enrich,
                diagnose=diagnose,
                test_command=test_command,
                insist=insist,
            )
        )

    async def _summarize(self, transcript: str) -> str:
        request = ModelRequest([user(transcript)], [])
        return (await self.model.complete(request, lambda piece: None, self.events.append)).message.text

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def results(self) -> list[str]:
        """What the model was told by its tools, in order."""
        from kimicode.events import ToolCompleted

        return ["".join(part.text for part in event.content) for event in self.of(ToolCompleted)]
