"""The benchmark of reviews with the true command line and a scripted model, end to end."""

import asyncio
import json
import subprocess

import pytest

from kimicode.benchmarks.review_attempt import create
from kimicode.benchmarks.review_quality import main, parse
from kimicode.benchmarks.review_set import load
from kimicode.llm.scripted import Reply
from kimicode.review import diff
from tests.fakes.model_server import status
from tests.fakes.panel import REAL, Panel, report, verdict

(BUG,) = load(["retry-jitter"])
PLACE = BUG.places[0]
LINES = [line for file in diff.parse(BUG.change.encode()) for line in file.lines()]
CITED = (PLACE.path, PLACE.first, next(line.text for line in LINES if line.new == PLACE.first))
ONE_FINDER = ("--", "--effort", "low", "--no-run")


def git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def finding_the_bug(asked):
    """Reports the bug where it is, and something of no change that is shown in its place."""
    if asked.results or "full = Math.min" not in asked.told:
        return Reply("none")
    return report(PLACE.path, PLACE.first, "`createTimeout` limits the pause before it is made longer")


def flags(server, out, *more):
    return ["--base-url", server.base_url, "--model", "panel", "--json", str(out), "--time-limit", "60", *more]


async def run(panel, out, *more):
    async with panel.server() as server:
        return await asyncio.to_thread(main, flags(server, out, *more, *ONE_FINDER))


def test_a_case_becomes_two_commits_that_say_nothing_of_the_benchmark(tmp_path):
    create(BUG, tmp_path / "project")
    assert git(tmp_path / "project", "log", "--format=%an %ad %s", "--date=short").splitlines() == [
        f"Sam Author 2026-01-06 {BUG.title}",
        f"Sam Author 2026-01-05 Release {BUG.package.version}",
    ]
    assert git(tmp_path / "project", "diff", "--stat", "HEAD~1").count("lib/retry.js") == 1
    assert git(tmp_path / "project", "status", "--porcelain", "--ignored") == ""


def test_the_same_case_is_the_same_commit_wherever_it_is_made(tmp_path):
    for name in ("one", "two"):
        create(BUG, tmp_path / name)
    assert git(tmp_path / "one", "rev-parse", "HEAD") == git(tmp_path / "two", "rev-parse", "HEAD")


async def test_a_scripted_model_finds_one_bug_and_leaves_a_harmless_change_alone(tmp_path, capsys):
    out = tmp_path / "results.json"
    panel = Panel(finding_the_bug, lambda asked: verdict(CITED, **REAL))

    code = await run(panel, out, "--only", "retry-jitter,retry-main-error", "--jobs", "2")

    assert code == 0, capsys.readouterr()
    report = json.loads(out.read_text())
    bug, harmless = report["cases"]
    assert [finding["mark"] for finding in bug["findings"]] == ["hit"], bug
    assert (bug["state"], harmless["state"], harmless["findings"]) == ("complete", "complete", [])
    assert bug["usage"]["input_tokens"] > 0
    assert bug["model"] == report["run"]["model"] == "panel"
    assert (report["figures"]["all"]["recall"], report["figures"]["all"]["precision"]) == (1.0, 1.0)
    assert report["comments_per_change"] == 0.5
    assert any(BUG.title in asked.told for asked in panel.asked)
    assert "| all | 2 | 1 of 1 |" in capsys.readouterr().out


async def test_a_run_goes_on_where_it_was_and_refuses_the_results_of_another(tmp_path, capsys):
    out = tmp_path / "results.json"
    assert await run(Panel(), out, "--only", "retry-main-error") == 0
    again = Panel()
    assert await run(again, out, "--only", "retry-main-error") == 0
    assert again.asked == []
    assert await run(Panel(), out, "--only", "retry-main-error", "--time-limit", "61") == 1
    assert "holds a run with another time_limit" in capsys.readouterr().err


async def test_a_review_that_failed_is_counted_and_tried_again(tmp_path):
    out = tmp_path / "results.json"
    async with Panel(lambda asked: status(422)).server() as server:
        arguments = [*flags(server, out, "--only", "retry-main-error"), *ONE_FINDER]
        code = await asyncio.to_thread(main, arguments)
    assert code == 0
    assert json.loads(out.read_text())["figures"]["all"]["incomplete"] == 1

    panel = Panel()
    assert await run(panel, out, "--only", "retry-main-error") == 0
    assert panel.asked
    assert json.loads(out.read_text())["figures"]["all"]["incomplete"] == 0


def test_results_of_something_else_are_left_alone(tmp_path, capsys):
    (tmp_path / "results.json").write_text('{"bugs": []}')
    assert main(["--model", "m", "--only", "retry-jitter", "--json", str(tmp_path / "results.json")]) == 1
    assert "holds a run with another model" in capsys.readouterr().err
    assert (tmp_path / "results.json").read_text() == '{"bugs": []}'


def test_part_of_one_half_can_be_asked_for(tmp_path):
    request = parse(
        ["--model", "m", "--half", "dev", "--cases", "5", "--jobs", "3", "--json", str(tmp_path / "r.json")]
    )
    assert len(request.cases) == 5
    assert {case.half for case in request.cases} == {"dev"}
    assert request.plan.flags == ("--model", "m")
    assert request.plan.transcripts == tmp_path / "r.transcripts"


def test_an_unknown_case_is_refused_before_anything_runs(tmp_path, capsys):
    assert main(["--model", "m", "--only", "typo", "--json", str(tmp_path / "r.json")]) == 1
    assert "no such case: typo" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--model", "m", "--half", "both"], ["--model", "m", "--cases", "many"]])
def test_a_wrong_flag_ends_the_command(arguments):
    with pytest.raises(SystemExit):
        parse(arguments)
