"""Help: the commands, the keys as they are bound, and the shipped documents."""

from collections.abc import Sequence
from functools import partial
from importlib import resources
from itertools import zip_longest

from rich.segment import Segment
from textual.strip import Strip

from kimicode.tui.content import Markdown
from kimicode.tui.keys import KeyMap
from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.screens.browser import Browser, Entry
from kimicode.tui.text.cells import width as cell_width
from kimicode.tui.text.cells import wrap
from kimicode.tui.text.markdown import split
from kimicode.tui.text.render import render
from kimicode.tui.widgets.pane import Layout
from kimicode.tui.widgets.rows import Row

_FIRST = "tui"


def help_screen(commands: Sequence[tuple[str, str]], keys: KeyMap, look: Look, topic: str = "") -> Browser:
    """The help, opened at a topic; `commands` are pairs of usage and meaning."""
    layouts: dict[str, Layout] = {
        "commands": partial(pair_lines, commands, look),
        "keys": partial(pair_lines, key_rows(keys), look),
        **{name: partial(markdown_lines, text, look) for name, text in documents().items()},
    }
    return Browser("Help", [Entry(Row(name, (name,)), layout) for name, layout in layouts.items()], look, topic)


def documents() -> dict[str, str]:
    """The shipped documents, that of the interface first."""
    files = [item for item in resources.files("kimicode").joinpath("docs").iterdir() if item.name.endswith(".md")]
    texts = {file.name.removesuffix(".md"): file.read_text("utf-8") for file in files}
    return {name: texts[name] for name in sorted(texts, key=lambda name: (name != _FIRST, name))}


def key_rows(keys: KeyMap) -> list[tuple[str, str]]:
    """Keys and what they do."""
    return [(shown, f"{text} ({name})") for name, shown, text in keys.describe()]


def pair_lines(pairs: Sequence[tuple[str, str]], look: Look, width: int) -> list[Line]:
    """Two columns: what is typed, and what it does; the second goes on below itself."""
    column = min(max((cell_width(left) for left, _ in pairs), default=0) + 2, width // 2)
    lines = []
    for left, right in pairs:
        first = wrap(left, max(1, column - 1))
        second = wrap(right, max(1, width - column))
        for typed, told in zip_longest(first, second, fillvalue=""):
            typed, told = typed.rstrip(), told.rstrip()
            padded = typed + " " * (column - cell_width(typed))
            strip = Strip([Segment(padded, look.palette.accent), Segment(told, look.palette.text)])
            lines.append(Line(strip, f"{padded}{told}".rstrip()))
    return lines


def markdown_lines(source: str, look: Look, width: int) -> list[Line]:
    """A whole Markdown text, laid out."""
    lines: list[Line] = []
    for block in split(source):
        lines += render(Markdown(block, first=False), width, look)
    return lines
