"""Pictures in the README: `kimicode run` and `kimicode review` on a real terminal, with the scripted model, as SVG.

python -m kimicode.benchmarks.picture > .github/run.svg
python -m kimicode.benchmarks.picture review > .github/review.svg
python -m kimicode.benchmarks.picture demo [N] > .github/demo.svg      (bug N, and kimi-nano itself: nothing scripted)
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
BEFORE = """\
def page(items, number, size):
    \"\"\"The items of a page; pages count from 1.\"\"\"
    if size < 1:
        raise ValueError(size)
    first = (number - 1) * size
    return items[first : first + size]
"""
AFTER = BEFORE.replace(
    "    first = (number - 1) * size\n    return items[first : first + size]\n",
    """\
    end = number * size
    return items[end - size : min(end, len(items) - 1)]
""",
)
CLAIM = {
    "path": "pages.py",
    "line": 6,
    "claim": "page() drops the last item of the last page",
    "scenario": "page([1, 2, 3], 2, 2) returns [] instead of [3]: the end of a slice is exclusive already.",
    "severity": "high",
    "category": "correctness",
    "confidence": 0.9,
}
VERDICT = {
    "verdict": "real",
    "why": "min(end, len(items) - 1) ends the slice one item before the last one.",
    "citations": [{"path": "pages.py", "line": 6, "text": "    return items[end - size : min(end, len(items) - 1)]"}],
    "confidence": 0.95,
    "output": "last page: []",
}
CHECK = "python3 -c 'import pages; print(\"last page:\", pages.page([1, 2, 3], 2, 2))'"
REVIEW = (
    Reply("", calls=[("report", CLAIM)], delay=0.05),
    Reply("That is all.", delay=0.05),
    Reply("", calls=[("bash", {"command": CHECK})]),
    Reply("", calls=[("verdict", VERDICT)]),
)
COLUMNS, ROWS = 88, 30
REPAINTED = re.compile(r"[^\n]*\r(?:\x1b\[\d*[AJK])+")
"""A line up to where it was wiped: the status line, of which the last state alone is of interest."""
CURSOR = re.compile(r"\x1b\[[0-9;?]*[A-HJKhls]")


def main(arguments: list[str] | None = None) -> int:
    """Write the SVG to stdout."""
    what = sys.argv[1:] if arguments is None else arguments
    if what[:1] == ["demo"]:
        sys.stdout.write(draw(demo(what[1:]), "kimicode demo"))
    elif what == ["review"]:
        sys.stdout.write(draw(asyncio.run(review()), "kimicode review"))
    else:
        sys.stdout.write(draw(asyncio.run(record()), "kimicode run", f'"{TASK}"'))
    return 0


async def record() -> str:
    """What a terminal of COLUMNS x ROWS gets while the scripted model fixes a bug of the set."""
    [bug] = bugset.load([BUG])
    with tempfile.TemporaryDirectory(prefix="kimicode-picture-") as scratch:
        project = Path(scratch) / "project"
        bug.copy_to(project)
        _git(project, "init", "-q", "-b", "main")
        async with ScriptedServer(SCRIPT, models=[{"id": "scripted-model"}]) as server:
            arguments = ["run", "-C", str(project), "--base-url", server.base_url, TASK]
            return await asyncio.to_thread(_on_terminal, arguments, Path(scratch) / "home")


def demo(numbers: list[str]) -> str:
    """The same while kimi-nano looks for the bug of this number, or for any."""
    with tempfile.TemporaryDirectory(prefix="kimicode-picture-") as scratch:
        return _on_terminal(["demo", *(f"--bug={number}" for number in numbers)], Path(scratch))


async def review() -> str:
    """The same while it reviews what is not committed."""
    with tempfile.TemporaryDirectory(prefix="kimicode-picture-") as scratch:
        project = Path(scratch) / "project"
        project.mkdir()
        (project / "pages.py").write_text(BEFORE)
        _git(project, "init", "-q", "-b", "main")
        _git(project, "add", "-A")
        _git(project, "-c", "user.name=Ann", "-c", "user.email=ann@example.org", "commit", "-qm", "Pages")
        (project / "pages.py").write_text(AFTER)
        async with ScriptedServer(REVIEW, models=[{"id": "scripted-model"}]) as server:
            arguments = ["review", "-C", str(project), "--base-url", server.base_url, "--effort", "low"]
            return await asyncio.to_thread(_on_terminal, arguments, Path(scratch) / "home")


def _git(project: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=project if project.is_dir() else None, check=True)


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


def draw(output: str, command: str, rest: str = "") -> str:
    """The lasting lines of a terminal's output as SVG, with the fonts of whoever looks at it."""
    from rich.console import Console
    from rich.text import Text

    lines = CURSOR.sub("", REPAINTED.sub("", output)).replace("\r", "").strip()
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))  # noqa: SIM115 - closed with the process
    console.print(Text(f"$ {command} {rest}".rstrip(), style="bold"))
    console.print(Text.from_ansi(lines))
    return without_fonts(console.export_svg(title=command, unique_id=command.replace(" ", "-")))


if __name__ == "__main__":
    sys.exit(main())
