"""A text becomes a tree, or nothing where that would take too long: whoever wrote it does not decide how long."""

import time

import pytest

from kimicode.workspace.commands.grammar import nodes, text_of, tree_of


def test_nodes_come_in_the_order_of_the_text():
    text = "a é; 'ü' b"
    assert [text_of(node, text) for node in nodes(tree_of(text)) if node.type == "word"] == ["a", "é", "b"]


@pytest.mark.parametrize("text", ["{\U00102ead", "{\U0010ffff,a}", "\ud800", "{\udcff", "a\0b"])
def test_no_character_crashes_it(text):
    for _ in range(20):
        assert tree_of(text) is not None


@pytest.mark.parametrize(
    "text",
    ["a|" * 100_000, "cat <<A " * 50_000, "$(" * 50_000, "(" * 50_000, "`" * 50_000, "{a," * 50_000, "'\"" * 20_000],
)
def test_no_text_takes_long(text):
    started = time.monotonic()
    tree_of(text)
    assert time.monotonic() - started < 20
