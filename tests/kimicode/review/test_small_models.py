"""Answers of a model of 1.5 billion parameters, as they came: JSON instead of calls, wrong names, marks in the code."""

import json
from typing import Any

from kimicode.agent.budget import Limits
from kimicode.config.schema import Settings
from kimicode.llm.scripted import Reply
from kimicode.review.reviewer import Wish, review
from tests.fakes.panel import Asked, Panel, once
from tests.fakes.reviewed import changed

NAMES = 'def full_name(first, last):\n    if last == "":\n        return first\n    return first + " " + last\n'
SHORT = 'def full_name(first, last):\n    return f"{first} {last}" if last else first\n'
USERS = "def find_user(db, name):\n    return db.execute(QUERY, (name,)).fetchone()\n"
QUERY = "    query = f\"SELECT id FROM users WHERE name = '{name}'\""
OPEN = f"def find_user(db, name):\n{QUERY}\n    return db.execute(query).fetchone()\n"


async def reviewed(panel, source):
    async with panel.server() as server:
        settings = Settings(base_url=server.base_url, model="panel", max_retries=0)
        return await review(Wish(settings, Limits(steps=None), effort="low"), source)


def fenced(**fields: Any) -> Reply:
    return Reply(f"```json\n{json.dumps(fields, indent=2)}\n```")


async def test_a_report_without_a_path_and_with_marks_in_its_code_is_placed(tmp_path):
    report = fenced(
        category="concurrency",
        line=4,
        end_line=5,
        side="new",
        code=f"+2|{QUERY}\n+3|    return db.execute(query).fetchone()",
        claim="The new `query` string takes `name` as it was typed in.",
        scenario="A name with a quote in it ends the string and adds SQL of its own.",
        severity="high",
        confidence=0.8,
    )
    ruled = fenced(
        verdict="real",
        why="so",
        citations=[{"path": "users.py", "line": 2, "text": f"+2|{QUERY}"}],
    )
    result = await reviewed(
        Panel(lambda asked: report, lambda asked: ruled), changed(tmp_path, {"users.py": USERS}, {"users.py": OPEN})
    )
    (finding,) = result.findings
    assert (finding.path, finding.first, finding.last, finding.category) == ("users.py", 2, 3, "concurrency")


async def test_a_verdict_in_words_is_asked_for_as_a_call_and_its_json_counts(tmp_path):
    report = fenced(
        path="names.py",
        line=1,
        end_line=3,
        side="old",
        code='def full_name(first, last):\n-2|    if last == "":\n-3|        return first',
        claim="The function `full_name` now returns `first` if `last` is empty, which is incorrect.",
        scenario="The function is called with 'John' and '', and it should return 'John'.",
        severity="high",
        confidence=1.0,
        category="correctness",
    )

    def judges(asked: Asked) -> Reply:
        if "You have not called `verdict`" not in asked.last:
            return Reply('Therefore, the scenario is not real.\n\n- **verdict**: "not real"\n- **confidence**: 1.0')
        return fenced(
            verdict="not real",
            why="It returns 'John' as before.",
            citations=[],
            severity="high",
            confidence=1.0,
            output="",
        )

    panel = Panel(lambda asked: report, judges)
    result = await reviewed(panel, changed(tmp_path, {"names.py": NAMES}, {"names.py": SHORT}))
    assert (result.findings, result.dropped) == ((), {"refuted": 1})
    assert len(panel.of("verifier")) == 2


async def test_a_file_that_is_called_by_its_function_is_found(tmp_path):
    call = (
        "report",
        {"path": "find_user.py", "line": 2, "claim": "`name` reaches SQL", "scenario": "a quote ends the string"},
    )
    panel = Panel(once(Reply(calls=[call])), lambda asked: Reply(""))
    result = await reviewed(panel, changed(tmp_path, {"users.py": USERS}, {"users.py": OPEN}))
    assert result.dropped == {"unverified": 1}
