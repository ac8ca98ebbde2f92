"""The README's pictures: the interface on a real terminal, fixing a bug of the set with a scripted model, drawn as SVG.

python -m kimicode.benchmarks.screenshots .github
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from kimicode.benchmarks import bugset
from kimicode.benchmarks.drawing import draw
from kimicode.benchmarks.terminal import Terminal

BUG = "csv-totals"
PROJECT = "expenses"
PROMPT = "grand_total in report.py returns the wrong sum. Find out why and fix it."
GRACE_S = 0.8
"""After this, a key answers a question that has come up."""
_TEST = {"name": "bash", "arguments": {"command": "python -m pytest -q --no-header"}}
_OLD = "    for _, category, amount in rows:\n        total = Decimal(0)\n        if"
_NEW = "    total = Decimal(0)\n    for _, category, amount in rows:\n        if"
_STEPS = (
    "Run the tests",
    "Find where the sum goes wrong",
    "Start the total once, before the loop",
    "Run the tests again",
)
_WORDS = """\
**Fixed.** `grand_total` set the total back to zero for *each row*, so that only the last row counted:

| function | before | now |
|:--|:--|:--|
| `grand_total` | the last row alone | the sum of all rows |

The loop is unchanged otherwise; `ignore` works as it did.
"""


def _plan(done: int) -> dict[str, Any]:
    states = ["done"] * done + ["active"] + ["pending"] * len(_STEPS)
    steps = [{"title": title, "state": state} for title, state in zip(_STEPS, states, strict=False)]
    return {"name": "plan", "arguments": {"steps": steps}}


def _script() -> list[dict[str, Any]]:
    edit = {"name": "strreplace", "arguments": {"path": "report.py", "old_str": _OLD, "new_str": _NEW}}
    look = {"name": "view", "arguments": {"path": "report.py", "view_range": [36, 46]}}
    first = {"thinking": "The tests should show it. I run them before I look.", "text": "I run the tests first."}
    return [
        {**first, "calls": [_plan(0), _TEST]},
        {"text": "The sum is that of the last row. I look at the function.", "calls": [look]},
        {"text": "There it is: the total belongs before the loop.", "calls": [edit, _plan(3)]},
        {"calls": [_TEST]},
        {"calls": [_plan(4)]},
        {"text": _WORDS, "usage": {"input_tokens": 12_400, "output_tokens": 900}},
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the pictures into a folder."""
    parser = argparse.ArgumentParser(prog="python -m kimicode.benchmarks.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the SVGs go")
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kimicode-")))
        for name, drawing in _drawings(scratch):
            (options.folder / f"{name}.svg").write_text(drawing, "utf-8")
            sys.stdout.write(f"{options.folder / name}.svg\n")
    return 0


def _drawings(scratch: Path) -> Iterator[tuple[str, str]]:
    with _at_work(scratch / "dark", 110, 44) as terminal:
        _until_the_last_question(terminal)
        yield "tui", draw(terminal.screen, "kimicode", "tui")
        _to_the_end(terminal)
        terminal.resize(120, 30)
        terminal.type("/diff\r")
        terminal.until("Changed in")
        terminal.type("s")
        terminal.quiet()
        yield "tui-diff", draw(terminal.screen, "kimicode: /diff, side by side", "tui-diff")
    with _at_work(scratch / "light", 80, 24, "--theme", "light") as terminal:
        _until_the_last_question(terminal)
        _to_the_end(terminal)
        yield "tui-light", draw(terminal.screen, "kimicode in 80 x 24, light", "tui-light")


def _until_the_last_question(terminal: Terminal) -> None:
    terminal.until("scripted")
    terminal.type(f"{PROMPT}\r")
    for question in ("Run this command", "Change report.py?"):
        terminal.until(question)
        terminal.read(GRACE_S)
        terminal.type("y")
    terminal.until(lambda: "Run this command" in terminal.text and "1 Yes" in terminal.text)
    terminal.quiet()


def _to_the_end(terminal: Terminal) -> None:
    terminal.read(GRACE_S)
    terminal.type("y")
    terminal.until("works as it did")
    terminal.until(lambda: terminal.lines[-1].lstrip().startswith("ask"))
    terminal.quiet()


@contextmanager
def _at_work(scratch: Path, columns: int, rows: int, *options: str) -> Iterator[Terminal]:
    """kimicode in a copy of the bug's repository, with a scripted model."""
    [bug] = bugset.load([BUG])
    project, script = scratch / PROJECT, scratch / "script.json"
    scratch.mkdir()
    bug.copy_to(project)
    for step in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "start"]):
        identity = ["-c", "user.name=kimicode", "-c", "user.email=kimicode@example.org"]
        subprocess.run(["git", *identity, "-C", project, *step], check=True)
    script.write_text(json.dumps(_script()), "utf-8")
    serve = [sys.executable, "-m", "kimicode.llm.scripted", str(script)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            environ = {
                "KIMICODE_HOME": str(scratch / "home"),
                "KIMICODE_BASE_URL": server.stdout.readline().strip(),
                "KIMICODE_MODEL": "scripted",
                "COLORTERM": "truecolor",
            }
            command = [sys.executable, "-m", "kimicode", "--trust", *options]
            with Terminal(command, columns=columns, rows=rows, environ=environ, folder=project) as terminal:
                yield terminal
        finally:
            server.terminate()


if __name__ == "__main__":
    sys.exit(main())
