"""Settings that can be asked: as they are, or led to this machine's engine, which is joined or started."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from kimicode.config.load import Loaded
from kimicode.config.schema import Settings
from kimicode.errors import UsageError
from kimicode.events import Notice
from kimicode.llm.launch import Say, engine_for
from kimicode.llm.local import checkpoint_of, running


@asynccontextmanager
async def reachable(loaded: Loaded, say: Say, show: Callable[[Notice], None]) -> AsyncIterator[Settings]:
    """The settings with an endpoint; an engine that was started for them ends with the context.

    `say` is told how far an engine is that starts, `show` which engine it became. Raises ConfigError where no engine
    runs and none can be started, UsageError and ModelError where it does not start.
    """
    if not loaded.engine:
        if loaded.sources["checkpoint"] == "--checkpoint":
            raise UsageError("--checkpoint is for the local engine", hint="Add --model local, without --base-url.")
        yield loaded.settings
        return
    engine = await asyncio.to_thread(running)
    if engine is not None:
        show(Notice("info", "engine", f"the local engine at {engine.base_url} serves {engine.model}"))
        yield engine.applied(loaded.settings)
        return
    checkpoint = checkpoint_of(loaded.settings)
    say(f"{checkpoint}")
    async with engine_for(checkpoint, say) as engine:
        show(Notice("info", "engine", f"a local engine for this run serves {engine.model} from {checkpoint}"))
        yield engine.applied(loaded.settings)
