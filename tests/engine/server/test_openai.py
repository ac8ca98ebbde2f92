import json

import pytest

from kimicode_engine.errors import RequestError
from kimicode_engine.grammar import JsonObject, JsonSchema, Regex
from kimicode_engine.request import Priority
from kimicode_engine.server import openai
from kimicode_engine.server.schema import ChatRequest, CompletionRequest, TokenizeRequest, read
from kimicode_engine.template.messages import Message, ToolCall, ToolSpec
from tests.fakes.engine_tokenizer import byte_tokenizer

VOCABULARY = 512
HELLO = {"role": "user", "content": "hello"}
LS = {"type": "function", "function": {"name": "ls", "description": "Lists.", "parameters": {"type": "object"}}}


def chat(*messages, **fields):
    body = {"messages": messages or [HELLO]} | fields
    return openai.chat(read(ChatRequest, json.dumps(body).encode()), VOCABULARY)


def completion(**fields):
    return openai.completion(read(CompletionRequest, json.dumps(fields).encode()), VOCABULARY)


def refused(call, *messages, **fields):
    with pytest.raises(RequestError) as caught:
        call(*messages, **fields)
    return caught.value


# --- the conversation -----------------------------------------------------------------------------------------


def test_messages_of_every_kind_reach_the_template():
    called = {"id": "call_1", "type": "function", "function": {"name": "ls", "arguments": '{"path": "."}'}}
    asked = chat(
        {"role": "developer", "content": "Be brief."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "List "}, {"type": "text", "text": "it."}],
            "name": "Ada",
        },
        {"role": "assistant", "content": None, "reasoning_content": "Hm.", "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "call_1", "content": "a.py"},
    )
    assert asked.conversation.messages == (
        Message("system", "Be brief."),
        Message("user", "List it.", name="Ada"),
        Message("assistant", None, reasoning="Hm.", tool_calls=(ToolCall("call_1", "ls", '{"path": "."}'),)),
        Message("tool", "a.py", tool_call_id="call_1"),
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [('{"broken', '{"broken'), ("", ""), (None, "{}"), ({"path": "ä"}, '{"path": "ä"}'), ([1], "[1]")],
)
def test_arguments_of_the_history_may_be_anything(arguments, text):
    called = {"id": "x", "type": "function", "function": {"name": "ls", "arguments": arguments}}
    asked = chat({"role": "assistant", "tool_calls": [called]}, HELLO)
    assert asked.conversation.messages[0].tool_calls[0].arguments == text


@pytest.mark.parametrize("kind", ["image_url", "video_url", "input_audio", "file"])
def test_parts_that_are_not_text_are_refused_where_they_stand(kind):
    error = refused(chat, HELLO, {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": kind}]})
    assert error.param == "messages.1.content.1"
    assert ("does not read images yet" in error.message) == (kind in ("image_url", "video_url"))


@pytest.mark.parametrize(
    ("fields", "thinking", "preserve"),
    [
        ({}, True, False),
        ({"thinking": {"type": "disabled"}}, False, False),
        ({"thinking": {"type": "enabled", "keep": "all"}}, True, True),
        ({"thinking": {"type": "enabled"}, "reasoning_effort": "none"}, True, False),
        ({"chat_template_kwargs": {"thinking": False}}, False, False),
        ({"chat_template_kwargs": {"preserve_thinking": True}}, True, True),
        ({"reasoning_effort": "none"}, False, False),
        ({"reasoning_effort": "high"}, True, False),
    ],
)
def test_thinking_is_on_unless_one_of_the_dialects_says_no(fields, thinking, preserve):
    conversation = chat(**fields).conversation
    assert (conversation.thinking, conversation.preserve_thinking) == (thinking, preserve)


def test_the_last_assistant_message_can_be_continued():
    asked = chat(HELLO, {"role": "assistant", "content": "Once upon", "partial": True})
    assert asked.conversation.partial
    assert not asked.conversation.opens_thinking
    error = refused(chat, {"role": "assistant", "content": "a", "partial": True}, HELLO)
    assert error.param == "messages.0.partial"


# --- sampling -------------------------------------------------------------------------------------------------


def test_moonshots_sampling_is_the_default():
    thinking, instant = chat().params, chat(thinking={"type": "disabled"}).params
    assert (thinking.temperature, thinking.top_p) == (1.0, 0.95)
    assert (instant.temperature, instant.top_p) == (0.6, 0.95)
    assert chat(temperature=0).params.temperature == 0


def test_every_sampling_field_arrives():
    params = chat(
        top_k=20, min_p=0.1, presence_penalty=1, frequency_penalty=-1, repetition_penalty=1.1, seed=7,
        logit_bias={"5": -100}, logprobs=True, top_logprobs=3, stop=["a", "b"], ignore_eos=True, max_tokens=9,
    ).params  # fmt: skip
    assert (params.top_k, params.min_p, params.presence_penalty, params.frequency_penalty) == (20, 0.1, 1, -1)
    assert (params.repetition_penalty, params.seed, params.logit_bias) == (1.1, 7, {5: -100})
    assert (params.logprobs, params.stop, params.ignore_eos, params.max_tokens) == (3, ("a", "b"), True, 9)


def test_max_completion_tokens_goes_before_max_tokens():
    assert chat(max_completion_tokens=5, max_tokens=9).params.max_tokens == 5


def test_tokens_outside_the_vocabulary_are_refused():
    assert refused(chat, logit_bias={"512": 1}).param == "logit_bias"
    assert refused(completion, prompt=[512]).param == "prompt"


def test_top_logprobs_need_logprobs():
    assert refused(chat, top_logprobs=2).param == "top_logprobs"
    assert chat(logprobs=True).params.logprobs == 0


def test_an_answer_may_have_what_the_window_leaves():
    assert chat().sampling(1000, 4096).max_tokens == 3096
    assert chat(max_tokens=50).sampling(1000, 4096).max_tokens == 50


@pytest.mark.parametrize(("fields", "prompt", "over"), [({}, 4096, 1), ({}, 5000, 905), ({"max_tokens": 100}, 4000, 4)])
def test_what_does_not_fit_is_refused_with_exact_numbers(fields, prompt, over):
    with pytest.raises(RequestError) as caught:
        chat(**fields).sampling(prompt, 4096)
    error = caught.value
    assert (error.status, error.code) == (400, "context_length_exceeded")
    assert all(str(number) in error.message for number in (4096, prompt, over))


def test_each_choice_has_its_own_seed():
    asked = chat(n=3, seed=40)
    assert [asked.sampling(1, 100, choice).seed for choice in range(3)] == [40, 41, 42]


@pytest.mark.parametrize(
    ("fields", "urgent"), [({}, True), ({"service_tier": "flex"}, False), ({"priority": 1}, False)]
)
def test_background_work_says_so(fields, urgent):
    assert (chat(**fields).priority is Priority.INTERACTIVE) == urgent


# --- tools and formats ----------------------------------------------------------------------------------------


def test_tools_are_declared_and_constrained():
    asked = chat(tools=[LS], parallel_tool_calls=False)
    assert asked.conversation.tools == (ToolSpec("ls", "Lists.", {"type": "object"}),)
    assert (asked.grammar.tool_choice, asked.grammar.parallel, asked.grammar.thinking) == ("auto", False, True)
    assert asked.tool_names == {"ls"}


def test_without_tools_and_formats_nothing_is_constrained():
    assert chat(tools=[]).grammar is None


def test_with_tool_choice_none_tools_stay_declared_but_are_not_called():
    asked = chat(tools=[LS], tool_choice="none")
    assert (len(asked.conversation.tools), asked.grammar.tool_choice, asked.tool_names) == (1, "none", frozenset())


def test_one_tool_can_be_demanded_if_it_exists():
    choice = {"type": "function", "function": {"name": "ls"}}
    assert chat(tools=[LS], tool_choice=choice).grammar.tool_choice == "ls"
    assert (
        refused(chat, tools=[LS], tool_choice={"type": "function", "function": {"name": "rm"}}).param == "tool_choice"
    )
    assert refused(chat, tool_choice="required").param == "tool_choice"
    assert refused(chat, tools=[LS, LS]).param == "tools.1"


SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("fields", "response"),
    [
        ({"response_format": {"type": "text"}}, None),
        ({"response_format": {"type": "json_object"}}, JsonObject()),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "r", "schema": SCHEMA, "strict": True},
                }
            },
            JsonSchema(SCHEMA, True),
        ),
        ({"guided_regex": "a+"}, Regex("a+")),
        ({"structured_outputs": {"regex": "a+"}}, Regex("a+")),
        ({"structured_outputs": {"json": SCHEMA}}, JsonSchema(SCHEMA, False)),
        ({"guided_json": SCHEMA}, JsonSchema(SCHEMA, False)),
    ],
)
def test_every_dialects_format_is_understood(fields, response):
    asked = chat(**fields)
    assert (asked.grammar.response if asked.grammar else None) == response


def test_formats_that_contradict_are_refused():
    both = {"response_format": {"type": "json_object"}, "guided_regex": "a+"}
    assert refused(chat, **both).param == "response_format"
    assert refused(chat, guided_regex="a", structured_outputs={"regex": "b"}).param == "structured_outputs"
    assert refused(chat, response_format={"type": "json_schema"}).param == "response_format.json_schema"
    partial = {"role": "assistant", "content": "{", "partial": True}
    assert refused(chat, HELLO, partial, response_format={"type": "json_object"}).param == "response_format"


def test_new_ids_are_above_every_id_of_the_history():
    def called(identifier):
        function = {"name": "ls", "arguments": "{}"}
        return {"role": "assistant", "tool_calls": [{"id": identifier, "type": "function", "function": function}]}

    assert chat(HELLO).next_call == 0
    assert chat(called("call_a"), called("call_b"), HELLO).next_call == 2
    shortened = chat(called("functions.ls:7"), HELLO)
    assert (shortened.next_call, shortened.grammar) == (8, None)
    assert chat(called("functions.ls:7"), HELLO, tools=[LS]).grammar.first_call == 1


def test_the_parser_is_made_for_the_request():
    tokenizer = byte_tokenizer()
    assert chat(tools=[LS]).parser(tokenizer).feed(ord("a")) == chat().parser(tokenizer).feed(ord("a"))
    assert completion(prompt="x").parser(tokenizer).feed(ord("a")) != chat().parser(tokenizer).feed(ord("a"))


# --- completions and tokenize ---------------------------------------------------------------------------------


def test_a_completion_has_a_prompt_and_no_conversation():
    asked = completion(prompt="Once", logprobs=2, n=2, stream=True, stream_options={"include_usage": True})
    assert (asked.prompt, asked.conversation, asked.params.logprobs, asked.choices) == ("Once", None, 2, 2)
    assert (asked.stream, asked.include_usage, asked.grammar) == (True, True, None)
    assert completion(prompt=[1, 2]).prompt == (1, 2)
    assert completion(prompt="x", guided_regex="a").grammar.response == Regex("a")
    assert refused(completion, prompt="").param == "prompt"


def test_tokenize_takes_text_or_a_conversation():
    def tokenized(**fields):
        return openai.tokenized(read(TokenizeRequest, json.dumps(fields).encode()))

    assert tokenized(prompt="abc") == "abc"
    assert tokenized(messages=[HELLO], tools=[LS], chat_template_kwargs={"thinking": False}).thinking is False
    assert refused(tokenized).param == "prompt"
