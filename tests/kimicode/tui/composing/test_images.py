"""Images from files and from the clipboard; the clipboard's tools are small scripts here."""

import base64
import os

import pytest

from kimicode.tui.composing import images
from kimicode.tui.composing.images import ImageRefused, from_clipboard, load

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50


def script(folder, name, body):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return {"WAYLAND_DISPLAY": "wayland-0", "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def test_an_image_is_known_by_its_bytes(tmp_path):
    (tmp_path / "a.txt").write_bytes(PNG)
    image = load(tmp_path / "a.txt")
    assert image.media_type == "image/png"
    assert base64.b64decode(image.data) == PNG
    (tmp_path / "b.png").write_text("no image")
    assert load(tmp_path / "b.png") is None
    assert load(tmp_path) is None
    assert load(tmp_path / "missing.png") is None


def test_a_large_image_is_refused_with_its_size(tmp_path):
    (tmp_path / "big.png").write_bytes(PNG + b"\0" * 7_300_000)
    with pytest.raises(ImageRefused, match=r"big.png is 7.3 MB large; images may have 5 MB"):
        load(tmp_path / "big.png")


async def test_the_clipboards_image(tmp_path):
    (tmp_path / "image").write_bytes(PNG)
    environ = script(tmp_path, "wl-paste", f'cat "{tmp_path}/image"')
    assert (await from_clipboard(environ)).media_type == "image/png"


@pytest.mark.parametrize("body", ["exit 1", "printf ''"])
async def test_a_clipboard_without_an_image_says_so(tmp_path, body):
    with pytest.raises(ImageRefused, match="no image on the clipboard"):
        await from_clipboard(script(tmp_path, "wl-paste", body))


async def test_what_is_no_image_is_refused(tmp_path):
    with pytest.raises(ImageRefused, match="no PNG, JPEG, GIF or WebP"):
        await from_clipboard(script(tmp_path, "wl-paste", "echo text"))


async def test_a_tool_that_hangs_or_floods_is_ended(tmp_path):
    with pytest.raises(ImageRefused):
        await from_clipboard(script(tmp_path, "wl-paste", "exec sleep 60"))
    with pytest.raises(ImageRefused, match=r"large|no PNG"):
        await from_clipboard(script(tmp_path, "wl-paste", "exec yes"))


async def test_without_a_tool_the_person_is_told_which_would_do():
    with pytest.raises(ImageRefused, match="wl-paste, xclip, pngpaste"):
        await from_clipboard({"PATH": "/nowhere"})
    assert images.kind(b"GIF89a...") == "image/gif"
