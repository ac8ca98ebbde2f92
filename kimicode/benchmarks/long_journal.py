"""A recorded session of any length, as `kimicode run` would have left it: questions, answers in Markdown with code,
edits and commands with their outputs, and a compaction wherever the window would have been full."""

import time
from collections.abc import Iterator
from pathlib import Path

from kimicode import __version__
from kimicode.events import (
    CommandRun,
    CompactionCompleted,
    Diff,
    Display,
    Event,
    MessageAdded,
    Result,
    SessionStarted,
    StepStarted,
    ToolCompleted,
    ToolStarted,
    TurnCompleted,
    TurnStarted,
    UsageUpdated,
)
from kimicode.messages import Message, Text, Thinking, ToolCall, Usage, user
from kimicode.sessions.journal import Journal, new_session_id
from kimicode.sessions.records import to_line

TURN = 10
"""Steps of a turn."""
WINDOW = 262_144
_USAGE = Usage(30_000, 25_000, 400, 0.01)
_ANSWER = """\
Step {step} is done. The parser now keeps the *original* line ends, and `read_{step}` says so in its docstring:

```python
def read_{step}(path: str, *, newline: str = "") -> list[str]:
    \"\"\"Lines of a file with their ends.\"\"\"
    with open(path, newline=newline) as file:
        return [line for line in file if not line.startswith("#{step}")]
```

- the tests of step {step} pass,
- two callers had relied on the old behaviour and were changed with it; both are in `src/callers_{step}.py`, whose
  longer comment explains why the second one may not be simplified any further.
"""


def record(sessions: Path, cwd: Path, *, steps: int, output: int, model: str = "scripted") -> str:
    """Write a session of so many steps whose commands print `output` characters each; returns its id."""
    name = new_session_id()
    Journal.create(sessions / name).close()
    now = time.time() - steps
    with (sessions / name / "journal.jsonl").open("wb") as file:
        for number, event in enumerate(_events(name, str(cwd), model, steps, output)):
            file.write(to_line(event, now + number / 10))
    return name


def _events(name: str, cwd: str, model: str, steps: int, output: int) -> Iterator[Event]:
    yield SessionStarted(name, cwd, model, "auto", __version__)
    system = Message("system", (Text("You are a coding agent."),))
    yield MessageAdded(system)
    total, used = Usage(), 0
    for step in range(1, steps + 1):
        turn = f"t{(step - 1) // TURN + 1}"
        if step % TURN == 1:
            prompt = f"Please go on with part {step // TURN + 1} of the work."
            yield TurnStarted(turn, prompt)
            yield MessageAdded(user(prompt))
        yield StepStarted(turn, step)
        yield from _step(step, output)
        used += output // 4 + 400
        if used > WINDOW * 0.8:
            note = user("Everything up to here is done; what is left is the rest of the parts.")
            yield CompactionCompleted(used, 1_000, (system, note))
            used = 1_000
        total = total + _USAGE
        yield UsageUpdated(_USAGE, total, used, WINDOW)
        if step % TURN == 0 or step == steps:
            yield TurnCompleted(turn, "finished", TURN)
            yield Result("finished", 0, name, step, total, total.price, 60.0, (), "1 file changed", answer="Done.")


def _step(step: int, output: int) -> Iterator[Event]:
    call = f"call_{step}"
    if step % TURN == 0:
        parts = (Thinking(f"Step {step} was the last of this part. " * 5), Text(_ANSWER.format(step=step)))
        yield MessageAdded(Message("assistant", parts))
        return
    edit = step % 3 == 0
    tool, arguments = ("strreplace", f'{{"path": "src/a_{step}.py"}}') if edit else ("bash", '{"command": "make"}')
    parts_ = (Thinking(f"Now step {step}. " * 8), Text(f"I do step {step}."), ToolCall(call, tool, arguments))
    yield MessageAdded(Message("assistant", parts_))
    yield ToolStarted(call, tool, arguments)
    text = "".join(f"{step}:{line} compiling module_{line % 97}.c with flags -O2\n" for line in range(output // 48))
    display: Display
    if edit:
        diff = f"@@ -1,3 +1,3 @@\n a = {step}\n-b = 1\n+b = {step}\n c = 3\n"
        display = Diff(f"src/a_{step}.py", diff, 1, 1)
    else:
        display = CommandRun("make", text, 0)
    yield ToolCompleted(call, tool, False, (Text(text or "ok"),), display, 0.4, {})
