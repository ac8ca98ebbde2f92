"""The grammar of bash: a text as a tree, within a time box."""

import re
import time
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Node

TIME_BOX_S = 1.0
"""For parsing one command. A chain of 10,000 takes a twentieth of it."""
_MOST_PIPES = 2_000
"""Broken pipelines beyond this length take the parser seconds in which it heeds no deadline."""
_PIECE = 65_536
_FOREIGN = re.compile(r"[^\x00-\x7f]")


def tree_of(text: str, *, sound: bool = False) -> "Node | None":
    """The root of the tree; None where the parser is not done in time. `sound`: it is known that no pipe is broken.

    The places of its nodes count characters.
    """
    from tree_sitter import Parser

    if not sound and text.count("|") > _MOST_PIPES:
        return None
    # For bash all others are letters. The grammar's own code takes them for small numbers: {\U00102ead crashes it.
    source = _FOREIGN.sub("_", text).encode()
    deadline = time.monotonic() + TIME_BOX_S
    try:
        tree = Parser(_language()).parse(
            lambda at, _: source[at : at + _PIECE], progress_callback=lambda *_: time.monotonic() > deadline
        )
    except ValueError:  # how the binding says that the callback stopped it
        return None
    return None if tree is None else tree.root_node


def nodes(root: "Node") -> Iterator["Node"]:
    """All nodes of a tree, in the order of the text."""
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        todo.extend(reversed(node.children))


def text_of(node: "Node", text: str) -> str:
    """What stands there, in the text that was parsed."""
    return text[node.start_byte : node.end_byte]


@cache
def _language() -> "Language":
    import tree_sitter_bash
    from tree_sitter import Language

    return Language(tree_sitter_bash.language())
