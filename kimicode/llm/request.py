"""The body of a request: what every server understands, and the optional fields that some refuse."""

import re
from collections.abc import Collection
from typing import Any

from kimicode.config.catalog import ModelInfo, ThinkingSwitch
from kimicode.llm.model import ModelRequest
from kimicode.llm.wire import Outgoing, tools_to_wire

OPTIONAL = ("stream_options", "chat_template_kwargs", "thinking", "temperature", "top_p", "max_tokens")
EXOTIC = ("stream_options", "chat_template_kwargs", "thinking")
_NOT_KNOWN = re.compile(
    r"unknown|unrecogni[sz]ed|unexpected|unsupported|not (?:supported|permitted|allowed)|extra", re.IGNORECASE
)


def request_body(
    request: ModelRequest,
    model: str,
    info: ModelInfo,
    outgoing: Outgoing,
    *,
    thinking: bool,
    without: Collection[str] = (),
) -> dict[str, Any]:
    """The JSON of a streaming request, less the fields `without`, which this server is known to refuse."""
    messages = outgoing.wire_of(request.messages)
    if "reasoning_content" in without:
        messages = [{k: v for k, v in message.items() if k != "reasoning_content"} for message in messages]
    body: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        **thinking_fields(info, thinking=thinking),
    }
    if request.tools:
        body["tools"] = tools_to_wire(request.tools)
    if limit := output_limit(request, info):
        body["max_tokens"] = limit
    if info.sampling is not None:
        sampling = info.sampling.thinking if thinking else info.sampling.instant
        body |= {"temperature": sampling.temperature, "top_p": sampling.top_p}
    body |= info.extra_body
    return {key: value for key, value in body.items() if key not in without}


def thinking_fields(info: ModelInfo, *, thinking: bool) -> dict[str, Any]:
    """How this server is told to think or not, and to keep earlier thoughts in its prompt."""
    if info.thinking is ThinkingSwitch.MOONSHOT:
        keep: dict[str, Any] = {"keep": "all"} if thinking and info.preserve_thinking else {}
        return {"thinking": {"type": "enabled" if thinking else "disabled", **keep}}
    if info.thinking is ThinkingSwitch.TEMPLATE:
        keep = {"preserve_thinking": True} if info.preserve_thinking else {}
        return {"chat_template_kwargs": {"thinking": thinking, **keep}}
    return {}


def output_limit(request: ModelRequest, info: ModelInfo) -> int | None:
    """Tokens the answer may have: as asked, else what the model can within an eighth of its window.

    Compaction keeps the prompt under 85 % of the window, so an eighth always fits. Unknown models are left to their
    server, which knows better.
    """
    if request.max_output_tokens is not None:
        return request.max_output_tokens
    return min(info.max_output, info.window // 8) if info.known else None


def refused_fields(status: int, answer: str, body: dict[str, Any]) -> set[str]:
    """The optional fields of `body` that a 400 or 422 complains of; empty where it complains of something else."""
    if status not in (400, 422):
        return set()
    if "reasoning_content" in answer:
        sent = any(message.get("reasoning_content") for message in body["messages"])
        return {"reasoning_content"} if sent and _NOT_KNOWN.search(answer) else set()
    named = {field for field in OPTIONAL if field in body and re.search(rf"\b{field}\b", answer)}
    if named or not _NOT_KNOWN.search(answer):
        return named
    return {field for field in EXOTIC if field in body}
