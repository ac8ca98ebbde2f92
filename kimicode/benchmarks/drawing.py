"""A terminal's screen as SVG, in the fonts of whoever looks at it: every run of letters stands where its cells are."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape

import pyte
from pyte.screens import Char
from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from rich.terminal_theme import MONOKAI

_NAMES = {"brown": "yellow", "brightbrown": "bright_yellow"}
_WIDTH, _HEIGHT, _SIZE = 8.4, 18, 14
"""Of a cell and of its letter, in pixels; monospaced letters are about 0.6 as wide as high."""
_MARGIN, _BAR = 12, 34
_INK, _PAPER = "#d8dee9", "#14171d"
_WORDS = re.compile(r"\S+(?: \S+)*")
"""What is placed as one: letters of other fonts have other widths, and not every viewer corrects that."""
_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{title}">
<style>
.{name} {{ font: {size}px {fonts} }}
{styles}
</style>
<rect width="{width:g}" height="{height:g}" rx="8" fill="{paper}" stroke="#80808080"/>
<circle cx="18" cy="17" r="5" fill="#ff5f57"/><circle cx="36" cy="17" r="5" fill="#febc2e"/>\
<circle cx="54" cy="17" r="5" fill="#28c840"/>
<text class="{name}" x="{middle:g}" y="22" text-anchor="middle" fill="#808890">{title}</text>
<g class="{name}" transform="translate({margin} {bar})">
{body}
</g>
</svg>
"""

Run = tuple[str, Style]
"""Letters and how they look."""


def draw(screen: pyte.Screen, title: str, name: str) -> str:
    """The screen with its colours. `name` makes the classes of one picture unique in a page that shows several."""
    return svg([list(_runs(screen, y)) for y in range(screen.lines)], title, name)


def svg(rows: Sequence[Sequence[Run]], title: str, name: str) -> str:
    """Rows of runs as a picture; what most cells have behind them is the paper."""
    behind = Counter[str]()
    for row in rows:
        for text, style in row:
            behind[_colours(style)[1]] += cell_len(text)
    paper = max(behind, key=behind.__getitem__, default=_PAPER)
    classes: dict[str, str] = {}
    body = "\n".join(_drawn(row, y, paper, name, classes) for y, row in enumerate(rows))
    columns = max((sum(cell_len(text) for text, _ in row) for row in rows), default=0)
    width = columns * _WIDTH + 2 * _MARGIN
    return _FRAME.format(
        width=width,
        height=len(rows) * _HEIGHT + _BAR + _MARGIN,
        middle=width / 2,
        styles="\n".join(f".{each} {{ {css} }}" for css, each in classes.items()),
        name=name,
        title=escape(title),
        size=_SIZE,
        fonts=_FONTS,
        paper=paper,
        margin=_MARGIN,
        bar=_BAR,
        body=body,
    )


def without_fonts(picture: str) -> str:
    """A picture made by Rich, without the fonts that it would fetch from elsewhere."""
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)


def _drawn(row: Iterable[Run], y: int, paper: str, name: str, classes: dict[str, str]) -> str:
    pieces, x = [], 0
    for text, style in row:
        cells = cell_len(text)
        _, behind = _colours(style)
        if behind != paper:
            place = f'x="{x * _WIDTH:g}" y="{y * _HEIGHT}" width="{cells * _WIDTH:g}" height="{_HEIGHT}"'
            pieces.append(f'<rect {place} fill="{behind}" shape-rendering="crispEdges"/>')
        for words in _WORDS.finditer(text):
            left = x + cell_len(text[: words.start()])
            look = classes.setdefault(_css(style), f"{name}-{len(classes)}")
            place = f'x="{left * _WIDTH:g}" y="{y * _HEIGHT + _SIZE:g}" textLength="{cell_len(words[0]) * _WIDTH:g}"'
            pieces.append(f'<text class="{look}" {place}>{escape(words[0])}</text>')
        x += cells
    return "".join(pieces)


def _css(style: Style) -> str:
    said = [f"fill: {_colours(style)[0]}"]
    said += ["font-weight: bold"] if style.bold else []
    said += ["font-style: italic"] if style.italic else []
    said += ["opacity: 0.6"] if style.dim else []
    lines = " ".join(word for word, on in (("underline", style.underline), ("line-through", style.strike)) if on)
    said += [f"text-decoration: {lines}"] if lines else []
    return "; ".join(said)


def _colours(style: Style) -> tuple[str, str]:
    """Of the letters and behind them."""
    ink, paper = _hex(style.color, _INK), _hex(style.bgcolor, _PAPER)
    return (paper, ink) if style.reverse else (ink, paper)


def _hex(color: Color | None, otherwise: str) -> str:
    return otherwise if color is None or color.is_default else color.get_truecolor(MONOKAI).hex


def _runs(screen: pyte.Screen, y: int) -> Iterator[Run]:
    cells = (screen.buffer[y][x] for x in range(screen.columns))
    for look, run in groupby(cells, key=lambda cell: cell._replace(data="")):
        yield "".join(cell.data for cell in run), _style(look)


def _style(cell: Char) -> Style:
    return Style(
        color=_color(cell.fg),
        bgcolor=_color(cell.bg),
        bold=cell.bold,
        italic=cell.italics,
        underline=cell.underscore,
        strike=cell.strikethrough,
        reverse=cell.reverse,
    )


def _color(name: str) -> Color | None:
    if name == "default":
        return None
    if re.fullmatch(r"[0-9a-f]{6}", name):
        return Color.parse(f"#{name}")
    return Color.parse(_NAMES.get(name, name.replace("bright", "bright_")))
