import json

import pytest

from kimicode_engine.errors import RequestError
from kimicode_engine.grammar import JsonSchema
from kimicode_engine.server import anthropic
from kimicode_engine.server.schema import CountTokensRequest, MessagesRequest, read
from kimicode_engine.template.messages import Message, ToolCall, ToolSpec

HELLO = {"role": "user", "content": "hello"}
LS = {"name": "ls", "description": "Lists.", "input_schema": {"type": "object"}}


def message(*turns, **fields):
    body = {"max_tokens": 100, "messages": turns or [HELLO]} | fields
    return anthropic.message(read(MessagesRequest, json.dumps(body).encode()))


def refused(*turns, **fields):
    with pytest.raises(RequestError) as caught:
        message(*turns, **fields)
    return caught.value


def test_turns_with_blocks_of_every_kind_reach_the_template():
    asked = message(
        {"role": "user", "content": [{"type": "text", "text": "List"}, {"type": "text", "text": "it."}]},
        {
            "role": "assistant",
            "content": [
                {"type": "redacted_thinking", "data": "x"},
                {"type": "thinking", "thinking": "Hm.", "signature": "unsigned"},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "toolu_0_ls", "name": "ls", "input": {"path": "ä"}},
                {"type": "tool_use", "id": "toolu_1_pwd", "name": "pwd", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_0_ls", "content": [{"type": "text", "text": "a.py"}]},
                {"type": "tool_result", "tool_use_id": "toolu_1_pwd", "is_error": True},
                {"type": "text", "text": "And now?", "cache_control": {"type": "ephemeral"}},
            ],
        },
        system=[{"type": "text", "text": "Be"}, {"type": "text", "text": "brief."}],
    )
    calls = (ToolCall("toolu_0_ls", "ls", '{"path": "ä"}'), ToolCall("toolu_1_pwd", "pwd", "{}"))
    assert asked.conversation.messages == (
        Message("system", "Be\nbrief."),
        Message("user", "List\nit."),
        Message("assistant", "I look.", reasoning="Hm.", tool_calls=calls),
        Message("tool", "a.py", tool_call_id="toolu_0_ls"),
        Message("tool", "", tool_call_id="toolu_1_pwd"),
        Message("user", "And now?"),
    )
    assert asked.next_call == 2
    assert asked.conversation.preserve_thinking


@pytest.mark.parametrize(
    ("thinking", "expected"),
    [(None, False), ("disabled", False), ("enabled", True), ("adaptive", True)],
)
def test_thinking_is_off_unless_asked_for(thinking, expected):
    fields = {"thinking": {"type": thinking, "budget_tokens": 2048}} if thinking else {}
    asked = message(**fields)
    assert asked.conversation.thinking == expected
    assert asked.params.temperature == (1.0 if expected else 0.6)


def test_sampling_fields_arrive():
    params = message(temperature=0.2, top_p=0.5, top_k=3, stop_sequences=["END"]).params
    assert (params.max_tokens, params.temperature, params.top_p, params.top_k) == (100, 0.2, 0.5, 3)
    assert params.stop == ("END",)


@pytest.mark.parametrize(
    ("choice", "grammar", "parallel"),
    [
        (None, "auto", True),
        ({"type": "auto", "disable_parallel_tool_use": True}, "auto", False),
        ({"type": "any"}, "required", True),
        ({"type": "tool", "name": "ls"}, "ls", True),
        ({"type": "none"}, "none", True),
    ],
)
def test_tools_may_be_called_as_the_choice_says(choice, grammar, parallel):
    asked = message(tools=[LS], tool_choice=choice)
    assert asked.conversation.tools == (ToolSpec("ls", "Lists.", {"type": "object"}),)
    assert (asked.grammar.tool_choice, asked.grammar.parallel) == (grammar, parallel)
    assert asked.tool_names == (frozenset() if grammar == "none" else {"ls"})


def test_an_output_format_is_a_strict_schema():
    config = {"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}}
    assert message(output_config=config).grammar.response == JsonSchema({"type": "object"}, True)


def test_a_last_assistant_turn_is_continued():
    asked = message(HELLO, {"role": "assistant", "content": "Once"}, thinking={"type": "enabled", "budget_tokens": 1})
    assert asked.conversation.partial
    assert not asked.conversation.opens_thinking


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools.0.type"),
        ({"tools": [LS, LS]}, "tools.1"),
        ({"tools": [LS], "tool_choice": {"type": "tool", "name": "rm"}}, "tool_choice"),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
        ({"mcp_servers": [{"url": "x"}]}, "mcp_servers"),
        ({"max_tokens": 0}, "max_tokens"),
    ],
)
def test_what_is_not_served_is_refused_by_name(fields, param):
    assert refused(**fields).param == param


@pytest.mark.parametrize("kind", ["image", "document", "search_result", "container_upload"])
def test_blocks_that_are_not_text_are_refused_where_they_stand(kind):
    inside = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": [{"type": kind}]}]}
    assert refused(HELLO, inside).param == "messages.1.content.0.content.0"
    assert refused({"role": "user", "content": [{"type": kind}]}).param == "messages.0.content.0"


def test_counting_renders_the_same_conversation():
    body = json.dumps({"messages": [HELLO], "system": "Be brief.", "tools": [LS]}).encode()
    counted = anthropic.conversation(read(CountTokensRequest, body))
    assert counted == message(system="Be brief.", tools=[LS]).conversation


def test_an_empty_turn_stays_a_turn():
    assert message({"role": "user", "content": []}).conversation.messages == (Message("user", ""),)
