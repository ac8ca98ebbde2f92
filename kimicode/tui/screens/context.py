"""What fills the model's window: a bar of the whole, and a table of its parts."""

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from kimicode.agent.context import Context
from kimicode.tui.lines import Line
from kimicode.tui.palette import Look, Palette
from kimicode.tui.text.cells import wrap

_NAME, _TOKENS, _PERCENT = 20, 12, 8


def context_lines(context: Context, look: Look, width: int) -> list[Line]:
    """The picture for a width in cells; below it the parts, largest first."""
    palette = look.palette
    colours = _colours(palette)
    parts = sorted(context.shares, key=lambda share: -share.tokens)
    styles = {share.name: colours[place % len(colours)] for place, share in enumerate(parts)}
    full = context.used / context.window if context.window else 0.0
    head = f"{context.used:,} of {context.window:,} tokens, {full:.0%}"
    bar = [(styles[share.name], share.tokens) for share in parts]
    lines = [_line((head, palette.heading)), _bar(bar, context, look, width), _line(("", palette.text))]
    for share in parts:
        lines.append(_row(share.name, share.tokens, context.window, styles[share.name], look))
    lines.append(_row("free", context.free, context.window, palette.muted, look))
    note = f"At {context.threshold:,} tokens the history is replaced by a note (/compact does it now)."
    pieces = [piece.rstrip() for piece in wrap(note, max(2, width))]
    return [*lines, _line(("", palette.text)), *(_line((piece, palette.muted)) for piece in pieces)]


def _colours(palette: Palette) -> tuple[Style, ...]:
    roles = (palette.accent, palette.success, palette.warning, palette.error, palette.code, palette.quote)
    return tuple(Style(color=role.color) for role in roles)


def _bar(parts: list[tuple[Style, int]], context: Context, look: Look, width: int) -> Line:
    """One cell for each equal share of the window; the parts are scaled to what the server counted."""
    block, rest = ("#", ".") if look.ascii else ("█", "░")
    total = sum(tokens for _, tokens in parts) or 1
    room = max(1, width)
    filled = min(room, round(room * context.used / context.window)) if context.window else 0
    pieces, done, tokens_so_far = [], 0, 0
    for style, tokens in parts:
        tokens_so_far += tokens
        end = round(filled * tokens_so_far / total)
        pieces.append((block * (end - done), style))
        done = end
    return _line(*pieces, (rest * (room - done), look.palette.muted))


def _row(name: str, tokens: int, window: int, style: Style, look: Look) -> Line:
    mark = "# " if look.ascii else "■ "
    share = f"{tokens / window:.1%}" if window else ""
    text = look.palette.text
    return _line(
        (mark, style), (name.ljust(_NAME), text), (f"{tokens:,}".rjust(_TOKENS), text), (share.rjust(_PERCENT), text)
    )


def _line(*pieces: tuple[str, Style]) -> Line:
    return Line(Strip([Segment(text, style) for text, style in pieces if text]), "".join(text for text, _ in pieces))
