"""A piece of an answer as lines: paragraphs, headings, lists, quotes, code, tables, rules."""

import re
from typing import TYPE_CHECKING

from rich.style import Style

from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.text import symbols, tables
from kimicode.tui.text.flow import Margin, Runs, fitting, flow, plain, whole
from kimicode.tui.text.highlight import code
from kimicode.tui.text.inline import paragraph
from kimicode.tui.text.markdown import language
from kimicode.tui.text.parse import blocks
from kimicode.tui.text.sanitise import visible

if TYPE_CHECKING:
    from markdown_it.token import Token

CODE_TAB = 4
_TASK = re.compile(r"\[([ xX])\] ")
_UNDERLINE_TO_BE = re.compile(r"\n *(?:-+|=+|\|[-: |]*)\Z")
_FENCE = re.compile(r"^ *(?:```|~~~)", re.MULTILINE)
_NO_TEXT = re.compile("[ >]*")


def render(source: str, width: int, look: Look, margin: Margin, first: bool) -> list[Line]:
    """The lines of a piece of Markdown. Blank lines of the source above it are one blank line, unless it is `first`."""
    source = visible(source, CODE_TAB)
    tokens = blocks(source)
    if tokens is None:
        return plain(source.strip("\n").split("\n"), look.palette.text, width, margin)
    return _Painter(source, tokens, width, look).paint(margin, first)


def mended(source: str) -> str:
    """A piece that is still written, with what was opened closed, so that it does not change its looks when it ends."""
    if len(_FENCE.findall(source)) % 2:
        return source
    source = _UNDERLINE_TO_BE.sub("", source)
    line = source[source.rfind("\n") + 1 :]
    if line.count("`") % 2:
        return source + "`"
    if line.count("**") % 2:
        return source.removesuffix("**") if line.endswith("**") else source.rstrip() + "**"
    return source


def distance(margin: Margin) -> Line:
    """The blank line between two blocks."""
    return fitting((), "", 0, Margin(margin.rest, margin.rest, margin.width, len(margin.rest)))


def code_lines(text: str, name: str, width: int, look: Look, margin: Margin) -> list[Line]:
    """Code under its margin. `name`: a language or a file's path. Long lines are wrapped, softly."""
    fill = look.palette.code_block if look.palette.code_block.bgcolor else None
    lines = code(text, name, look)
    return [line for runs in lines for line in flow(runs, width, margin, fill)]


def code_margin(margin: Margin, look: Look) -> Margin:
    """The margin of a code block within `margin`."""
    bar = (symbols.of(look).vertical + " ", look.palette.muted)
    return margin.nested(bar, bar)


class _Painter:
    """One walk over the tokens of a piece."""

    def __init__(self, source: str, tokens: "list[Token]", width: int, look: Look) -> None:
        self._source = source.split("\n")
        self._tokens = tokens
        self._at = 0
        self._width = width
        self._look = look
        self._sign = symbols.of(look)
        self._lines: list[Line] = []
        self._depth = 0

    def paint(self, margin: Margin, first: bool) -> list[Line]:
        self._group(margin, self._look.palette.text, gap=not first)
        return self._lines

    def _group(self, margin: Margin, style: Style, gap: bool = False) -> None:
        """Paint blocks up to the end of the one that they are in. `gap`: even the first may have distance above."""
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if token.nesting < 0:
                return
            if gap and self._stands_apart(token):
                self._lines.append(distance(margin))
            gap = True
            self._block(token, margin, style)

    def _stands_apart(self, token: "Token") -> bool:
        start = token.map[0] if token.map else 0
        return start > 0 and _NO_TEXT.fullmatch(self._source[start - 1]) is not None

    def _block(self, token: "Token", margin: Margin, style: Style) -> None:
        palette = self._look.palette
        match token.type:
            case "heading_open":
                underline = Style(underline=True) if token.tag == "h1" else Style.null()
                self._group(margin, style + palette.heading + underline)
            case "inline":
                self._paragraph(token.content, margin, style)
            case "fence" | "code_block":
                text = token.content.removesuffix("\n")
                inner = code_margin(margin, self._look)
                self._lines += code_lines(text, language(token.info), self._width, self._look, inner)
            case "hr":
                self._rule(margin)
            case "blockquote_open":
                bar = (self._sign.bar if not self._look.ascii else ">", palette.muted)
                self._group(margin.nested((bar[0] + " ", bar[1]), (bar[0] + " ", bar[1])), style + palette.quote)
            case "table_open":
                self._lines += tables.render(self._table(style), self._width, self._look, margin)
            case "bullet_list_open" | "ordered_list_open":
                self._depth += 1
                self._group(margin, style)
                self._depth -= 1
            case "list_item_open":
                self._item(token, margin, style)
            case _:
                self._group(margin, style)

    def _paragraph(self, text: str, margin: Margin, style: Style) -> None:
        for runs in paragraph(text, self._look, style):
            self._lines += flow(runs, self._width, margin)

    def _rule(self, margin: Margin) -> None:
        size = max(1, min(self._width, 60) - margin.width)
        line = fitting([(self._sign.horizontal * size, self._look.palette.muted)], "", size, margin)
        self._lines.append(Line(line.strip, "", line.strip.cell_length))

    def _item(self, token: "Token", margin: Margin, style: Style) -> None:
        bullets, palette = self._sign.bullets, self._look.palette
        mark = token.info + token.markup if token.info else bullets[min(self._depth, len(bullets)) - 1]
        task = self._task()
        if task is not None and not token.info:
            mark = f"[{task}]" if self._look.ascii else (self._sign.pending if task == " " else self._sign.done)
        before = len(self._lines)
        inner = margin.nested((mark + " ", palette.accent), copied=True)
        self._group(inner, style)
        if len(self._lines) == before:
            self._lines += flow([("", style)], self._width, inner)

    def _task(self) -> str | None:
        """Whether the item that begins is a task, " " or "x"; its box is then taken off its text."""
        if self._at + 1 >= len(self._tokens):
            return None
        content = self._tokens[self._at + 1]
        found = _TASK.match(content.content) if content.type == "inline" else None
        if found is None:
            return None
        content.content = content.content[found.end() :]
        return found[1].lower()

    def _table(self, style: Style) -> tables.Table:
        rows: list[list[Runs]] = []
        alignments: list[tables.Alignment] = []
        while (token := self._tokens[self._at]).type != "table_close":
            self._at += 1
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "th_open":
                alignments.append(_alignment(str(token.attrs.get("style", ""))))
            elif token.type == "inline":
                (runs, *_) = paragraph(token.content, self._look, style)
                rows[-1].append(whole(runs))
        self._at += 1
        return tables.Table(rows[0], rows[1:], alignments)


def _alignment(style: str) -> tables.Alignment:
    if style.endswith("right"):
        return "right"
    return "center" if style.endswith("center") else "left"
