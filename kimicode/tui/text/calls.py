"""A tool call as lines: a head that says what was done, and below it what came of it."""

import json
import re
from typing import Any

from rich.style import Style

from kimicode.events import Brief, CommandRun, Diff
from kimicode.tui.content import Call, Shell
from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.text import arguments, blocks, diff, output, symbols
from kimicode.tui.text.cells import crop
from kimicode.tui.text.flow import Margin, Run, flow, plain
from kimicode.tui.text.sanitise import one_line, visible

MOST = 40
"""Lines of a diff that a folded call shows, and lines of a command."""
WRITTEN = 8
"""Lines shown of a file that is being written."""
_BELOW = ("waiting", "asked")
"""States in which the question shows what the call would do, or is about to; once is enough."""

_RANGE = re.compile(r"lines (\d+-\d+ of \d+)$|, (empty)$")
_VERBS = {"createfile": "create", "strreplace": "edit"}
_NAMES = {
    "path": ("path", "file", "file_path", "filename", "filepath"),
    "old": ("old_str", "old_string", "old_text", "old"),
    "new": ("new_str", "new_string", "new_text", "new", "file_text", "content", "text", "contents", "file_content"),
    "summary": ("summary", "message", "answer", "result", "text"),
}
"""The names that models give to arguments, as the tools accept them."""


def render(call: Call, width: int, look: Look) -> list[Line]:
    """The lines of a call in any state."""
    given = arguments.read(call.arguments)
    match call.name:
        case "bash":
            command = call.display.command if isinstance(call.display, CommandRun) else str(given.get("command", ""))
            shown = one_line(command, max(1, width - 4)) if call.state in _BELOW else command
            lines = _command(shown, _mark(call, look), width, look)
            if call.state not in ("denied", "writing", *_BELOW):
                lines += _printed(call, width, look)
        case "createfile" | "strreplace" | "insert":
            lines = _edit(call, given, width, look)
        case "submit" if call.state in ("writing", "running", "done"):
            lines = _head(call, "", width, look)
            inner = Margin().nested(("  ", look.palette.muted))
            source = _text(given, "summary")
            lines += blocks.render(
                blocks.mended(source) if call.state == "writing" else source, width, look, inner, True
            )
        case "view" | "plan" | "submit":
            lines = _head(call, _subject(call, given), width, look)
            lines += output.render(call.output, width, look, _below(look)) if look.expanded else []
        case _:
            lines = _head(call, _subject(call, given), width, look)
            lines += output.render(call.output, width, look, _below(look))
    return lines + _end(call, width, look)


def shell(shell: Shell, width: int, look: Look) -> list[Line]:
    """A command that the person ran."""
    lines = _command(shell.command, ("!", look.palette.accent), width, look)
    lines += output.render(shell.output, width, look, _below(look))
    if shell.exit_code:
        lines += _remark(f"exit {shell.exit_code}", look.palette.error, width, look)
    return lines


def duration(seconds: float) -> str:
    """How long something took, in the units that matter."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def _mark(call: Call, look: Look) -> Run:
    palette, sign = look.palette, symbols.of(look)
    failed = isinstance(call.display, CommandRun) and call.display.exit_code
    style = {
        "writing": palette.muted,
        "waiting": palette.muted,
        "asked": palette.warning,
        "running": palette.accent,
        "done": palette.error if failed else palette.success,
        "failed": palette.error,
        "denied": palette.warning,
        "interrupted": palette.warning,
    }[call.state]
    # colour is not all: without it, what went wrong must be seen as well
    return (sign.failed if failed or call.state in ("failed", "denied", "interrupted") else sign.dot, style)


def _command(command: str, mark: Run, width: int, look: Look) -> list[Line]:
    margin = Margin().nested((f"{mark[0]} ", mark[1])).nested(("$ ", look.palette.muted))
    lines = visible(command).strip("\n").split("\n")
    if len(lines) > MOST and not look.expanded:
        lines[MOST:] = [output.more(len(lines) - MOST, look)]
    return plain(lines, look.palette.text, width, margin)


def _head(call: Call, subject: str, width: int, look: Look, counts: tuple[Run, ...] = ()) -> list[Line]:
    mark, style = _mark(call, look)
    verb = _VERBS.get(call.name, call.name)
    runs = [
        (one_line(verb), look.palette.strong + look.palette.text),
        (f" {subject}" if subject else "", look.palette.text),
    ]
    return flow([*runs, *counts], width, Margin().nested((f"{mark} ", style)))


def _subject(call: Call, given: dict[str, Any]) -> str:
    """What the call is about, on one line."""
    brief = call.display.text if isinstance(call.display, Brief) else ""
    match call.name:
        case "view":
            shown = _RANGE.search(brief)
            asked = given.get("view_range")
            lines = "-".join(map(str, asked)) if isinstance(asked, list) else str(asked or "")
            return one_line(f"{_text(given, 'path')} {(shown[1] or shown[2]) if shown else lines}")
        case "plan":
            return one_line(brief.removeprefix("plan: ")) if call.state == "done" else ""
        case "submit":
            return ""
    pairs = (f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in given.items())
    return one_line(" ".join(pairs), 160)


def _edit(call: Call, given: dict[str, Any], width: int, look: Look) -> list[Line]:
    change = call.display
    path = one_line(change.path if isinstance(change, Diff) else _text(given, "path"))
    text = change.text if isinstance(change, Diff) else _proposed(given, call.name, path)
    counts: tuple[Run, ...] = ()
    if isinstance(change, Diff):
        palette, minus = look.palette, symbols.of(look).minus
        numbers = ((f"+{change.added}", palette.success), (f"{minus}{change.removed}", palette.error))
        counts = tuple((f" {number}", style) for number, style in numbers if number[1:] != "0")
    lines = _head(call, path, width, look, counts)
    return lines if call.state in _BELOW else lines + _diff(text, call.state == "writing", width, look)


def _diff(text: str, growing: bool, width: int, look: Look) -> list[Line]:
    margin = Margin().nested(("  ", look.palette.muted))
    rows = text.removesuffix("\n").split("\n") if text else []
    hidden = 0
    if growing and len(rows) > WRITTEN + 2:
        rows = [*rows[:2], *rows[-WRITTEN:]]
    elif not growing and not look.expanded and len(rows) > MOST:
        hidden = len(rows) - MOST
        rows = rows[:MOST]
    lines = diff.unified("\n".join(rows), width, look, margin, names=False) if rows else []
    return lines + (plain([output.more(hidden, look)], look.palette.muted, width, margin) if hidden else [])


def _proposed(given: dict[str, Any], name: str, path: str) -> str:
    """What the arguments ask for as a diff, before there is one of what was done."""
    old, new = (
        [] if not text else text.removesuffix("\n").split("\n") for text in (_text(given, "old"), _text(given, "new"))
    )
    if name != "strreplace":
        old = []
    if not old and not new:
        return ""
    return "\n".join([f"--- a/{path}", f"+++ b/{path}", *(f"-{line}" for line in old), *(f"+{line}" for line in new)])


def _text(given: dict[str, Any], role: str) -> str:
    return next((str(given[name]) for name in _NAMES[role] if name in given), "")


def _below(look: Look) -> Margin:
    bar = (f"  {symbols.of(look).vertical} ", look.palette.muted)
    return Margin((bar,), (bar,), 4, 1, 4)


def _printed(call: Call, width: int, look: Look) -> list[Line]:
    text = call.display.output if isinstance(call.display, CommandRun) else call.output
    return output.render(text, width, look, _below(look)) if call.state != "failed" else []


def _end(call: Call, width: int, look: Look) -> list[Line]:
    """The last line: how it ended, where that is not plain to see."""
    palette = look.palette
    took = duration(call.seconds) if call.seconds is not None and call.seconds >= 1 else ""
    match call.state:
        case "asked":
            return _remark("waits for your answer to the question below", palette.warning, width, look)
        case "denied":
            return _remark(f"denied: {call.reason}" if call.reason else "denied", palette.warning, width, look)
        case "interrupted":
            return _remark("interrupted", palette.warning, width, look)
        case "failed":
            text = call.display.text if isinstance(call.display, Brief) else call.output
            return _remark(text or "failed", palette.error, width, look)
        case "done" if isinstance(call.display, CommandRun):
            return _exit(call.display, took, width, look)
    return _remark(took, palette.muted, width, look) if took and call.state == "done" else []


def _exit(run: CommandRun, took: str, width: int, look: Look) -> list[Line]:
    separator = f" {symbols.of(look).separator} "
    if run.exit_code is None:
        return _remark("goes on in the background", look.palette.muted, width, look)
    words = [f"exit {run.exit_code}"] if run.exit_code else ([] if run.output.strip() else ["no output"])
    style = look.palette.error if run.exit_code else look.palette.muted
    return _remark(separator.join([*words, *([took] if took else [])]), style, width, look)


def _remark(text: str, style: Style, width: int, look: Look) -> list[Line]:
    if not text:
        return []
    lines = visible(text).strip("\n").split("\n")
    if not look.expanded:
        lines = [crop(line, 4 * width) for line in lines[:6]] + [output.more(len(lines) - 6, look)] * (len(lines) > 6)
    margin = Margin().nested((f"  {symbols.of(look).corner} ", look.palette.muted))
    return plain(lines, style, width, margin)
