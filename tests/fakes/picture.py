"""A screen as text that a person can read and compare: its letters, and below them which style covers which of them.

From the same text comes an SVG, which is what is looked at when a screen turned out different.
"""

import re
import string
from dataclasses import dataclass
from typing import Any

from rich.style import Style
from textual.app import App

from kimicode.benchmarks.drawing import svg

Run = tuple[str, str]
"""Letters and the style that Rich writes for them."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Rows of runs; neighbours with the same style are one run."""

    rows: tuple[tuple[Run, ...], ...]

    @classmethod
    def of(cls, app: App[Any]) -> "Picture":
        """What an app shows now."""
        strips = app.screen._compositor.render_strips()
        return cls(
            tuple(_joined([(segment.text, str(segment.style or "none")) for segment in strip]) for strip in strips)
        )

    @classmethod
    def parse(cls, text: str) -> "Picture":
        """The reverse of `text`."""
        letters, runs, legend = (part.split("\n") for part in text.rstrip("\n").split("\n\n---\n\n"))
        styles = dict(line.split(" ", 1) for line in legend)
        rows = []
        for row, lengths in zip(letters, runs, strict=True):
            place, found = 0, []
            for name, length in re.findall(r"([a-zA-Z])(\d+)", lengths):
                found.append((row.ljust(place + int(length))[place : place + int(length)], styles[name]))
                place += int(length)
            rows.append(tuple(found))
        return cls(tuple(rows))

    @property
    def text(self) -> str:
        names: dict[str, str] = {}
        for row in self.rows:
            for _, style in row:
                names.setdefault(style, string.ascii_letters[len(names)])
        letters = "\n".join("".join(text for text, _ in row).rstrip() for row in self.rows)
        runs = "\n".join(" ".join(f"{names[style]}{len(text)}" for text, style in row) for row in self.rows)
        legend = "\n".join(f"{name} {style}" for style, name in names.items())
        return f"{letters}\n\n---\n\n{runs}\n\n---\n\n{legend}\n"

    def svg(self, title: str) -> str:
        """As a picture, in the fonts of whoever looks at it."""
        return svg([[(text, Style.parse(style)) for text, style in row] for row in self.rows], title, "picture")


def _joined(runs: list[Run]) -> tuple[Run, ...]:
    joined: list[Run] = []
    for text, style in runs:
        if joined and joined[-1][1] == style:
            joined[-1] = (joined[-1][0] + text, style)
        elif text:
            joined.append((text, style))
    return tuple(joined)
