"""The shapes of request bodies, with a range for every field.

Unknown fields are ignored. Known ones that would change the answer and are not served are refused by name."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from kimicode_engine.errors import RequestError

NAME = r"^[A-Za-z0-9_.-]{1,128}$"
INT64 = 2**63


def _refuse(value: object) -> None:
    if value:
        raise PydanticCustomError("unsupported", "this engine does not support the field")


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _text_only(value: list[str] | None) -> None:
    if value and set(value) != {"text"}:
        raise PydanticCustomError("unsupported", "this engine answers with text only")


Refused = Annotated[Any, AfterValidator(_refuse)]
"""A field that may only be absent, null, false, zero or empty."""
StopString = Annotated[str, StringConstraints(min_length=1, max_length=256)]
StopStrings = Annotated[list[StopString], BeforeValidator(_listed), Field(max_length=16)]
Bias = Annotated[float, Field(ge=-100, le=100)]
TokenId = Annotated[int, Field(ge=0, lt=2**31)]
ToolName = Annotated[str, StringConstraints(pattern=NAME)]


class Shape(BaseModel):
    """What all of them share: extra fields are ignored, NaN and infinity refused."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, frozen=True)


AnyShape = TypeVar("AnyShape", bound=Shape)


def read(kind: type[AnyShape], body: bytes) -> AnyShape:
    """Parse and check a request's body. Raises RequestError naming the field."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        # Of a union's complaints, the deepest is about the alternative that was meant.
        worst = max(error.errors(include_url=False, include_input=False), key=lambda one: len(one["loc"]))
        if worst["type"] == "json_invalid":
            raise RequestError(f"the body is not valid JSON: {worst['ctx']['error']}", code="invalid_json") from None
        where = _path(worst["loc"])
        code = "unsupported_parameter" if worst["type"] == "unsupported" else "invalid_value"
        raise RequestError(f"{where}: {worst['msg']}" if where else worst["msg"], param=where, code=code) from None


def _path(location: tuple[int | str, ...]) -> str | None:
    """`messages.2.content`; the names that pydantic gives to a union's alternatives are left out."""
    steps = [str(step) for step in location if isinstance(step, int) or (step.isidentifier() and step[0].islower())]
    while steps and steps[-1] in ("str", "int", "bool", "dict", "list"):
        steps.pop()
    return ".".join(steps) or None


# --- OpenAI ---------------------------------------------------------------------------------------------------


class ContentPart(Shape):
    """A part of a message. Only `text` and `refusal` are read."""

    type: str
    text: str | None = None
    refusal: str | None = None


class CalledFunction(Shape):
    """A call in the history. Clients send what a model wrote: the arguments need not be JSON, nor a string."""

    name: str = ""
    arguments: Any = ""


class CalledTool(Shape):
    id: str | None = None
    function: CalledFunction


class ChatMessage(Shape):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[ContentPart] | None = None
    name: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[CalledTool] | None = None
    tool_call_id: str | None = None
    partial: bool | None = None
    """Moonshot's: this last assistant message is continued."""
    audio: Refused = None
    function_call: Refused = None


class Function(Shape):
    name: ToolName
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(Shape):
    type: Literal["function"] = "function"
    function: Function


class NamedFunction(Shape):
    name: str


class NamedTool(Shape):
    type: Literal["function"] = "function"
    function: NamedFunction


class NamedSchema(Shape):
    name: str = "response"
    definition: dict[str, Any] = Field(default_factory=dict, alias="schema")
    strict: bool | None = None


class ResponseFormat(Shape):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: NamedSchema | None = None


class StructuredOutputs(Shape):
    """vLLM's."""

    regex: str | None = None
    json_schema: dict[str, Any] | None = Field(None, alias="json")
    json_object: bool | None = None
    choice: Refused = None
    grammar: Refused = None
    structural_tag: Refused = None


class TemplateSwitches(Shape):
    """vLLM's chat_template_kwargs, those that Kimi's template knows."""

    thinking: bool | None = None
    preserve_thinking: bool | None = None


class ThinkingSwitch(Shape):
    """Moonshot's."""

    type: Literal["enabled", "disabled"] = "enabled"
    keep: Literal["all"] | None = None


class StreamOptions(Shape):
    include_usage: bool | None = None


class Sampled(Shape):
    """What /v1/chat/completions and /v1/completions share."""

    model: str | None = None
    n: int | None = Field(None, ge=1, le=8)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1, lt=2**31)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    top_k: int | None = Field(None, ge=-1, lt=2**31)
    min_p: float | None = Field(None, ge=0, le=1)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    repetition_penalty: float | None = Field(None, gt=0, le=2)
    seed: int | None = Field(None, ge=-INT64, lt=INT64)
    logit_bias: Annotated[dict[TokenId, Bias], Field(max_length=300)] | None = None
    stop: StopStrings | None = None
    ignore_eos: bool | None = None
    priority: int | None = Field(None, ge=-INT64, lt=INT64)
    service_tier: str | None = None
    guided_regex: str | None = None
    guided_json: dict[str, Any] | None = None
    structured_outputs: StructuredOutputs | None = None
    best_of: int | None = Field(None, ge=1, le=1)
    guided_choice: Refused = None
    guided_grammar: Refused = None
    min_tokens: Refused = None
    stop_token_ids: Refused = None
    allowed_token_ids: Refused = None
    bad_words: Refused = None
    prompt_logprobs: Refused = None
    use_beam_search: Refused = None
    logits_processors: Refused = None


class ChatRequest(Sampled):
    """POST /v1/chat/completions."""

    messages: list[ChatMessage] = Field(min_length=1)
    max_completion_tokens: int | None = Field(None, ge=1, lt=2**31)
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    tools: Annotated[list[Tool], Field(max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: str | None = None
    thinking: ThinkingSwitch | None = None
    chat_template_kwargs: TemplateSwitches | None = None
    modalities: Annotated[list[str] | None, AfterValidator(_text_only)] = None
    audio: Refused = None
    functions: Refused = None
    function_call: Refused = None
    web_search_options: Refused = None
    chat_template: Refused = None
    continue_final_message: Refused = None
    documents: Refused = None


class CompletionRequest(Sampled):
    """POST /v1/completions."""

    prompt: str | Annotated[list[TokenId], Field(min_length=1)]
    logprobs: int | None = Field(None, ge=0, le=20)
    echo: Refused = None
    suffix: Refused = None
    prompt_embeds: Refused = None


class TokenizeRequest(Shape):
    """POST /tokenize: a text, or a conversation as it would be rendered."""

    prompt: str | None = None
    messages: Annotated[list[ChatMessage], Field(min_length=1)] | None = None
    tools: Annotated[list[Tool], Field(max_length=128)] | None = None
    chat_template_kwargs: TemplateSwitches | None = None


class DetokenizeRequest(Shape):
    """POST /detokenize."""

    tokens: list[TokenId]


# --- Anthropic ------------------------------------------------------------------------------------------------


class Block(Shape):
    """A content block of any kind; which fields must be there, its `type` decides."""

    type: str
    text: str | None = None
    thinking: str | None = None
    id: str | None = None
    name: str | None = None
    input: Any = None
    tool_use_id: str | None = None
    content: "str | list[Block] | None" = None


class Turn(Shape):
    role: Literal["user", "assistant", "system"]
    content: str | list[Block]


class ClientTool(Shape):
    type: str | None = None
    name: ToolName
    description: str | None = None
    input_schema: dict[str, Any] | None = None
    strict: bool | None = None


class ToolChoice(Shape):
    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class ThinkingConfig(Shape):
    type: Literal["enabled", "disabled", "adaptive", "between_tools"]


class OutputFormat(Shape):
    type: Literal["json_schema"]
    definition: dict[str, Any] = Field(alias="schema")


class OutputConfig(Shape):
    format: OutputFormat | None = None


class CountTokensRequest(Shape):
    """POST /v1/messages/count_tokens."""

    model: str | None = None
    messages: list[Turn] = Field(min_length=1)
    system: str | list[Block] | None = None
    tools: Annotated[list[ClientTool], Field(max_length=128)] | None = None
    tool_choice: ToolChoice | None = None
    thinking: ThinkingConfig | None = None
    output_config: OutputConfig | None = None
    mcp_servers: Refused = None
    container: Refused = None


class MessagesRequest(CountTokensRequest):
    """POST /v1/messages."""

    max_tokens: int = Field(ge=1, lt=2**31)
    stream: bool | None = None
    stop_sequences: StopStrings | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    top_k: int | None = Field(None, ge=-1, lt=2**31)
    service_tier: str | None = None
