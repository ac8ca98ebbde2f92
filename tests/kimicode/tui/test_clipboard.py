"""The clipboard: OSC 52 and the desktop's tools, played by small scripts."""

import base64
import os

from hypothesis import given
from hypothesis import strategies as st
from textual.app import App

from kimicode.tui import clipboard
from kimicode.tui.clipboard import LARGEST, hand_over, osc52, tool


@given(st.text(max_size=200))
def test_no_character_of_the_text_reaches_the_terminal_as_it_is(text):
    sequence = osc52(text)
    assert sequence.startswith("\x1b]52;c;")
    assert sequence.endswith("\x07")
    inside = sequence[len("\x1b]52;c;") : -1]
    assert base64.b64decode(inside).decode() == text.encode("utf-8", "replace").decode()
    assert not set(inside) & {"\x1b", "\x07", "\x9c"}


def test_what_is_too_large_for_terminals_is_not_sent():
    assert len(osc52("x" * (LARGEST // 4 * 3))) <= LARGEST + 10
    assert osc52("x" * (LARGEST // 4 * 3 + 1)) == ""


def test_tmux_gets_it_for_itself_and_for_the_terminal_around_it():
    plain = osc52("hello")
    assert osc52("hello", inside_tmux=True) == plain + "\x1bPtmux;\x1b" + plain + "\x1b\\"


def script(folder, name, body):
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


def test_the_tool_that_fits_the_desktop_is_taken(tmp_path):
    script(tmp_path, "wl-copy", "")
    script(tmp_path, "xsel", "")
    path = {"PATH": str(tmp_path)}
    assert tool({**path, "WAYLAND_DISPLAY": "w", "DISPLAY": ":0"}) == (str(tmp_path / "wl-copy"),)
    assert tool({**path, "DISPLAY": ":0"})[0] == str(tmp_path / "xsel")
    assert tool(path) == ()


async def test_a_tool_gets_the_text_and_one_that_hangs_is_ended(tmp_path):
    script(tmp_path, "copies", f'cat > "{tmp_path}/got"')
    script(tmp_path, "hangs", "exec sleep 60")
    assert await hand_over((str(tmp_path / "copies"),), "text 你好\n")
    assert (tmp_path / "got").read_text() == "text 你好\n"
    assert not await hand_over((str(tmp_path / "hangs"),), "text")
    assert not await hand_over((str(tmp_path / "missing"),), "text")


async def test_copying_warns_where_nothing_can_take_it():
    app = App()
    async with app.run_test():
        assert clipboard.copy(app, "small") == ""
        if not tool(os.environ):
            assert "more than a terminal" in clipboard.copy(app, "x" * 100_000)
