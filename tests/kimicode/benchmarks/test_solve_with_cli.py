"""The benchmark with the true command line and the scripted model, end to end."""

import asyncio
import json

from kimicode.benchmarks.solve import main
from kimicode.llm.scripted import Reply, ScriptedServer

EDIT = {"path": "linear/matrix.py", "old_str": "other.rows[j][k]", "new_str": "other.rows[k][j]"}
TURNS = (
    Reply(text="The indices are crossed.", calls=(("strreplace", EDIT),)),
    Reply(calls=(("bash", {"command": "python -m pytest -q"}),)),
    Reply(calls=(("submit", {}),)),
)


async def test_a_scripted_model_solves_one_bug_and_fails_at_the_next(tmp_path):
    out = tmp_path / "results.json"
    giving_up = Reply(text="I cannot find a fault.")
    async with ScriptedServer([*TURNS, *[giving_up] * 9]) as server:
        flags = ["--bugs", "matrix,money-split", "--base-url", server.base_url, "--model", "scripted"]
        limits = ["--max-steps", "6", "--time-limit", "20", "--toolset", "swe", "--out", str(out)]
        code = await asyncio.to_thread(main, [*flags, *limits])
        seen = json.dumps(server.requests[2]["messages"])

    assert code == 0
    solved, failed = json.loads(out.read_text())["bugs"]
    assert solved["solved"], solved
    assert solved["status"] == "finished"
    assert solved["steps"] == 3
    assert solved["input_tokens"] > 0
    assert "other.rows[k][j]" in solved["diff"]
    assert "6 passed" in seen
    assert not failed["solved"]
    assert failed["reason"]
    assert not failed["diff"]
