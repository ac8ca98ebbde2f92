"""Images for a prompt: from a file, or from the clipboard by whichever tool of the desktop can read it."""

import asyncio
import base64
import contextlib
import os
import re
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from pathlib import Path

from kimicode.errors import KimicodeError
from kimicode.messages import Image
from kimicode.programs import find

LARGEST = 5_000_000
"""Bytes; servers refuse larger ones."""
PATIENCE = 2.0

_KINDS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)
_POWERSHELL = (
    "Add-Type -AssemblyName System.Windows.Forms; $image = [Windows.Forms.Clipboard]::GetImage(); "
    "if ($image) { $stream = New-Object IO.MemoryStream; $image.Save($stream, 'Png'); "
    "[Console]::OpenStandardOutput().Write($stream.ToArray(), 0, $stream.Length) }"
)
_TOOLS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("WAYLAND_DISPLAY", ("wl-paste", "--no-newline", "--type", "image/png")),
    ("DISPLAY", ("xclip", "-selection", "clipboard", "-target", "image/png", "-out")),
    ("", ("pngpaste", "-")),
    ("WSL_DISTRO_NAME", ("powershell.exe", "-NoProfile", "-STA", "-Command", _POWERSHELL)),
)


class ImageRefused(KimicodeError):
    """No image came of it; the message says why."""


def kind(data: bytes) -> str | None:
    """The media type of an image's bytes, if it is one that models take."""
    return next((name for magic, name in _KINDS if magic.match(data)), None)


def load(path: Path) -> Image | None:
    """The image in a file; None if it is none. Raises ImageRefused for one that is too large or cannot be read."""
    try:
        if not path.is_file():
            return None
        with open(path, "rb") as stream:
            start = stream.read(16)
            if kind(start) is None:
                return None
            return image(start + stream.read(LARGEST), path.name, os.fstat(stream.fileno()).st_size)
    except OSError as error:
        raise ImageRefused(f"{path.name} cannot be read: {error.strerror or error}") from error


def image(data: bytes, name: str, size: int | None = None) -> Image:
    """An image of its bytes, called `name` in messages. Raises ImageRefused."""
    media_type = kind(data)
    if media_type is None:
        raise ImageRefused(f"{name} is no PNG, JPEG, GIF or WebP image")
    if (size or len(data)) > LARGEST:
        megabytes = (size or len(data)) / 1e6
        raise ImageRefused(f"{name} is {megabytes:.1f} MB large; images may have {LARGEST / 1e6:.0f} MB")
    return Image(media_type, base64.b64encode(data).decode("ascii"))


async def from_clipboard(environ: Mapping[str, str] = os.environ) -> Image:
    """The image on the clipboard. Raises ImageRefused, also if there is none or no tool that could read it."""
    tools = [
        (program, *command[1:])
        for variable, command in _TOOLS
        if (not variable or environ.get(variable)) and (program := find(command[0], environ))
    ]
    if not tools:
        raise ImageRefused("no tool here can read images from the clipboard (wl-paste, xclip, pngpaste)")
    for command in tools:
        if data := await _output(command):
            return image(data, "the image on the clipboard")
    raise ImageRefused("there is no image on the clipboard")


async def _output(command: tuple[str, ...]) -> bytes:
    """What a command prints within two seconds, at most a little more than an image may have."""
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL)
    except OSError:
        return b""
    assert process.stdout is not None
    data = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            while len(data) <= LARGEST and (piece := await process.stdout.read(1 << 16)):
                data += piece
    except TimeoutError:
        data.clear()
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
    return bytes(data)
