"""Compares our rendering with the checkpoint's own Jinja template, on a few conversations.

A later release may change its template; whoever serves it should hear of that before the model's answers suffer."""

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kimicode_engine.template.messages import Conversation, Message, ToolCall, ToolSpec
from kimicode_engine.template.render import THINK, Vocabulary, render_text
from kimicode_engine.template.typescript import declare

_SHOWN = 40
_WEATHER = ToolSpec(
    "get_weather",
    "Weather of a place.",
    {"type": "object", "properties": {"place": {"type": "string"}, "days": {"type": "integer"}}, "required": ["place"]},
)
_TURNS = (
    Message("system", "Be brief."),
    Message("user", "Hello"),
    Message("assistant", "Good day.", reasoning="A greeting."),
    Message("user", "Rain in Oslo?"),
    Message(
        "assistant", "", reasoning="Look it up.", tool_calls=(ToolCall("functions.get_weather:0", "get_weather", "{}"),)
    ),
    Message("tool", "No rain.", tool_call_id="functions.get_weather:0"),
)
PROBES: Mapping[str, Conversation] = {
    "a question": Conversation((Message("user", "Hello"),)),
    "tools": Conversation(_TURNS, tools=(_WEATHER,)),
    "thinking off": Conversation(_TURNS, thinking=False),
    "thinking preserved": Conversation(_TURNS, preserve_thinking=True),
}


def differs(folder: Path, tokenizer: Vocabulary) -> str | None:
    """Where the checkpoint's template and ours part, as one sentence; None: nowhere, or there is nothing to compare.

    Raises nothing for a template that is broken: that is a sentence as well."""
    if importlib.util.find_spec("jinja2") is None:
        return None
    try:
        source = _source(folder)
    except (OSError, ValueError, RecursionError) as error:
        return f"the checkpoint's chat template cannot be read: {error}"
    return _compare(source, thinks=THINK.name in tokenizer.control) if source is not None else None


def _source(folder: Path) -> str | None:
    path = folder / "chat_template.jinja"
    if path.exists():
        return path.read_text("utf-8")
    path = folder / "tokenizer_config.json"
    raw = json.loads(path.read_text("utf-8")) if path.exists() else {}
    template = raw.get("chat_template") if isinstance(raw, dict) else None
    return template if isinstance(template, str) else None


def _compare(source: str, *, thinks: bool) -> str | None:
    # Deferred: only this check needs jinja2, and nothing fails without it.
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _tojson
    probe = "its syntax"
    try:
        template = environment.from_string(source)
        for probe, conversation in PROBES.items():
            theirs = template.render(_variables(conversation))
            difference = _difference(theirs, render_text(conversation, thinks=thinks))
            if difference:
                return f"the checkpoint's chat template differs from ours ({probe}) {difference}"
    except (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return f"the checkpoint's chat template fails ({probe}): {error}"
    except (RecursionError, MemoryError, OverflowError):
        return f"the checkpoint's chat template fails ({probe}): it asks for too much"
    return None


def _variables(conversation: Conversation) -> dict[str, Any]:
    """What the checkpoint's tokenizer hands to its template; the declaration of tools comes as text."""
    variables: dict[str, Any] = {
        "messages": [_message(message) for message in conversation.messages],
        "add_generation_prompt": True,
        "thinking": conversation.thinking,
        "preserve_thinking": conversation.preserve_thinking,
        "tools": None,
    }
    if conversation.tools:
        variables["tools"] = [_tool(tool) for tool in conversation.tools]
        variables["tools_ts_str"] = declare(conversation.tools)
    return variables


def _tool(tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _message(message: Message) -> dict[str, Any]:
    raw: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.role == "assistant":
        raw["reasoning_content"] = message.reasoning or ""
    if message.tool_calls:
        raw["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.role == "tool":
        raw["tool_call_id"] = message.tool_call_id
    return raw


def _tojson(value: Any, **options: Any) -> str:
    """transformers' filter of that name: without jinja2's escaping for HTML."""
    return json.dumps(value, ensure_ascii=False, **options)


def _difference(theirs: str, ours: str) -> str | None:
    if theirs == ours:
        return None
    pairs = zip(theirs, ours, strict=False)
    at = next((i for i, (one, other) in enumerate(pairs) if one != other), min(len(theirs), len(ours)))
    start = max(0, at - _SHOWN // 2)
    return f"at character {at}: it has {theirs[start : at + _SHOWN]!r}, ours {ours[start : at + _SHOWN]!r}"
