"""Estimates of tokens: from bytes, never too low for what is common."""

from kimicode.llm.tokens import IMAGE_TOKENS, estimate_tokens
from kimicode.messages import Image, Message, Text, Thinking, ToolCall, ToolResult, user
from tests.fakes.talk import TOOLS


def test_seven_bytes_are_two_tokens_and_a_message_costs_a_little():
    assert estimate_tokens([]) == 0
    assert estimate_tokens([user("x" * 700)]) == 204
    assert estimate_tokens([user("世" * 700)]) == 604


def test_every_part_counts():
    call = Message("assistant", (Thinking("hm" * 50), ToolCall("a", "bash", "{}" * 50)))
    result = Message("tool", (ToolResult("a", "bash", (Text("ok" * 50), Image("image/png", "x" * 10_000))),))
    assert estimate_tokens([call]) > 60
    assert IMAGE_TOKENS < estimate_tokens([result]) < IMAGE_TOKENS + 60
    assert estimate_tokens([], TOOLS) > 40


def test_a_lone_surrogate_is_counted_like_anything_else():
    assert estimate_tokens([user("\ud800")]) == 5
