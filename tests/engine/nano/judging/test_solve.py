"""From a file of bugs to a rate with its interval, through real processes and a scripted model."""

import asyncio
import json

import pytest

from kimicode.llm.scripted import ScriptedServer
from nano_training.judging.attempt import Attempt
from nano_training.judging.bugs import entry
from nano_training.judging.solve import main, table, wilson
from tests.fakes.nano_bugs import BUG, FIX, RUN, SUBMIT


def one(kind, *, solved, tries=1):
    return Attempt("x", "x", kind, solved, "" if solved else "why", solved, True, "finished", 4, tries, 2.5, 10, 5)


async def test_bugs_are_tried_and_the_results_written(tmp_path, capsys):
    bugs, out = tmp_path / "bugs.json", tmp_path / "results" / "held_out.json"
    bugs.write_text(json.dumps([entry(BUG), entry(BUG)]))
    async with ScriptedServer([RUN, FIX, RUN, SUBMIT]) as server:
        arguments = ["--base-url", server.base_url, "--bugs", str(bugs), "--count", "1", "--out", str(out)]
        arguments += ["--least", "2", "--", "--toolset", "swe"]
        assert await asyncio.to_thread(main, arguments) == 3, "two were to be solved"
        assert len(server.requests[0]["tools"]) == 6, "what stands behind -- went to the agent"
    said = capsys.readouterr().out
    assert "minus                    solved   4 steps  1 edits" in said
    assert "solved 1 of 1: 100.0% (95 %: 20.7% to 100.0%)" in said
    report = json.loads(out.read_text())
    assert (report["solved"], report["tried"], report["solved_by_edits"]) == (1, 1, {"1": 1})
    assert report["attempts"][0]["bug"] == "minus"


def test_what_cannot_be_read_is_one_line(tmp_path, capsys):
    assert main(["--base-url", "http://127.0.0.1:9/v1", "--bugs", str(tmp_path / "none.json")]) == 1
    assert capsys.readouterr().err.startswith("solve: ")


@pytest.mark.parametrize(
    ("solved", "tried", "low", "high"), [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (350, 500, 0.6585, 0.7385)]
)
def test_the_interval_stays_within_what_is_possible(solved, tried, low, high):
    assert wilson(solved, tried) == pytest.approx((low, high), abs=1e-4)


def test_the_worst_kind_stands_first():
    rows = table([one("operator", solved=True), one("bound", solved=False), one("bound", solved=True)]).splitlines()
    assert [row.split()[0] for row in rows[:2]] == ["bound", "operator"]
    assert rows[2].startswith("solved 2 of 3: 66.7%")
