import json
from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode_engine.checkpoint.tiny import write_tiny
from kimicode_engine.config import read_config
from kimicode_engine.template.calls import renumber
from kimicode_engine.template.jinja_check import differs
from kimicode_engine.template.messages import Conversation, MediaPart, Message, TextPart, ToolCall, ToolSpec
from kimicode_engine.template.render import render
from kimicode_engine.template.typescript import declare
from kimicode_engine.tokenizer import Tokenizer
from tests.fakes.engine_vocabulary import Characters

K26 = Path(__file__).with_name("k26.jinja").read_text()


# -- our rendering, token for token, against the template


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny(folder)
    return Tokenizer.load(folder, read_config(folder))


@pytest.fixture(scope="module")
def template():
    return jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(K26)


def as_client(message):
    """A message in the shape that clients send and templates read."""
    content = message.content
    if isinstance(content, tuple):
        content = [
            {"type": "text", "text": part.text} if isinstance(part, TextPart) else {"type": part.kind}
            for part in content
        ]
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in message.tool_calls
    ]
    return {
        "role": message.role,
        "content": content,
        "name": message.name,
        "reasoning_content": message.reasoning,
        "tool_calls": calls,
        "tool_call_id": message.tool_call_id,
    }


TEXT = st.one_of(st.text(max_size=12), st.sampled_from(["  ", "\n\n", "I'll 漢字 1234", "the answer\n", " in the end"]))
MEDIA = st.sampled_from([MediaPart("image"), MediaPart("video")])
PARTS = st.lists(st.one_of(TEXT.map(TextPart), MEDIA), max_size=3).map(tuple)
CONTENT = st.one_of(st.none(), TEXT, PARTS)
NAME = st.sampled_from([None, None, "", "Ada", "a b"])
CALL = st.builds(ToolCall, st.sampled_from(["a", "b", "call_1"]), st.sampled_from(["bash", "get-it"]), TEXT)
MESSAGE = st.one_of(
    st.builds(Message, st.sampled_from(["user", "system", "critic"]), CONTENT, NAME),
    st.builds(Message, st.just("assistant"), CONTENT, NAME, reasoning=st.one_of(st.none(), TEXT)),
    st.builds(
        Message,
        st.just("assistant"),
        CONTENT,
        NAME,
        reasoning=st.one_of(st.none(), TEXT),
        tool_calls=st.lists(CALL, min_size=1, max_size=2).map(tuple),
    ),
    st.builds(Message, st.just("tool"), CONTENT, NAME, tool_call_id=st.sampled_from(["a", "b", "call_1", None])),
)
TOOLS = st.sampled_from(
    [
        (),
        (ToolSpec("bash", "Runs it.", {"properties": {"command": {"type": "string"}}, "required": ["command"]}),),
        (ToolSpec("odd", "Not in the dialect.", {"properties": {"x": {"oneOf": [{"type": "string"}]}}}),),
    ]
)


@given(st.lists(MESSAGE, max_size=7), TOOLS, st.booleans(), st.booleans())
def test_any_conversation_gives_the_template_s_tokens(tokenizer, template, messages, tools, thinking, preserve):
    conversation = Conversation(tuple(messages), tools, thinking=thinking, preserve_thinking=preserve)
    text = template.render(
        messages=[as_client(message) for message in renumber(messages)],
        tools=list(tools),
        tools_ts_str=declare(tools) if tools else None,
        add_generation_prompt=True,
        thinking=thinking,
        preserve_thinking=preserve,
    )
    assert render(conversation, tokenizer) == tokenizer.encoding.encode(text, allowed_special="all")


# -- the check that a server makes when it starts


@pytest.mark.parametrize("place", ["chat_template.jinja", "tokenizer_config.json"])
def test_the_same_rules_give_no_warning(tmp_path, place):
    (tmp_path / place).write_text(K26 if place.endswith("jinja") else json.dumps({"chat_template": K26}))
    assert differs(tmp_path, Characters()) is None


def test_without_a_template_there_is_nothing_to_compare(tmp_path):
    assert differs(tmp_path, Characters()) is None
    (tmp_path / "tokenizer_config.json").write_text("[]")
    assert differs(tmp_path, Characters()) is None


@pytest.mark.parametrize(
    ("old", "new", "probe"),
    [
        ("an AI assistant created by", "an assistant made by", "(a question) at character"),
        ("tools_ts_str -%}", "false -%}", "(tools) at character"),
        ('"</think>" if off', '"" if off', "(thinking off) at character"),
        ("not keep_all", "true", "(thinking preserved) at character"),
    ],
)
def test_the_first_difference_is_shown_with_both_sides(tmp_path, old, new, probe):
    assert old in K26
    (tmp_path / "chat_template.jinja").write_text(K26.replace(old, new))
    said = differs(tmp_path, Characters())
    assert probe in said
    assert ": it has '" in said
    assert "', ours '" in said


@pytest.mark.parametrize(
    "template",
    [
        "{% if %}",
        "{{ messages[99].content.strip() }}",
        "{{ 1 // 0 }}",
        "{{ 'x'.__class__.__mro__[1].__subclasses__() }}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
        "{{ messages.append(1) }}",
        "{{ range(100001) | list }}",
        "{{ missing() }}",
        "{{ 'a' + 1 }}",
        "{% include 'other' %}",
        "{{ raise_exception('no') }}",
    ],
)
def test_a_broken_or_hostile_template_is_a_warning_and_nothing_worse(tmp_path, template):
    (tmp_path / "chat_template.jinja").write_text(template)
    assert "the checkpoint's chat template fails" in differs(tmp_path, Characters())


def test_a_template_that_cannot_be_read_is_a_warning(tmp_path):
    (tmp_path / "chat_template.jinja").write_bytes(b"\xff\xfe")
    assert "cannot be read" in differs(tmp_path, Characters())
    (tmp_path / "chat_template.jinja").unlink()
    (tmp_path / "tokenizer_config.json").write_text("{")
    assert "cannot be read" in differs(tmp_path, Characters())


@given(st.text("{}%-#| abmn'()[].\n", max_size=30))
def test_no_template_at_all_raises(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("checkpoint")
    (folder / "chat_template.jinja").write_text(text)
    assert differs(folder, Characters()) is not None
