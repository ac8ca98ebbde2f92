"""The Markdown parser as this interface uses it: tables and strikethrough, no HTML, no reference links.

Blocks and inline text are parsed apart, the latter cached: of a block that grows, only what is new is parsed again.
"""

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

DEEPEST = 30
"""Levels of blocks within each other. The parser drops what is deeper: such a source is not taken as Markdown."""

LONGEST = 10_000
"""Characters of a paragraph. The parser's time grows with the square of what is opened and never closed."""
MOST_BRACKETS = 500


def blocks(source: str) -> "list[Token] | None":
    """Block tokens; those of type `inline` have a content and no children. None if they are nested too deep."""
    tokens = _parser().parse(source)
    return None if any(token.level >= DEEPEST - 1 for token in tokens) else tokens


@lru_cache(maxsize=2048)
def inline(text: str) -> "tuple[Token, ...] | None":
    """The tokens of a paragraph's text. They are shared: do not change them. None if it is data rather than text."""
    if len(text) > LONGEST or text.count("[") > MOST_BRACKETS:
        return None
    (token,) = _inline_parser().parseInline(text)
    return tuple(token.children or ())


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    # HTML stays text. References may be defined in another piece of the answer: they are shown as they stand.
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST}).enable("table").disable("reference")
    parser.core.ruler.disable("inline")
    return parser.disable(["html_block"])


@cache
def _inline_parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST}).enable("strikethrough")
    return parser.disable(["html_inline"])
