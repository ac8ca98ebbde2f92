"""The signs that renderers draw with, and what stands for them where there is ASCII alone. Each takes one cell."""

from dataclasses import dataclass

from kimicode.tui.palette import Look


@dataclass(frozen=True, slots=True)
class Symbols:
    dot: str = "●"
    """Begins an answer or a call."""
    bar: str = "▌"
    """Left of the person's words."""
    steered: str = "»"
    folded: str = "▸"
    unfolded: str = "▾"
    bullets: str = "•◦▪"
    """One for each depth of a list; the last for all below."""
    pending: str = "☐"
    active: str = "◐"
    done: str = "☑"
    vertical: str = "│"
    horizontal: str = "─"
    crossing: str = "┼"
    corner: str = "└"
    separator: str = "·"
    blank: str = "·"
    """A blank at the end of a changed line."""
    minus: str = "−"
    right: str = "→"
    failed: str = "✗"
    warning: str = "!"
    ellipsis: str = "…"


UNICODE = Symbols()
ASCII = Symbols(
    dot="*",
    bar="|",
    steered=">",
    folded="+",
    unfolded="-",
    bullets="-*+",
    pending=" ",
    active=">",
    done="x",
    vertical="|",
    horizontal="-",
    crossing="+",
    corner="`",
    separator="-",
    blank=".",
    minus="-",
    right=">",
    failed="x",
    warning="!",
    ellipsis="~",
)


def of(look: Look) -> Symbols:
    return ASCII if look.ascii else UNICODE
