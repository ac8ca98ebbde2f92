"""OpenAI's requests, with Moonshot's and vLLM's fields, as what the engine understands. Pure functions."""

import json
from collections.abc import Sequence

from kimicode_engine.errors import RequestError
from kimicode_engine.grammar import GrammarSpec, JsonObject, JsonSchema, Regex, Response
from kimicode_engine.request import Priority, SamplingParams
from kimicode_engine.server.asked import Asked, draw, next_call
from kimicode_engine.server.schema import (
    CalledTool,
    ChatMessage,
    ChatRequest,
    CompletionRequest,
    ContentPart,
    NamedTool,
    Sampled,
    TokenizeRequest,
    Tool,
)
from kimicode_engine.template.messages import Conversation, Message, ToolCall, ToolSpec

ANY_OBJECT = {"type": "object", "properties": {}}


def chat(request: ChatRequest, vocab_size: int) -> Asked:
    """What a POST to /v1/chat/completions asks for. Raises RequestError."""
    conversation = Conversation(
        messages=messages(request.messages),
        tools=tools(request.tools or ()),
        thinking=_thinking(request),
        preserve_thinking=_preserve(request),
        partial=bool(request.messages[-1].partial),
    )
    choice = _tool_choice(request, conversation.tools)
    wanted = request.max_completion_tokens or request.max_tokens
    return Asked(
        params=_params(request, vocab_size, wanted, conversation.thinking, _chat_logprobs(request)),
        conversation=conversation,
        grammar=grammar(conversation, choice, request.parallel_tool_calls is not False, _chat_response(request)),
        choices=request.n or 1,
        stream=bool(request.stream),
        include_usage=bool(request.stream_options and request.stream_options.include_usage),
        priority=_priority(request),
        tool_names=frozenset() if choice == "none" else frozenset(tool.name for tool in conversation.tools),
        next_call=next_call(conversation.messages),
    )


def completion(request: CompletionRequest, vocab_size: int) -> Asked:
    """What a POST to /v1/completions asks for. Raises RequestError."""
    prompt = request.prompt if isinstance(request.prompt, str) else tuple(request.prompt)
    if isinstance(prompt, tuple) and max(prompt) >= vocab_size:
        raise RequestError(f"prompt: token {max(prompt)} is not in the vocabulary of {vocab_size}", param="prompt")
    if not prompt:
        raise RequestError("prompt: an empty prompt cannot be continued", param="prompt")
    response = _guided(request)
    return Asked(
        params=_params(request, vocab_size, request.max_tokens, True, request.logprobs),
        prompt=prompt,
        grammar=GrammarSpec(response=response, thinking=False) if response else None,
        choices=request.n or 1,
        stream=bool(request.stream),
        include_usage=bool(request.stream_options and request.stream_options.include_usage),
        priority=_priority(request),
    )


def tokenized(request: TokenizeRequest) -> Conversation | str:
    """What a POST to /tokenize wants counted. Raises RequestError."""
    if request.messages is None:
        if request.prompt is None:
            raise RequestError("either prompt or messages is needed", param="prompt")
        return request.prompt
    switches = request.chat_template_kwargs
    return Conversation(
        messages=messages(request.messages),
        tools=tools(request.tools or ()),
        thinking=not switches or switches.thinking is not False,
        preserve_thinking=bool(switches and switches.preserve_thinking),
        partial=bool(request.messages[-1].partial),
    )


def messages(given: Sequence[ChatMessage]) -> tuple[Message, ...]:
    """The conversation's turns. Raises RequestError for images and other parts that are not text."""
    for index, message in enumerate(given[:-1]):
        if message.partial:
            raise RequestError("only the last message can be partial", param=f"messages.{index}.partial")
    return tuple(_message(message, f"messages.{index}") for index, message in enumerate(given))


def tools(given: Sequence[Tool]) -> tuple[ToolSpec, ...]:
    """The declared functions. Raises RequestError for a name that stands there twice."""
    return specs(
        [
            ToolSpec(
                name=tool.function.name,
                description=tool.function.description or "",
                parameters=ANY_OBJECT if tool.function.parameters is None else tool.function.parameters,
                strict=bool(tool.function.strict),
            )
            for tool in given
        ]
    )


def specs(declared: Sequence[ToolSpec]) -> tuple[ToolSpec, ...]:
    """The same tools. Raises RequestError for a name that stands there twice."""
    names: set[str] = set()
    for index, tool in enumerate(declared):
        if tool.name in names:
            raise RequestError(f"tools.{index}: the name {tool.name!r} is taken", param=f"tools.{index}")
        names.add(tool.name)
    return tuple(declared)


def grammar(conversation: Conversation, choice: str, parallel: bool, response: Response | None) -> GrammarSpec | None:
    """How the answer is constrained: None where there is nothing to constrain. Raises RequestError."""
    if response and conversation.partial:
        raise RequestError("a partial answer cannot be made to follow a format", param="response_format")
    if not conversation.tools and response is None:
        return None
    return GrammarSpec(
        tools=conversation.tools,
        tool_choice=choice if conversation.tools else "none",
        parallel=parallel,
        response=response,
        thinking=conversation.opens_thinking,
        first_call=conversation.calls,
    )


def _message(message: ChatMessage, where: str) -> Message:
    return Message(
        role="system" if message.role == "developer" else message.role,
        content=_content(message.content, where),
        name=message.name,
        reasoning=message.reasoning_content or message.reasoning,
        tool_calls=tuple(_called(call) for call in message.tool_calls or ()),
        tool_call_id=message.tool_call_id,
    )


def _content(content: str | list[ContentPart] | None, where: str) -> str | None:
    if not isinstance(content, list):
        return content
    return "".join(_part(part, f"{where}.content.{index}") for index, part in enumerate(content))


def _part(part: ContentPart, where: str) -> str:
    if part.type in ("text", "input_text", "output_text") and part.text is not None:
        return part.text
    if part.type == "refusal" and part.refusal is not None:
        return part.refusal
    if "image" in part.type or "video" in part.type:
        message = f"{where}: this engine does not read images yet"
    else:
        message = f"{where}: a part of type {part.type[:40]!r} is not supported, or is incomplete"
    raise RequestError(message, param=where, code="unsupported_content")


def _called(call: CalledTool) -> ToolCall:
    arguments = call.function.arguments
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return ToolCall(id=call.id or "", name=call.function.name, arguments="{}" if arguments is None else text)


def _thinking(request: ChatRequest) -> bool:
    """Moonshot's switch, else vLLM's, else OpenAI's effort; on by default, as the model is."""
    if request.thinking:
        return request.thinking.type == "enabled"
    switches = request.chat_template_kwargs
    if switches and switches.thinking is not None:
        return switches.thinking
    return request.reasoning_effort != "none"


def _preserve(request: ChatRequest) -> bool:
    if request.thinking and request.thinking.keep:
        return True
    return bool(request.chat_template_kwargs and request.chat_template_kwargs.preserve_thinking)


def _tool_choice(request: ChatRequest, declared: Sequence[ToolSpec]) -> str:
    """auto, required, none, or the name of a tool."""
    choice = request.tool_choice
    if isinstance(choice, NamedTool):
        return named(choice.function.name, declared)
    if choice == "required" and not declared:
        raise RequestError("tool_choice: required, but no tools are given", param="tool_choice")
    return choice or ("auto" if declared else "none")


def named(name: str, declared: Sequence[ToolSpec]) -> str:
    """The name of the tool that must be called. Raises RequestError if it is not declared."""
    if name not in {tool.name for tool in declared}:
        raise RequestError(f"tool_choice: no tool is called {name[:80]!r}", param="tool_choice")
    return name


def _chat_response(request: ChatRequest) -> Response | None:
    """The format of the visible answer, by OpenAI's field or vLLM's."""
    guided, asked = _guided(request), request.response_format
    if not asked or asked.type == "text":
        return guided
    if guided:
        raise RequestError("response_format and vLLM's guided fields exclude each other", param="response_format")
    if asked.type == "json_object":
        return JsonObject()
    if asked.json_schema is None:
        raise RequestError("response_format.json_schema is missing", param="response_format.json_schema")
    return JsonSchema(asked.json_schema.definition, bool(asked.json_schema.strict))


def _guided(request: Sampled) -> Response | None:
    found: list[Response] = []
    structured = request.structured_outputs
    for pattern in (request.guided_regex, structured.regex if structured else None):
        if pattern is not None:
            found.append(Regex(pattern))
    for schema in (request.guided_json, structured.json_schema if structured else None):
        if schema is not None:
            found.append(JsonSchema(schema, False))
    if structured and structured.json_object:
        found.append(JsonObject())
    if len(found) > 1:
        raise RequestError("an answer can follow one format only", param="structured_outputs")
    return found[0] if found else None


def _chat_logprobs(request: ChatRequest) -> int | None:
    if request.top_logprobs and not request.logprobs:
        raise RequestError("top_logprobs: needs logprobs = true", param="top_logprobs")
    return request.top_logprobs or 0 if request.logprobs else None


def _priority(request: Sampled) -> Priority:
    """OpenAI's flex tier waits for others, and so does whatever vLLM's clients rank behind the default of 0."""
    background = request.service_tier == "flex" or (request.priority or 0) > 0
    return Priority.BACKGROUND if background else Priority.INTERACTIVE


def _params(
    request: Sampled, vocab_size: int, max_tokens: int | None, thinking: bool, logprobs: int | None
) -> SamplingParams:
    temperature, top_p = draw(thinking, request.temperature, request.top_p)
    bias = request.logit_bias or {}
    if bias and max(bias) >= vocab_size:
        message = f"logit_bias: token {max(bias)} is not in the vocabulary of {vocab_size}"
        raise RequestError(message, param="logit_bias", code="invalid_value")
    return SamplingParams(
        max_tokens=max_tokens or 0,
        temperature=temperature,
        top_p=top_p,
        top_k=max(request.top_k or 0, 0),
        min_p=request.min_p or 0.0,
        presence_penalty=request.presence_penalty or 0.0,
        frequency_penalty=request.frequency_penalty or 0.0,
        repetition_penalty=request.repetition_penalty or 1.0,
        seed=request.seed,
        logit_bias=bias,
        logprobs=logprobs,
        stop=tuple(request.stop or ()),
        ignore_eos=bool(request.ignore_eos),
    )
