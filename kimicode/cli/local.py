"""`--model local`: joins the engine that runs on this machine, or starts one for the length of a run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kimicode.cli.output import Screen
from kimicode.config.load import Loaded
from kimicode.config.schema import Settings
from kimicode.errors import UsageError
from kimicode.events import Notice
from kimicode.llm.launch import engine_for
from kimicode.llm.local import checkpoint_of, running


@asynccontextmanager
async def endpoint_of(loaded: Loaded, screen: Screen) -> AsyncIterator[Settings]:
    """The settings with an endpoint that can be asked: as they are, or led to this machine's engine.

    Raises ConfigError where no engine runs and none can be started, UsageError and ModelError where it does not start.
    """
    if not loaded.engine:
        if loaded.sources["checkpoint"] == "--checkpoint":
            raise UsageError("--checkpoint is for the local engine", hint="Add --model local, without --base-url.")
        yield loaded.settings
        return

    def say(line: str) -> None:
        if screen.progress is not None:
            screen.progress.doing(f"starting the engine: {line}")

    engine = await asyncio.to_thread(running)
    if engine is not None:
        screen.show(Notice("info", "engine", f"the local engine at {engine.base_url} serves {engine.model}"))
        yield engine.applied(loaded.settings)
        return
    checkpoint = checkpoint_of(loaded.settings)
    say(f"{checkpoint}")
    async with engine_for(checkpoint, say) as engine:
        screen.show(Notice("info", "engine", f"a local engine for this run serves {engine.model} from {checkpoint}"))
        yield engine.applied(loaded.settings)
