"""Anthropic's requests as what the engine understands. Pure functions.

Thinking is off unless asked for, as a client of that API expects; thoughts that a client sends back are kept."""

import json
from collections.abc import Iterator, Sequence

from kimicode_engine.errors import RequestError
from kimicode_engine.grammar import JsonSchema
from kimicode_engine.request import SamplingParams
from kimicode_engine.server.asked import Asked, draw, next_call
from kimicode_engine.server.openai import ANY_OBJECT, grammar, named, specs
from kimicode_engine.server.schema import Block, ClientTool, CountTokensRequest, MessagesRequest, ToolChoice, Turn
from kimicode_engine.template.messages import Conversation, Message, ToolCall, ToolSpec

_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def message(request: MessagesRequest) -> Asked:
    """What a POST to /v1/messages asks for. Raises RequestError."""
    talk = conversation(request)
    choice = _tool_choice(request.tool_choice, talk.tools)
    parallel = not (request.tool_choice and request.tool_choice.disable_parallel_tool_use)
    wanted = request.output_config.format if request.output_config else None
    response = JsonSchema(wanted.definition, True) if wanted else None
    temperature, top_p = draw(talk.thinking, request.temperature, request.top_p)
    return Asked(
        params=SamplingParams(
            max_tokens=request.max_tokens,
            temperature=temperature,
            top_p=top_p,
            top_k=max(request.top_k or 0, 0),
            stop=tuple(request.stop_sequences or ()),
        ),
        conversation=talk,
        grammar=grammar(talk, choice, parallel, response),
        stream=bool(request.stream),
        tool_names=frozenset() if choice == "none" else frozenset(tool.name for tool in talk.tools),
        next_call=next_call(talk.messages),
    )


def conversation(request: CountTokensRequest) -> Conversation:
    """What is rendered, for an answer and for count_tokens alike. Raises RequestError."""
    system = _text(request.system, "system")
    turns = [Message("system", system)] if system else []
    for index, turn in enumerate(request.messages):
        turns += _turn(turn, f"messages.{index}")
    return Conversation(
        messages=tuple(turns),
        tools=_tools(request.tools or ()),
        thinking=bool(request.thinking and request.thinking.type != "disabled"),
        preserve_thinking=True,
        partial=request.messages[-1].role == "assistant",
    )


def _turn(turn: Turn, where: str) -> Iterator[Message]:
    if isinstance(turn.content, str):
        yield Message(turn.role, turn.content)
    elif turn.role == "assistant":
        yield _assistant(turn.content, where)
    else:
        yield from _user(turn.role, turn.content, where)


def _assistant(blocks: Sequence[Block], where: str) -> Message:
    text: list[str] = []
    thoughts: list[str] = []
    calls: list[ToolCall] = []
    for index, block in enumerate(blocks):
        if block.type == "thinking":
            thoughts.append(block.thinking or "")
        elif block.type == "tool_use":
            arguments = json.dumps({} if block.input is None else block.input, ensure_ascii=False)
            calls.append(ToolCall(block.id or "", block.name or "", arguments))
        elif block.type != "redacted_thinking":
            text.append(_block_text(block, f"{where}.content.{index}"))
    return Message("assistant", "".join(text), reasoning="".join(thoughts) or None, tool_calls=tuple(calls))


def _user(role: str, blocks: Sequence[Block], where: str) -> Iterator[Message]:
    """Results of tools are turns of their own; the texts between them make one turn."""
    texts: list[str] = []
    for index, block in enumerate(blocks):
        place = f"{where}.content.{index}"
        if block.type != "tool_result":
            texts.append(_block_text(block, place))
            continue
        if texts:
            yield Message(role, "\n".join(texts))
            texts = []
        yield Message("tool", _text(block.content, place), tool_call_id=block.tool_use_id)
    if texts or not blocks:
        yield Message(role, "\n".join(texts))


def _text(content: str | list[Block] | None, where: str) -> str:
    if isinstance(content, list):
        return "\n".join(_block_text(block, f"{where}.content.{index}") for index, block in enumerate(content))
    return content or ""


def _block_text(block: Block, where: str) -> str:
    if block.type == "text" and block.text is not None:
        return block.text
    if block.type == "image":
        problem = "this engine does not read images yet"
    else:
        problem = f"a block of type {block.type[:40]!r} is not supported here, or is incomplete"
    raise RequestError(f"{where}: {problem}", param=where, code="unsupported_content")


def _tools(given: Sequence[ClientTool]) -> tuple[ToolSpec, ...]:
    for index, tool in enumerate(given):
        if tool.type not in (None, "custom"):
            problem = f"tools.{index}: the server's own tool {tool.type[:60]!r} does not exist here"
            raise RequestError(problem, param=f"tools.{index}.type", code="unsupported_parameter")
    return specs(
        [
            ToolSpec(
                name=tool.name,
                description=tool.description or "",
                parameters=ANY_OBJECT if tool.input_schema is None else tool.input_schema,
                strict=bool(tool.strict),
            )
            for tool in given
        ]
    )


def _tool_choice(choice: ToolChoice | None, declared: Sequence[ToolSpec]) -> str:
    if choice is None:
        return "auto" if declared else "none"
    if choice.type == "tool":
        return named(choice.name or "", declared)
    if choice.type == "any" and not declared:
        raise RequestError("tool_choice: any, but no tools are given", param="tool_choice")
    return _CHOICES[choice.type] if declared else "none"
