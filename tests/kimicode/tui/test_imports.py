"""What the first paint must not wait for, in a process of its own."""

import subprocess
import sys

STAYS_OUT = (
    *("openai", "git", "pydantic", "typer", "tomlkit", "tomllib", "pygments", "markdown_it", "tree_sitter_python"),
    *(f"kimicode.{name}" for name in ("events", "displays", "agent", "config", "git", "index", "llm", "sessions")),
    *(f"kimicode.{name}" for name in ("tools", "workspace", "tui.conversation", "tui.app_face", "tui.keys")),
    *(f"kimicode.tui.{name}" for name in ("commands", "screens", "setup", "crash", "clipboard", "text.blocks")),
    *(f"kimicode.tui.{name}" for name in ("text.calls", "text.diff", "text.notes", "transcript.feed")),
    *(f"kimicode.tui.{name}" for name in ("transcript.archive", "transcript.searching", "composing.files")),
    *(f"kimicode.tui.{name}" for name in ("composing.images", "composing.intent", "composing.proposing")),
    *(f"kimicode.tui.widgets.{name}" for name in ("around", "approval", "plan", "queue", "rows", "search")),
)
START = """
import os, sys
from pathlib import Path
import kimicode.cli.main, kimicode.cli.interactive, kimicode.cli.quick
from kimicode.tui.app import KimicodeApp
from kimicode.tui.wanted import Wanted

def painted():
    print(*sorted(sys.modules))
    sys.stdout.flush()
    os._exit(0)

KimicodeApp(Wanted(Path.cwd(), environ=dict(os.environ)), painted).run(headless=True)
"""


def test_the_first_paint_loads_nothing_that_it_does_not_show(tmp_path):
    done = subprocess.run([sys.executable, "-c", START], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    loaded = done.stdout.split()
    assert "kimicode.tui.widgets.transcript" in loaded, done.stderr
    assert "kimicode.tui.widgets.status" in loaded
    assert [name for name in loaded if any(name == out or name.startswith(f"{out}.") for out in STAYS_OUT)] == []
