"""What is neither an answer nor a call, as lines: prompts, thinking, plans, notes, how a turn ended."""

from rich.style import Style

from kimicode.tui.content import Compacted, Note, Plan, Prompt, Thinking, TurnEnd
from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.text import calls, output, symbols
from kimicode.tui.text.cells import width as cells_of
from kimicode.tui.text.flow import Margin, Run, flow, plain
from kimicode.tui.text.inline import addresses
from kimicode.tui.text.sanitise import one_line, visible

PROMPT_LINES = 40
"""Lines of a prompt that are shown while it is folded."""
THINKING_LINES = 6
"""Lines of thinking that are shown while it goes on."""


def render(content: Prompt | Thinking | Plan | Note | Compacted | TurnEnd, width: int, look: Look) -> list[Line]:
    """The lines of a block, most of them within `width` cells."""
    match content:
        case Prompt():
            return _prompt(content, width, look)
        case Thinking():
            return _thinking(content, width, look)
        case Plan():
            return _plan(content, width, look)
        case Note():
            return _note(content, width, look)
        case Compacted():
            return _compacted(content, width, look)
        case TurnEnd():
            return _turn_end(content, width, look)


def _prompt(prompt: Prompt, width: int, look: Look) -> list[Line]:
    sign, palette = symbols.of(look), look.palette
    bar = (f"{sign.steered if prompt.steered else sign.bar} ", palette.accent)
    lines = visible(prompt.text).strip("\n").split("\n")
    if len(lines) > PROMPT_LINES + 1 and not look.expanded:
        lines[PROMPT_LINES:] = [output.more(len(lines) - PROMPT_LINES, look)]
    return plain(lines, palette.prompt, width, Margin().nested(bar, bar))


def _thinking(thinking: Thinking, width: int, look: Look) -> list[Line]:
    sign, style = symbols.of(look), look.palette.thinking
    over = thinking.seconds is not None
    text = thinking.text.strip()
    if over and not look.expanded:
        return flow([(f"{sign.folded} {_thought(thinking)}", style)], width, Margin())
    head = flow([(f"{sign.unfolded} {_thought(thinking) if over else 'thinking'}", style)], width, Margin())
    if not look.expanded:
        # of a long thought the end alone is wrapped, each time that it grows
        text = text[-THINKING_LINES * width :]
    body = Margin().nested(("  ", style))
    lines = plain(visible(text).split("\n"), style, width, body) if text else []
    return head + (lines if look.expanded else lines[-THINKING_LINES:])


def _thought(thinking: Thinking) -> str:
    seconds = thinking.seconds or 0.0
    return "thought" if seconds < 0.95 else f"thought for {calls.duration(seconds)}"


def _plan(plan: Plan, width: int, look: Look) -> list[Line]:
    sign, palette = symbols.of(look), look.palette
    signs: dict[str, tuple[str, Style, Style]] = {
        "pending": (sign.pending, palette.muted, palette.text),
        "active": (sign.active, palette.accent, palette.text + palette.strong),
        "done": (sign.done, palette.success, palette.muted),
    }
    lines: list[Line] = []
    for step in plan.steps:
        mark, colour, style = signs[step.state]
        box = f"[{mark}]" if look.ascii else mark
        lines += flow([(one_line(step.title), style)], width, Margin().nested((f"  {box} ", colour), copied=True))
    return lines


def _note(note: Note, width: int, look: Look) -> list[Line]:
    sign, palette = symbols.of(look), look.palette
    mark, style = {
        "info": (sign.separator, palette.muted),
        "warning": (sign.warning, palette.warning),
        "error": (sign.failed, palette.error),
    }[note.level]
    margin = Margin().nested((f"{mark} ", style))
    lines = visible(note.text).strip("\n").split("\n")
    return [line for text in lines for line in flow(list(addresses(text, style, look)) or [("", style)], width, margin)]


def _compacted(compacted: Compacted, width: int, look: Look) -> list[Line]:
    sign = symbols.of(look)
    if compacted.after is None:
        words = f"making room: {compacted.before:,} tokens"
    else:
        words = f"made room: {compacted.before:,} {sign.right} {compacted.after:,} tokens"
    text = f" {words} "
    rest = max(0, min(width, 60) - cells_of(text) - 2)
    style = look.palette.muted
    margin = Margin().nested((sign.horizontal * 2, style))
    return flow([(text, style), (sign.horizontal * rest, style)], width, margin)


def _turn_end(end: TurnEnd, width: int, look: Look) -> list[Line]:
    palette, sign = look.palette, symbols.of(look)
    took = f" after {calls.duration(end.seconds)}" if end.seconds >= 1 else ""
    head: list[Run] = []
    if end.status != "finished":
        words = {
            "limit": "stopped at a limit",
            "stuck": "stopped: no progress",
            "denied": "stopped: calls were denied",
            "error": "failed",
            "interrupted": "interrupted",
        }[end.status]
        style = palette.error if end.status == "error" else palette.warning
        where = ", in the middle of an answer" if end.cut else ""
        head = [(f"{sign.failed} {words}{took}{where}", style)]
    elif end.text.strip() or end.seconds >= 10:
        head = [(f"{sign.separator} done{took}", palette.muted)]
    lines = flow(head, width, Margin()) if head else []
    if end.text.strip():
        body = Margin().nested(("  ", palette.muted))
        lines += plain(visible(end.text).strip("\n").split("\n"), palette.muted, width, body)
    return lines
