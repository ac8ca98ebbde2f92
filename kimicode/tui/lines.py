"""What the transcript is painted from: a line of the screen that still knows the text it stands for."""

from dataclasses import dataclass

from textual.strip import Strip


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a block, laid out for a width in cells.

    A selection is made of `text`, so that a copy has no gutters, no padding and no breaks where a line was wrapped.
    """

    strip: Strip
    """What is painted; at most as wide as asked for."""
    text: str = ""
    """The logical text behind it, control characters made visible; a wrapped line keeps the blank at its break."""
    gutter: int = 0
    """Cells before the text that belong to no text: a bullet, a line number, a border."""
    soft: bool = False
    """Wrapped: the logical line goes on with the next line."""
