"""The picture in the README: `kimicode run` on a real terminal, with the scripted model, drawn as SVG.

python -m kimicode.benchmarks.picture > .github/run.svg
"""

import asyncio
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from kimicode.benchmarks import bugset
from kimicode.benchmarks.drawing import without_fonts
from kimicode.llm.scripted import Reply, ScriptedServer

BUG = "csv-totals"
TASK = "grand_total in report.py returns the wrong sum. Fix it."
TEST = ("bash", {"command": "python -m pytest -q"})
OLD = "    for _, category, amount in rows:\n        total = Decimal(0)\n"
NEW = "    total = Decimal(0)\n    for _, category, amount in rows:\n"
SCRIPT = (
    Reply("I run the tests first.", calls=[TEST], delay=0.05),
    Reply("", calls=[("view", {"path": "report.py"})], delay=0.05),
    Reply("", calls=[("strreplace", {"path": "report.py", "old_str": OLD, "new_str": NEW})], delay=0.05),
    Reply("", calls=[TEST], delay=0.05),
    Reply("", calls=[("submit", {"summary": "total was set back to zero for each row; it starts once now."})]),
)
COLUMNS, ROWS = 88, 30
REPAINTED = re.compile(r"[^\n]*\r(?:\x1b\[\d*[AJK])+")
"""A line up to where it was wiped: the status line, of which the last state alone is of interest."""
CURSOR = re.compile(r"\x1b\[[0-9;?]*[A-HJKhls]")


def main() -> int:
    """Write the SVG to stdout."""
    sys.stdout.write(draw(asyncio.run(record())))
    return 0


async def record() -> str:
    """What a terminal of COLUMNS x ROWS gets while the scripted model fixes a bug of the set."""
    [bug] = bugset.load([BUG])
    with tempfile.TemporaryDirectory(prefix="kimicode-picture-") as scratch:
        project = Path(scratch) / "project"
        bug.copy_to(project)
        subprocess.run(["git", "init", "-q", "-b", "main", project], check=True)  # noqa: ASYNC221 - nothing waits
        async with ScriptedServer(SCRIPT, models=[{"id": "scripted-model"}]) as server:
            arguments = ["run", "-C", str(project), "--base-url", server.base_url, TASK]
            return await asyncio.to_thread(_on_terminal, arguments, Path(scratch) / "home")


def _on_terminal(arguments: list[str], home: Path) -> str:
    mine, theirs = pty.openpty()
    size = {"COLUMNS": str(COLUMNS), "LINES": str(ROWS), "TERM": "xterm-256color", "KIMICODE_HOME": str(home)}
    command = [sys.executable, "-m", "kimicode", *arguments]
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env={**os.environ, **size})
    os.close(theirs)
    chunks: list[bytes] = []
    while True:
        try:
            chunk = os.read(mine, 65536)
        except OSError:  # Linux says EIO where the other end is closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    process.wait()
    os.close(mine)
    return b"".join(chunks).decode("utf-8", "replace").replace("\r\n", "\n")


def draw(output: str) -> str:
    """The lasting lines of a terminal's output as SVG, with the fonts of whoever looks at it."""
    from rich.console import Console
    from rich.text import Text

    lines = CURSOR.sub("", REPAINTED.sub("", output)).replace("\r", "").strip()
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))  # noqa: SIM115 - closed with the process
    console.print(Text(f'$ kimicode run "{TASK}"', style="bold"))
    console.print(Text.from_ansi(lines))
    return without_fonts(console.export_svg(title="kimicode run", unique_id="kimicode-run"))


if __name__ == "__main__":
    sys.exit(main())
