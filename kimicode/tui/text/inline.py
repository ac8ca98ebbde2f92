"""The text of a Markdown paragraph as runs: emphasis, code, links whose target is seen, images by their words."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.style import Style

from kimicode.tui.palette import Look
from kimicode.tui.text.flow import Run
from kimicode.tui.text.parse import inline
from kimicode.tui.text.sanitise import visible

if TYPE_CHECKING:
    from markdown_it.token import Token

_ADDRESS = re.compile(r"https?://[!-;=?-_a-z{|}~]+")
_LINKABLE = re.compile(r"(?:https?|file)://[!-~]+", re.IGNORECASE)
_TRAILING = ".,;:!?'\"*_"


def paragraph(text: str, look: Look, base: Style) -> list[list[Run]]:
    """The paragraph's lines: line breaks stay where the source has them."""
    tokens = inline(text)
    if tokens is None:
        return [[(line, base)] for line in text.split("\n")]
    return _Words(look, base).lines(tokens)


def linked(style: Style, target: str) -> Style:
    """The style with a link that a terminal can open; as it is for a target that is no address of a page or a file."""
    return style + Style(link=target) if _LINKABLE.fullmatch(target) else style


def addresses(text: str, style: Style, look: Look) -> Iterator[Run]:
    """The text as runs, with the addresses of pages in it as links."""
    start = 0
    for match in _ADDRESS.finditer(text):
        address = match[0].rstrip(_TRAILING)
        if address.endswith(")") and "(" not in address:
            address = address.rstrip(")" + _TRAILING)
        end = match.start() + len(address)
        if match.start() > start:
            yield text[start : match.start()], style
        yield address, linked(style + look.palette.link, address)
        start = end
    if start < len(text):
        yield text[start:], style


class _Words:
    """One walk over a paragraph's tokens."""

    def __init__(self, look: Look, base: Style) -> None:
        self._look = look
        self._styles = [base]
        self._lines: list[list[Run]] = [[]]
        self._target = ""
        self._label = ""

    def lines(self, tokens: "tuple[Token, ...]") -> list[list[Run]]:
        for token in tokens:
            if token.type in ("softbreak", "hardbreak"):
                self._lines.append([])
            elif token.nesting:
                self._enter_or_leave(token)
            else:
                self._put(token)
        return [line or [("", self._styles[0])] for line in self._lines]

    def _put(self, token: "Token") -> None:
        palette, style = self._look.palette, self._styles[-1]
        # character references such as &#27; were resolved by the parser
        text = visible(token.content).replace("\n", " ")
        if token.type == "code_inline":
            self._say(text, style + palette.code)
        elif token.type == "image":
            self._say(f"[image: {text or token.attrs.get('src', '')}]", style + palette.muted)
        elif self._target:
            self._say(text, style)
        else:
            self._lines[-1].extend(addresses(text, style, self._look))

    def _enter_or_leave(self, token: "Token") -> None:
        if token.nesting < 0:
            self._styles.pop()
            if token.type == "link_close":
                self._close_link()
            return
        palette, style = self._look.palette, self._styles[-1]
        match token.type:
            case "strong_open":
                style += palette.strong
            case "em_open":
                style += palette.emphasis
            case "s_open":
                style += Style(strike=True)
            case "link_open":
                self._target, self._label = str(token.attrs.get("href", "")), ""
                style = linked(style + palette.link, self._target)
        self._styles.append(style)

    def _close_link(self) -> None:
        target, self._target = self._target, ""
        if target and self._label not in (target, target.removeprefix("mailto:")):
            self._say(f" ({visible(target)})", self._styles[-1] + self._look.palette.muted)

    def _say(self, text: str, style: Style) -> None:
        self._label += text
        self._lines[-1].append((text, style))
