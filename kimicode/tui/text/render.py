"""Every kind of content as lines. What renders a kind is loaded when the first of it comes."""

from kimicode.tui.content import Call, Content, Markdown, Shell, Welcome
from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.text import symbols
from kimicode.tui.text.cells import width as cells_of
from kimicode.tui.text.flow import Margin, flow
from kimicode.tui.text.sanitise import one_line


def render(content: Content, width: int, look: Look) -> list[Line]:
    """The lines of a block, none wider than `width` cells.

    There are no blank lines around a block, with one exception: Markdown that does not begin its answer has the
    distance to the piece before it that its source has. Blank source has no lines.
    """
    return [line if line.strip.cell_length <= width else _cropped(line, width) for line in _lines(content, width, look)]


def answer_margin(look: Look, first: bool) -> Margin:
    """The margin of a piece of an answer."""
    style = look.palette.accent
    return Margin().nested((f"{symbols.of(look).dot} " if first else "  ", style), ("  ", style))


def _lines(content: Content, width: int, look: Look) -> list[Line]:
    match content:
        case Welcome():
            return _welcome(content, width, look)
        case Markdown():
            from kimicode.tui.text import blocks

            source = blocks.mended(content.source) if content.open else content.source
            return blocks.render(source, width, look, answer_margin(look, content.first), content.first)
        case Call():
            from kimicode.tui.text import calls

            return calls.render(content, width, look)
        case Shell():
            from kimicode.tui.text import calls

            return calls.shell(content, width, look)
        case _:
            from kimicode.tui.text import notes

            return notes.render(content, width, look)


def _welcome(welcome: Welcome, width: int, look: Look) -> list[Line]:
    palette = look.palette
    lines = flow([(one_line(welcome.title), palette.heading)], width, Margin())
    longest = max((cells_of(one_line(name)) for name, _ in welcome.rows), default=0)
    for name, value in welcome.rows:
        shown = one_line(name)
        margin = Margin().nested((f"  {shown}{' ' * (longest - cells_of(shown))}  ", palette.muted), copied=True)
        lines += flow([(one_line(value), palette.text)], width, margin)
    return lines


def _cropped(line: Line, width: int) -> Line:
    """Where not even the margin has room."""
    return Line(line.strip.crop(0, width), line.text, min(line.gutter, width), line.soft)
