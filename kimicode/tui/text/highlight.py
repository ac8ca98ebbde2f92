"""Code to coloured runs, by pygments. Lexers are imported when the first code block needs one."""

from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING

from rich.style import Style

from kimicode.tui.palette import Look
from kimicode.tui.text.flow import Run, Runs

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

LARGEST = 20_000
"""Characters that are lexed as a whole, for about 40 ms; above, each line is lexed by itself."""
LONGEST_LINE = 2000
"""Longer lines are data, and some lexers take quadratic time for them."""

_ANSI = {
    "Keyword": Style(color="magenta"),
    "Name.Function": Style(color="blue"),
    "Name.Class": Style(color="blue", bold=True),
    "Name.Decorator": Style(color="cyan"),
    "Name.Builtin": Style(color="cyan"),
    "Name.Tag": Style(color="blue"),
    "Literal.String": Style(color="green"),
    "Literal.Number": Style(color="cyan"),
    "Comment": Style(color="bright_black", italic=True),
    "Operator.Word": Style(color="magenta"),
    "Generic.Deleted": Style(color="red"),
    "Generic.Inserted": Style(color="green"),
    "Generic.Heading": Style(bold=True),
}
"""By the start of a token's name: code in the terminal's own sixteen colours."""


def code(text: str, language: str, look: Look) -> tuple[Runs, ...]:
    """Each line of the text as runs; plain ones if the language is unknown. `language`: a name, or a file's path."""
    if not language or not text.strip():
        return tuple([(line, look.palette.code_block)] for line in text.split("\n"))
    return _code(text, language, look.palette.syntax, look.palette.code_block)


@lru_cache(maxsize=64)
def _code(text: str, language: str, syntax: str, base: Style) -> tuple[Runs, ...]:
    lexer = _lexer(language)
    lines = text.split("\n")
    if lexer is None:
        return tuple([(line, base)] for line in lines)
    if len(text) <= LARGEST and max(map(len, lines)) <= LONGEST_LINE:
        return tuple(_lex(text, lexer, syntax, base))
    return tuple(one_line(line, language, syntax, base) for line in lines)


@lru_cache(maxsize=4096)
def one_line(line: str, language: str, syntax: str, base: Style) -> Runs:
    """A line lexed by itself: what began in a line above, such as a long string, it does not know of."""
    lexer = _lexer(language) if len(line) <= LONGEST_LINE else None
    return _lex(line, lexer, syntax, base)[0] if lexer else [(line, base)]


def _lex(text: str, lexer: "Lexer", syntax: str, base: Style) -> list[list[Run]]:
    lines: list[list[Run]] = [[]]
    for token, value in lexer.get_tokens(text):
        style = _style(token, syntax, base)
        first, *others = value.split("\n")
        if first:
            lines[-1].append((first, style))
        for other in others:
            lines.append([(other, style)] if other else [])
    lines = lines[: text.count("\n") + 1]  # lexers end with a line break of their own
    return [line or [("", base)] for line in lines]


@lru_cache(maxsize=256)
def _lexer(language: str) -> "Lexer | None":
    from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
    from pygments.util import ClassNotFound

    try:
        if "." in language or "/" in language:
            return get_lexer_for_filename(PurePath(language).name, stripnl=False)
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return None


@lru_cache(maxsize=2048)
def _style(token: "_TokenType", syntax: str, base: Style) -> Style:
    if not syntax:
        name = str(token).removeprefix("Token.")
        found = [style for prefix, style in _ANSI.items() if name.startswith(prefix)]
        return base + found[0] if found else base
    from pygments.styles import get_style_by_name

    look = get_style_by_name(syntax).style_for_token(token)
    return base + Style(
        color=f"#{look['color']}" if look["color"] else None,
        bold=look["bold"] or None,
        italic=look["italic"] or None,
        underline=look["underline"] or None,
    )
