"""Copying to the clipboard: through the terminal (OSC 52, which works over SSH) and by the desktop's own tool.

Nothing of the text itself reaches the terminal: OSC 52 carries it in base64, the tools get it on their stdin."""

import asyncio
import base64
import contextlib
import os
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from typing import Any

from textual.app import App

from kimicode.programs import find

LARGEST = 74_994
"""Bytes of base64 that every common terminal takes in one sequence; larger ones are cut or dropped silently."""
PATIENCE = 1.0

_TOOLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("TMUX", ("tmux", "load-buffer", "-w", "-")),
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
    ("", ("pbcopy",)),
    ("WSL_DISTRO_NAME", ("clip.exe",)),
)


def copy(app: App[Any], text: str) -> str:
    """Put text on the clipboard without waiting for it. Returns a warning for the person, or an empty string."""
    command = tool(os.environ)
    sequence = osc52(text, inside_tmux="TMUX" in os.environ)
    # Textual has no public way to write a sequence of its own.
    if sequence and app._driver is not None:
        app._driver.write(sequence)
    if command:
        app.run_worker(hand_over(command, text), name="copy", exit_on_error=False)
    if not sequence and not command:
        return f"{len(text):,} characters are more than a terminal's clipboard takes, and there is no other one here"
    return ""


def osc52(text: str, *, inside_tmux: bool = False) -> str:
    """The sequence that sets a terminal's clipboard; empty if the text is too large for it."""
    data = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    if len(data) > LARGEST:
        return ""
    plain = f"\x1b]52;c;{data}\x07"
    if not inside_tmux:
        return plain
    # tmux takes the plain one itself if it is set to, and hands the wrapped one to the terminal around it
    escaped = plain.replace("\x1b", "\x1b\x1b")
    return f"{plain}\x1bPtmux;{escaped}\x1b\\"


def tool(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The command that sets the clipboard here; empty if there is none."""
    for variable, command in _TOOLS:
        if (not variable or environ.get(variable)) and (program := find(command[0], environ)):
            return program, *command[1:]
    return ()


async def hand_over(command: tuple[str, ...], text: str) -> bool:
    """Give text to a command's stdin. False if it fails or takes longer than a second; then it is ended."""
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL)
    except OSError:
        return False
    encoding = "utf-16-le" if command[0].endswith("clip.exe") else "utf-8"
    try:
        async with asyncio.timeout(PATIENCE):
            await process.communicate(text.encode(encoding, "replace"))
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return process.returncode == 0
