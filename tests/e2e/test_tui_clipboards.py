"""Copying, and pasting images, with the clipboards that people have: X11, Wayland, tmux, each started for the test."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from kimicode.llm.scripted import Reply
from tests.fakes.person import CTRL_U, Place, idle

pytestmark = pytest.mark.slow

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
SAID = "The answer, 日本語 and 🎉."
CTRL_V = "\x16"
PATIENCE_S = 20.0


def needs(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def eventually(look, wanted: bytes) -> None:
    """Look until it is what it should be."""
    until = time.monotonic() + PATIENCE_S
    while (seen := look()) != wanted:
        assert time.monotonic() < until, seen
        time.sleep(0.05)


@contextlib.contextmanager
def serving(command: list[str], **options):
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def copies_and_pastes(place: Place, variables: dict[str, str], put: list[str], get: list[str]) -> None:
    """Both ways through the whole interface; `put` and `get` are the desktop's own commands."""
    environ = {**os.environ, **variables}
    terminal = place.open(**variables)  # type: ignore[arg-type]
    terminal.type("hi\r")
    terminal.until("The answer")
    idle(terminal)
    terminal.type("/copy\r")
    terminal.until("Copied")
    eventually(lambda: subprocess.run(get, env=environ, capture_output=True, timeout=20).stdout, SAID.encode())
    subprocess.run(put, env=environ, input=PIXEL, stdout=subprocess.DEVNULL, check=True, timeout=20)
    terminal.type(CTRL_V)
    terminal.until("[Image #1]")
    terminal.type(CTRL_U)


def test_the_clipboard_of_x11(tmp_path):
    needs("Xvfb", "xclip")
    selection = ["xclip", "-selection", "clipboard"]
    xvfb = ["Xvfb", "-displayfd", "1", "-screen", "0", "64x64x8", "-nolisten", "tcp"]
    with serving(xvfb, stdout=subprocess.PIPE) as server, Place(tmp_path, [Reply(SAID)]) as place:
        display = f":{server.stdout.readline().decode().strip()}"
        variables = {"DISPLAY": display, "WAYLAND_DISPLAY": ""}
        copies_and_pastes(place, variables, [*selection, "-t", "image/png"], [*selection, "-o"])


def test_the_clipboard_of_wayland(tmp_path):
    needs("sway", "wl-copy", "wl-paste")
    with tempfile.TemporaryDirectory() as runtime, Place(tmp_path, [Reply(SAID)]) as place:
        (Path(runtime) / "config").touch()
        command = ["sway", "-c", f"{runtime}/config"]
        if os.geteuid() == 0:  # it refuses to be root
            needs("runuser")
            shutil.chown(runtime, "nobody")
            command = ["runuser", "-u", "nobody", "--", *command]
        headless = {"WLR_BACKENDS": "headless", "WLR_LIBINPUT_NO_DEVICES": "1", "WLR_RENDERER": "pixman"}
        environ = {**os.environ, **headless, "XDG_RUNTIME_DIR": runtime}
        with serving(command, env=environ, stdout=subprocess.DEVNULL) as compositor:
            until = time.monotonic() + PATIENCE_S
            while not (sockets := sorted(Path(runtime).glob("wayland-?"))):
                if compositor.poll() is not None or time.monotonic() > until:
                    pytest.skip("sway does not start here")
                time.sleep(0.05)
            variables = {"XDG_RUNTIME_DIR": runtime, "WAYLAND_DISPLAY": sockets[0].name, "DISPLAY": ""}
            copies_and_pastes(place, variables, ["wl-copy", "-t", "image/png"], ["wl-paste", "--no-newline"])


def test_the_buffer_of_tmux(tmp_path):
    needs("tmux")
    with Place(tmp_path, [Reply(SAID)]) as place:
        tmux = ["tmux", "-L", f"kimicode-{os.getpid()}", "-f", "/dev/null"]
        start = [
            *tmux,
            "new-session",
            ";",
            "set",
            "-g",
            "set-clipboard",
            "on",
            ";",
            "set",
            "-g",
            "allow-passthrough",
            "on",
        ]
        try:
            terminal = place.start([*start, ";", "respawn-pane", "-k", f"{sys.executable} -m kimicode"])
            terminal.until(" ask")
            terminal.type("hi\r")
            terminal.until("The answer")
            terminal.until(lambda: terminal.lines[-2].strip().startswith("ask"))  # below it stands tmux's own line
            terminal.type("/copy\r")
            terminal.until("Copied")
            eventually(
                lambda: subprocess.run([*tmux, "show-buffer"], capture_output=True, timeout=20).stdout, SAID.encode()
            )
            terminal.until(lambda: b"\x1b]52;" in terminal.received)  # and the terminal around it has it as well
        finally:
            subprocess.run([*tmux, "kill-server"], capture_output=True, timeout=20)
