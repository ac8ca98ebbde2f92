"""`--model local` of a run: how its engine's start is shown."""

from contextlib import AbstractAsyncContextManager

from kimicode.cli.output import Screen
from kimicode.config.load import Loaded
from kimicode.config.schema import Settings
from kimicode.llm.reach import reachable


def endpoint_of(loaded: Loaded, screen: Screen) -> AbstractAsyncContextManager[Settings]:
    """The settings with an endpoint that can be asked (`kimicode.llm.reach`)."""

    def say(line: str) -> None:
        if screen.progress is not None:
            screen.progress.doing(f"starting the engine: {line}")

    return reachable(loaded, say, screen.show)
