"""Settings that can be asked: as they are, or led to this machine's engine, which is joined or started."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from kimicode.config import nano
from kimicode.config.catalog import NANO
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
    _refuse_stray_checkpoint(loaded)
    if not loaded.engine:
        yield loaded.settings
        return
    name = NANO if loaded.settings.model == NANO else ""
    if name:
        show(Notice("info", "nano", nano.ABOUT))
    engine = await asyncio.to_thread(running, model=name)
    if engine is not None:
        show(Notice("info", "engine", f"the local engine at {engine.base_url} serves {engine.model}"))
        yield engine.applied(loaded.settings)
        return
    checkpoint = _weights(loaded)
    say(f"{checkpoint}")
    # What the first request needs takes half a second to load: that long the engine is busy anyway.
    client = asyncio.create_task(asyncio.to_thread(importlib.import_module, "openai"))
    async with engine_for(checkpoint, say, name=name) as engine:
        show(Notice("info", "engine", f"a local engine for this run serves {engine.model} from {checkpoint}"))
        await client
        yield engine.applied(loaded.settings)


def _refuse_stray_checkpoint(loaded: Loaded) -> None:
    if loaded.sources["checkpoint"] != "--checkpoint":
        return
    if not loaded.engine:
        raise UsageError("--checkpoint is for the local engine", hint="Add --model local, without --base-url.")
    if loaded.settings.model == NANO:
        hint = f"Give one of them; {nano.VARIABLE}=DIR puts another {NANO} in its place."
        raise UsageError(f"--model {NANO} brings its own checkpoint", hint=hint)


def _weights(loaded: Loaded) -> Path:
    if loaded.settings.model == NANO:
        return nano.checkpoint(loaded.pinned.environ)
    return checkpoint_of(loaded.settings)
