"""A judge of findings: what it is asked, what its answers amount to, and that it is told when nobody answers."""

import asyncio
import json

import pytest

from kimicode.benchmarks.review_judge import Judged, judge, main, question, summary
from kimicode.benchmarks.review_set import load
from kimicode.llm.scripted import Reply, ScriptedServer

(BUG,) = load(["retry-jitter"])
FINDING = {
    "mark": "hit",
    "path": "lib/retry.js",
    "first": 51,
    "last": 51,
    "claim": "too long",
    "scenario": "with a limit",
}
COUNTED = {"false": 3, "bugs": 4}


def entries(*findings):
    return [{"case": "retry-jitter", "findings": list(findings)}, {"case": "retry-main-error", "findings": [FINDING]}]


def test_the_judge_is_told_what_is_wrong_and_what_was_said():
    asked = question(BUG, FINDING)
    assert BUG.why in asked
    assert "too long\nwith a limit" in asked
    assert f"lib/retry.js line {BUG.places[0].first}" in asked


@pytest.mark.parametrize(
    ("answer", "means_it"), [("yes", True), ("Yes.", True), ("**Yes**, it does", True), ("no", False), ("", False)]
)
async def test_an_answer_is_read_by_its_first_word(answer, means_it):
    async def ask(prompt):
        return answer

    assert [one.means_it for one in await judge(entries(FINDING), ask)] == [means_it]


async def test_only_changes_with_a_bug_are_asked_about():
    asked = []

    async def ask(prompt):
        asked.append(prompt)
        return "no"

    await judge(entries(FINDING, {**FINDING, "mark": "false"}), ask)
    assert len(asked) == 2


def test_a_bug_counts_once_and_findings_of_harmless_changes_stay_false():
    judged = [
        Judged("a", "hit", True),
        Judged("a", "repeat", True),
        Judged("b", "hit", False),
        Judged("c", "false", True),
    ]
    text = summary(judged, COUNTED)
    assert "agrees with 2 of 3 findings at the place of a bug, and takes 1 of 1 others" in text
    assert "recall 50 %, precision 40 %" in text
    assert "recall unknown" in summary([], {"false": 0, "bugs": 0})


async def test_a_results_file_is_judged_over_http(tmp_path, capsys):
    results = tmp_path / "results.json"
    results.write_text(json.dumps({"cases": entries(FINDING), "figures": {"all": {"false": 1, "bugs": 1}}}))
    async with ScriptedServer([Reply("Yes")]) as server:
        code = await asyncio.to_thread(main, [str(results), "--model", "scripted", "--base-url", server.base_url])
    assert code == 0
    assert "By the judge: recall 100 %, precision 50 %." in capsys.readouterr().out
