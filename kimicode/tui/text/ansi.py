"""The colours in a command's output as styles. Every other sequence is shown, not obeyed."""

import re
from collections.abc import Iterator

from rich.color import Color
from rich.style import Style

from kimicode.tui.text.flow import Run, Runs
from kimicode.tui.text.sanitise import visible

_COLOURS = re.compile(r"\x1b\[([0-9;:]*)m")
# progress bars rub out the rest of a line and hide the cursor: nothing is lost without that
_HARMLESS = re.compile(r"\x1b\[(?:[0-2]?K|\?25[hl])")
_ON = {
    1: Style(bold=True),
    2: Style(dim=True),
    3: Style(italic=True),
    4: Style(underline=True),
    7: Style(reverse=True),
    9: Style(strike=True),
    22: Style(bold=False, dim=False),
    23: Style(italic=False),
    24: Style(underline=False),
    27: Style(reverse=False),
    29: Style(strike=False),
}
"""Blinking and concealed text are left out: nothing moves here, and nothing hides."""


def without_colours(text: str) -> str:
    """The text alone, as `coloured` shows it."""
    return visible(_COLOURS.sub("", _HARMLESS.sub("", text)))


def coloured(line: str, base: Style, state: Style) -> tuple[Runs, Style]:
    """A line of output as runs, and the style that the next line begins with. `state` begins with `Style.null()`."""
    runs: list[Run] = []
    parts = _COLOURS.split(_HARMLESS.sub("", line))
    for index, part in enumerate(parts):
        if index % 2:
            state = _changed(state, part)
        elif part:
            runs.append((visible(part), base + state))
    return runs or [("", base)], state


def _changed(state: Style, parameters: str) -> Style:
    codes = iter([int(code) for code in re.split("[;:]", parameters) if code.isdecimal() and len(code) < 4] or [0])
    for code in codes:
        if code == 0:
            state = Style.null()
        elif code in _ON:
            state += _ON[code]
        elif code in (38, 48):
            state += _extended(codes, code == 48)
        elif code in (39, 49):
            default = Color.default()
            state += Style(color=default) if code == 39 else Style(bgcolor=default)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            state += Style.from_color(Color.from_ansi(code - 30 if code < 40 else code - 82))
        elif 40 <= code <= 47 or 100 <= code <= 107:
            state += Style.from_color(None, Color.from_ansi(code - 40 if code < 50 else code - 92))
    return (
        state if state.color is None or state.color != state.bgcolor else state + Style(reverse=True, bgcolor="default")
    )


def _extended(codes: Iterator[int], background: bool) -> Style:
    kind = next(codes, 0)
    numbers = [min(next(codes, 0), 255) for _ in range({5: 1, 2: 3}.get(kind, 0))]
    if not numbers:
        return Style.null()
    colour = Color.from_ansi(numbers[0]) if kind == 5 else Color.from_rgb(*numbers)
    return Style.from_color(None, colour) if background else Style.from_color(colour)
