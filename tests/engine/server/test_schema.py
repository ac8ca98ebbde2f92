import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode_engine.errors import RequestError
from kimicode_engine.server.schema import (
    ChatRequest,
    CompletionRequest,
    CountTokensRequest,
    MessagesRequest,
    TokenizeRequest,
    read,
)

HELLO = {"messages": [{"role": "user", "content": "hello"}]}
SHAPES = (ChatRequest, CompletionRequest, MessagesRequest, CountTokensRequest, TokenizeRequest)


def chat(**fields):
    return read(ChatRequest, json.dumps(HELLO | fields).encode())


def refused(body, kind=ChatRequest):
    with pytest.raises(RequestError) as caught:
        read(kind, body if isinstance(body, bytes) else json.dumps(body).encode())
    assert caught.value.status == 400
    return caught.value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n", 0),
        ("n", 9),
        ("temperature", 2.1),
        ("temperature", -0.1),
        ("top_p", 1.01),
        ("top_k", -2),
        ("min_p", 1.5),
        ("presence_penalty", 2.5),
        ("frequency_penalty", -2.5),
        ("repetition_penalty", 0),
        ("seed", 2**63),
        ("max_tokens", 0),
        ("max_completion_tokens", -1),
        ("top_logprobs", 21),
        ("stop", ["x"] * 17),
        ("stop", "x" * 257),
        ("stop", [""]),
        ("logit_bias", {str(token): 1 for token in range(301)}),
        ("logit_bias", {"5": 101}),
        ("logit_bias", {"-5": 1}),
        ("logit_bias", {"moon": 1}),
        ("tools", [{"type": "function", "function": {"name": f"t{index}"}} for index in range(129)]),
        ("tools", [{"type": "function", "function": {"name": "no spaces allowed"}}]),
        ("tools", [{"type": "function", "function": {"name": "t", "parameters": "a text"}}]),
        ("tools", [{"type": "web_search"}]),
        ("tool_choice", "sometimes"),
        ("tool_choice", {"type": "function"}),
        ("response_format", {"type": "xml"}),
        ("thinking", {"type": "perhaps"}),
        ("messages", []),
        ("messages", [{"role": "wizard", "content": "hello"}]),
        ("messages", [{"role": "user", "content": 5}]),
        ("messages", [{"role": "user", "content": [{"text": "no type"}]}]),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(field, value):
    error = refused(HELLO | {field: value})
    assert error.param.split(".")[0] == field
    assert error.message.startswith(error.param)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("audio", {"voice": "alloy"}),
        ("modalities", ["text", "audio"]),
        ("functions", [{"name": "f"}]),
        ("function_call", "auto"),
        ("guided_grammar", "root ::= x"),
        ("min_tokens", 5),
        ("stop_token_ids", [1]),
        ("structured_outputs", {"choice": ["a", "b"]}),
        ("chat_template", "{{ messages }}"),
    ],
)
def test_what_would_change_the_answer_and_is_not_served_is_refused_by_name(field, value):
    error = refused(HELLO | {field: value})
    assert (error.code, error.param.split(".")[0]) == ("unsupported_parameter", field)


def test_unknown_and_empty_fields_are_ignored():
    request = chat(store=True, verbosity="low", audio=None, functions=[], min_tokens=0, modalities=["text"])
    assert not hasattr(request, "store")


def test_null_means_that_a_field_was_not_given():
    absent, null = chat(), chat(n=None, stop=None, ignore_eos=None, stream=None, tools=None, stream_options=None)
    assert absent == null


def test_one_stop_string_is_a_list_of_one():
    assert chat(stop="END").stop == ["END"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b"[]", b'{"messages": NaN}'])
def test_a_body_that_is_no_request_is_refused(body):
    refused(body)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"1e999"])
def test_numbers_that_are_none_are_refused(number):
    body = b'{"messages": [{"role": "user", "content": "hello"}], "temperature": ' + number + b"}"
    assert refused(body).param == "temperature"


def test_half_a_surrogate_pair_is_refused_not_a_crash():
    error = refused(rb'{"messages": [{"role": "user", "content": "\ud83d"}]}')
    assert error.code == "invalid_json"


def test_completions_need_a_prompt_of_text_or_tokens():
    assert read(CompletionRequest, b'{"prompt": [1, 2]}').prompt == [1, 2]
    assert refused({"prompt": ["two", "prompts"]}, CompletionRequest).param.startswith("prompt")
    assert refused({"prompt": "a", "echo": True}, CompletionRequest).param == "echo"
    assert refused({}, CompletionRequest).param == "prompt"


def test_messages_need_max_tokens():
    assert refused(HELLO, MessagesRequest).param == "max_tokens"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("messages", "prompt", "system", "tools", "tool_choice", "stop", "logit_bias", "thinking", "response_format")


def complaint(kind, body):
    """What is wrong with a body; anything but RequestError is a crash."""
    try:
        read(kind, body)
    except RequestError as error:
        return error.message
    return None


@given(st.sampled_from(SHAPES), st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4))
def test_any_json_is_read_or_refused(kind, fields):
    body = HELLO | {"prompt": "a", "max_tokens": 1} | fields
    assert complaint(kind, json.dumps(body).encode()) != ""


@given(st.sampled_from(SHAPES), st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(kind, body):
    assert complaint(kind, body) != ""
