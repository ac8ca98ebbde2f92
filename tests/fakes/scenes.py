"""What the pictures of the interface show: one of everything, the same every time."""

from kimicode.agent.context import Context, Share
from kimicode.displays import Brief, CommandRun, Diff, PlanStep
from kimicode.events import ApprovalRequested, ToolCompleted, TurnStarted
from kimicode.messages import Usage
from kimicode.tui.changes import Changes
from kimicode.tui.content import (
    Call,
    Compacted,
    Content,
    Markdown,
    Note,
    Plan,
    Prompt,
    Shell,
    Thinking,
    TurnEnd,
    Welcome,
)
from kimicode.tui.state import Queued, State
from kimicode.tui.text.markdown import split
from kimicode.tui.transcript.document import Document
from kimicode.workspace.shell import JobStatus

PATCH = """\
@@ -3,7 +3,8 @@ from decimal import Decimal
 # sums
 def grand_total(rows):
-    for _, category, amount in rows:
-        total = Decimal(0)
+    total = Decimal(0)
+    for _, _, amount in rows:
         total += amount
+    # the sum of all rows, in the currency of the first one
     return total
 # end
"""
OTHER_PATCH = "@@ -1,2 +1,2 @@\n def parse(line):\n-    return line.split(',')\n+    return next(csv.reader([line]))\n"
STEPS = (
    PlanStep("Find where the total is set back", "done"),
    PlanStep("Start it once, before the loop", "active"),
    PlanStep("Run the tests"),
)
_ANSWER = """\
# What was wrong

The total was set back to zero **for each row**, so only the last one counted; see `report.py` and
[the manual](https://docs.python.org/3/library/decimal.html). Nothing *else* changed.

```python
def grand_total(rows: list[Row]) -> Decimal:
    \"\"\"The sum of all rows.\"\"\"
    return sum((row.amount for row in rows), Decimal(0))
```

| file | tests | 結果 |
|:-----|------:|:----:|
| report.py | 12 | ✅ |
| 日本語.py | 3 | 🎉 |

1. Words that go on for longer than a narrow terminal is wide are broken between them and stay below themselves.
2. שלום עולם stays readable.
   - [x] a task that is done
   - [ ] one that is not

> A quotation of somebody.
"""


def answer() -> Document:
    """A question and an answer with every kind of Markdown."""
    blocks = split(_ANSWER)
    return _document(
        Welcome("kimicode 1.0", (("folder", "/project"), ("help", "/help, or F1"))),
        Prompt("grand_total in report.py returns the wrong sum.\nWhy?"),
        Thinking("The total looks as if it were set back. I should look at the loop.", 3.2),
        *(Markdown(block, first=place == 0) for place, block in enumerate(blocks)),
        TurnEnd("finished", "No file changed", 12.0),
    )


def work() -> Document:
    """Calls of every state, with what they show."""
    output = "\n".join(f"test_report.py::test_{number} PASSED" for number in range(30)) + "\n30 passed in 0.12s\n"
    edit = '{"path": "report.py", "old_str": "a", "new_str": "b"}'
    return _document(
        Prompt("Fix it."),
        Plan(STEPS),
        Call("c1", "view", '{"path": "report.py"}', "done", Brief("9 lines"), seconds=0.1),
        Call("c2", "strreplace", edit, "done", Diff("report.py", PATCH, 3, 2), seconds=0.1),
        Call("c3", "bash", '{"command": "pytest -q"}', "done", CommandRun("pytest -q", output, 0), output, 4.2),
        Call("c4", "bash", '{"command": "make"}', "failed", CommandRun("make", "no rule\n", 2), "no rule", 0.3),
        Call("c5", "bash", '{"command": "rm -r build"}', "denied", reason="keep it, it is needed"),
        Call("c6", "bash", '{"command": "sleep 60"}', "running", output="still at it\n"),
    )


def notes() -> Document:
    """What is said beside the conversation."""
    return _document(
        Prompt("and be quick", steered=True),
        Shell("git status --short", " M report.py\n", 0),
        Note("info", "It now answers with another model."),
        Note("warning", "The window is nearly full."),
        Note("error", "127.0.0.1:8000 cannot be reached\nStart the server, or choose another endpoint."),
        Compacted(180_000, 9_000),
        Markdown("The answer broke off he"),
        TurnEnd("interrupted", "1 file changed\n  M report.py  +3 -2", 61.0),
    )


def _document(*contents: Content) -> Document:
    document = Document()
    for content in contents:
        document.append(content)
    return document


STATE = State(
    phase="idle",
    session_id="20260101-120000-abcd",
    title="wrong sum",
    model="kimi-k2.6",
    branch="main",
    dirty=2,
    context_tokens=104_858,
    window=262_144,
    usage=Usage(100_000, 80_000, 4_000, 0.42),
)
_RUN = CommandRun("git push --force origin main && \\\n  ./deploy.sh 'every server'\x1b[2K", "", None)
COMMAND = ApprovalRequested("c1", "bash", "Run a command?", display=_RUN, cwd="/project", repeatable=True)
PUSH = ApprovalRequested(
    "c3",
    "bash",
    "Run a command?",
    display=CommandRun("git push origin main", "", None),
    cwd="/project",
    repeatable=True,
    rule="bash: git push",
)
EDIT = ApprovalRequested(
    "c2", "strreplace", "Change report.py?", display=Diff("report.py", PATCH, 3, 2), rule="strreplace", repeatable=True
)
QUEUE = (Queued("then write the changelog"), Queued("and tag it"))
CONTEXT = Context(
    262_144,
    104_858,
    222_822,
    (
        Share("instructions", 4_000),
        Share("tools", 9_000),
        Share("your words", 2_500),
        Share("files and output", 80_000),
    ),
)


def changes() -> Changes:
    """Two turns, an edit in each."""
    found = Changes()
    for turn, path, patch, added, removed in (("t1", "parse.py", OTHER_PATCH, 1, 1), ("t2", "report.py", PATCH, 3, 2)):
        found.feed(TurnStarted(turn, "go on"))
        found.feed(ToolCompleted(turn, "strreplace", False, (), Diff(path, patch, added, removed), 0.1, {}))
    return found


class Jobs:
    """What the list of background commands asks of a conversation."""

    def jobs(self) -> tuple[JobStatus, ...]:
        return JobStatus("b1", "npm run dev", None, 65.0, 2), JobStatus("b2", "make", 2, 4.0, 0)

    def job_output(self, job_id: str) -> str:
        return f"{job_id}: listening on port 3000\n" * 3
