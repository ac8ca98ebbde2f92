"""What fills the window, by kind."""

from kimicode.agent.context import FILES, INSTRUCTIONS, OUTPUTS, PROMPTS, SYSTEM, TOOLS, context_of
from kimicode.llm.tokens import estimate_tokens
from kimicode.messages import Image, Message, Text, Thinking, ToolCall, ToolResult, ToolSpec, user

RULES = '<instructions from="AGENTS.md">\nBe kind.\n</instructions>'
HISTORY = (
    Message("system", (Text(f"You are an agent.\n\n{RULES}"),)),
    user("fix it"),
    Message("assistant", (Thinking("hmm"), Text("I look."), ToolCall("1", "view", "{}"), ToolCall("2", "bash", "{}"))),
    Message("tool", (ToolResult("1", "view", (Text("x" * 700),)), ToolResult("2", "bash", (Text("y" * 70),)))),
    Message("user", (Text("see"), Image("image/png", ""))),
)
SPEC = ToolSpec("view", "Shows a file.", {"type": "object"})


def test_every_token_has_one_kind():
    context = context_of(HISTORY, [SPEC], used=5_000, window=8_000, threshold=6_800)
    shares = {share.name: share.tokens for share in context.shares}
    assert sum(shares.values()) == estimate_tokens(HISTORY, [SPEC])
    assert shares[FILES] > 200 > shares[OUTPUTS] > 20
    assert shares[INSTRUCTIONS] == estimate_tokens([user(RULES)]) - 4
    assert set(shares) >= {SYSTEM, TOOLS, PROMPTS}
    assert context.free == 3_000


def test_nothing_is_free_of_a_window_that_is_over_full():
    context = context_of((), (), used=9_000, window=8_000, threshold=6_800)
    assert (context.free, context.shares) == (0, ())
