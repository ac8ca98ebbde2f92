"""One question to the configured model, for commands that want a text of it and no agent."""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from kimicode.agent.wording import Ask
from kimicode.config.load import load
from kimicode.config.secrets import redactor_for
from kimicode.events import Notice
from kimicode.llm.connect import connect
from kimicode.llm.launch import Say
from kimicode.llm.model import ModelRequest
from kimicode.llm.reach import reachable
from kimicode.messages import user

MOST_OUTPUT_TOKENS = 8_000
"""Thoughts count as well."""


@asynccontextmanager
async def asking(flags: Mapping[str, Any], folder: Path, say: Say) -> AsyncIterator[Ask]:
    """A model that can be asked; `say` gets warnings. Raises ConfigError, ModelError."""
    given = {name: value for name, value in flags.items() if value is not None}
    loaded = load(given, cwd=folder, environ=os.environ)
    redact = redactor_for(loaded.settings, os.environ)
    for warning in loaded.warnings:
        say(warning)

    def tell(notice: Notice) -> None:
        say(notice.text)

    async with reachable(loaded, say, tell) as settings:
        connection = await connect(settings)
        if sys.stderr.isatty():
            say(f"asking {connection.model_name}; Ctrl-C leaves everything as it is")

        async def ask(prompt: str) -> str:
            request = ModelRequest([user(redact(prompt))], [], MOST_OUTPUT_TOKENS)
            reply = await connection.model.complete(request, lambda piece: None, lambda retry: say(retry.reason))
            return reply.message.text

        try:
            yield ask
        finally:
            await connection.model.close()
