"""From a command line to an open session: configuration, folder, endpoint (an engine, if need be), journal."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kimicode.agent.budget import INTERACTIVE, Limits
from kimicode.agent.decision import Asker, Mode
from kimicode.config.load import Loaded, load
from kimicode.config.schema import Settings
from kimicode.config.trust import Trust
from kimicode.events import Emit, Notice
from kimicode.tui.trusting import Judge, confined, nobody_judges, settled

if TYPE_CHECKING:
    from kimicode.agent.delivery import Delivery
    from kimicode.agent.interactive import InteractiveSession

DEFAULT_MODE: Mode = "ask"
"""With a person present, where no mode is configured; a session that is resumed goes on in its own."""

Say = Callable[[str], None]
_AGENT = ("kimicode.agent.interactive", "kimicode.agent.rulebook", "kimicode.llm.reach")
_CLIENT = ("httpx2", "openai")


@dataclass(frozen=True, slots=True)
class Beginning:
    """What was asked for. `resume` is a session's id, "last", or "" for a new session; `flags` are settings by name.

    `folder` is None where none was named: then it is the present one, or that of the session to go on with.
    """

    environ: Mapping[str, str]
    folder: Path | None = None
    flags: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits = INTERACTIVE
    resume: str = ""
    delivery: "Delivery | None" = None
    trust: bool = False
    """Whether the folder is trusted this time, whatever is on record."""
    judge: Judge = nobody_judges
    """Asks the person about a folder that they were not asked about before."""

    def flagged(self, **flags: Any) -> "Beginning":
        """The same with other flags; one that is None is as if it had not been given."""
        return replace(self, flags={**self.flags, **flags})


@dataclass(slots=True)
class Opened:
    """An open session with the settings it was opened with. `endpoint` keeps an engine alive that was started."""

    session: "InteractiveSession"
    loaded: Loaded
    settings: Settings
    endpoint: AsyncExitStack


@asynccontextmanager
async def opened(beginning: Beginning, tell: Emit, ask: Asker, say: Say) -> AsyncIterator[Opened]:
    """Open it, and close it at the end. Raises KimicodeError of every kind."""
    # Behind the first paint, and in threads: what these bring along takes longer to load than a key may wait.
    await asyncio.to_thread(_import, *_AGENT)
    from kimicode.agent.interactive import InteractiveSession
    from kimicode.agent.opening import open_as
    from kimicode.agent.options import SessionOptions
    from kimicode.agent.place import place_of
    from kimicode.agent.rulebook import Rules

    resume, folder = await asyncio.to_thread(place_of, beginning.resume, beginning.folder, tell)
    trust = Trust.whole(folder) if beginning.trust else None
    trust = trust or await settled(folder, beginning.environ, beginning.judge, tell)
    loaded = await asyncio.to_thread(load, beginning.flags, cwd=folder, environ=beginning.environ, trust=trust)
    for warning in loaded.warnings:
        tell(Notice("warning", "config", warning))
    if notice := await asyncio.to_thread(trust.notice, folder):
        tell(Notice("warning", "trust", notice))
    chosen = loaded.sources["mode"] != "default" and (loaded.settings.mode != "yolo" or trust.given)
    mode = loaded.settings.mode if chosen else DEFAULT_MODE
    rules = await asyncio.to_thread(Rules.load)
    async with AsyncExitStack() as stack:
        endpoint = await stack.enter_async_context(AsyncExitStack())
        settings = confined(await reach(loaded, endpoint, tell, say), trust, tell)
        await asyncio.to_thread(_import, *_CLIENT)
        options = SessionOptions(
            settings=settings,
            cwd=folder,
            mode=mode,
            limits=beginning.limits,
            toolset=settings.toolset,
            resume=resume,
            ask=ask,
            rules=rules,
            insist=False,
            delivery=beginning.delivery,
            trust=trust,
        )
        session = await stack.enter_async_context(open_as(InteractiveSession, options, tell))
        if session.past is not None and not chosen:
            session.restore_mode(session.past.mode)
        yield Opened(session, loaded, settings, endpoint)


async def reach(loaded: Loaded, stack: AsyncExitStack, tell: Emit, say: Say) -> Settings:
    """Settings with an endpoint, kept open by the stack. Raises ConfigError, UsageError, ModelError."""
    from kimicode.llm.reach import reachable

    return await stack.enter_async_context(reachable(loaded, say, tell))


def _import(*modules: str) -> None:
    for module in modules:
        importlib.import_module(module)
