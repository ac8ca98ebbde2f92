"""One conversation with a model server, as the tests of the client hold it."""

from dataclasses import dataclass, field
from typing import Any

from kimicode.config.catalog import ModelInfo
from kimicode.events import RetryScheduled
from kimicode.llm.client import ModelClient
from kimicode.llm.model import ModelReply, ModelRequest
from kimicode.llm.retry import RetryPolicy
from kimicode.messages import Piece, ToolSpec, user

TOOLS = (
    ToolSpec(
        "bash",
        "Run a command.",
        {
            "type": "object",
            "properties": {"command": {"type": "string"}, "timeout": {"type": "integer"}},
            "required": ["command"],
        },
    ),
    ToolSpec("submit", "Finish.", {"type": "object", "properties": {}}),
)
REQUEST = ModelRequest((user("hello"),), TOOLS)
PLAIN = ModelInfo(window=32_768, max_output=4_096)
QUICK = RetryPolicy(base=0.01)


@dataclass(slots=True)
class Heard:
    """What came back of one request: the reply, the pieces on the way, and the retries."""

    reply: ModelReply
    pieces: list[Piece] = field(default_factory=list)
    retries: list[RetryScheduled] = field(default_factory=list)


def client_of(base_url: str, **options: Any) -> ModelClient:
    """A client with short waits."""
    defaults: dict[str, Any] = {"api_key": "sk-secret", "model": "scripted", "info": PLAIN, "retry": QUICK}
    return ModelClient(base_url=base_url, **(defaults | options))


async def ask(base_url: str, request: ModelRequest = REQUEST, **options: Any) -> Heard:
    """Make one request and close the client."""
    client = client_of(base_url, **options)
    pieces: list[Piece] = []
    retries: list[RetryScheduled] = []
    try:
        return Heard(await client.complete(request, pieces.append, retries.append), pieces, retries)
    finally:
        await client.close()
