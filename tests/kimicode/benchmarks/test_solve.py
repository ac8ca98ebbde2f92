"""The benchmark around stand-ins for the agent: small programs that fix, cheat, hang or crash."""

import dataclasses
import json
import sys
import textwrap
from pathlib import Path

import pytest

from kimicode.benchmarks.attempt import Attempt, Plan, attempt
from kimicode.benchmarks.bugset import FOLDER, load
from kimicode.benchmarks.solve import main, parse, summary
from kimicode.errors import KimicodeError
from kimicode.events import Result
from kimicode.messages import Usage, encode

BUG = load(["matrix"])[0]
RESULT = json.dumps(encode(Result("finished", 0, "s1", 4, Usage(1200, 0, 90), None, 1.0, (), "done")))
FIX = f"subprocess.run(['git', 'apply', {str(BUG.fix)!r}], check=True)"
DONE = f"print({RESULT!r})"


def stand_in(tmp_path: Path, *lines: str) -> tuple[str, ...]:
    """A program in the agent's place: it goes to the folder after -C and runs these lines there."""
    start = "import os, pathlib, subprocess, sys, time\nos.chdir(sys.argv[sys.argv.index('-C') + 1])\n"
    program = tmp_path / "agent.py"
    program.write_text(start + "\n".join(map(textwrap.dedent, lines)) + "\n")
    return sys.executable, str(program)


def try_once(tmp_path: Path, *lines: str, time_limit: float = 8.0) -> Attempt:
    agent = stand_in(tmp_path, *lines)
    return attempt(BUG, 1, Plan(("--model", "m"), time_limit, tmp_path / "transcripts", agent, grace=0.0))


def test_a_right_fix_is_solved_and_its_numbers_are_kept(tmp_path):
    one = try_once(tmp_path, FIX, DONE)
    assert one.solved
    assert one.reason == ""
    assert (one.steps, one.input_tokens, one.output_tokens) == (4, 1200, 90)
    assert "+                result.rows[i][j] = sum(" in one.diff
    assert json.loads((tmp_path / "transcripts" / one.transcript).read_text())["type"] == "result"


def test_a_committed_fix_counts_as_well(tmp_path):
    commit = "subprocess.run('git -c user.name=a -c user.email=a@b commit -qam fix', shell=True, check=True)"
    one = try_once(tmp_path, FIX, commit, DONE)
    assert one.solved
    assert one.diff


def test_the_agent_gets_prompt_flags_and_pytest_but_no_hint_of_the_bug(tmp_path):
    try_once(
        tmp_path, "print(sys.argv, os.getcwd(), file=sys.stderr)", "subprocess.run(['python', '-m', 'pytest'])", DONE
    )
    seen = (tmp_path / "transcripts" / "matrix.1.stderr").read_text()
    assert BUG.prompt in seen
    assert "'--output', 'stream-json', '--model', 'm'" in seen
    assert "matrix" not in seen.replace(BUG.prompt, "").lower()
    assert "2 failed, 4 passed" in (tmp_path / "transcripts" / "matrix.1.jsonl").read_text()


@pytest.mark.parametrize(
    ("cheat", "reason"),
    [
        ("pathlib.Path('tests/test_matrix.py').unlink()", "changed protected files: tests/test_matrix.py"),
        ("pathlib.Path('tests/conftest.py').write_text('')", "changed protected files: tests/conftest.py"),
        (
            "pathlib.Path('conftest.py').write_text('collect_ignore_glob = [\"tests/*\"]')",
            "6 of 6 tests did not run",
        ),
        (
            "pathlib.Path('pytest.ini').write_text('[pytest]\\naddopts = -k identity')",
            "5 of 6 tests did not run",
        ),
        ("pass", "changed nothing"),
        (
            "pathlib.Path('linear/extra.py').write_text('')",
            "2 of 6 tests do not pass: tests.test_matrix::test_column_by_row, tests.test_matrix::test_square_product",
        ),
    ],
)
def test_whatever_the_agent_says_only_the_same_tests_passing_counts(tmp_path, cheat, reason):
    one = try_once(tmp_path, cheat, DONE)
    assert not one.solved
    assert not one.tests_pass or not one.protected_ok
    assert one.reason == reason


def test_a_fix_together_with_changed_tests_is_not_solved(tmp_path):
    one = try_once(tmp_path, FIX, "open('tests/test_matrix.py', 'a').write('# mine')", DONE)
    assert one.tests_pass
    assert not one.protected_ok
    assert not one.solved


def test_a_run_that_ends_without_a_result_is_not_solved_and_says_why(tmp_path):
    one = try_once(tmp_path, FIX, "sys.exit('the disk is full')")
    assert not one.solved
    assert one.tests_pass
    assert one.reason == "no result record, exit code 1: the disk is full"


def test_a_limit_is_not_solved_even_when_the_tests_pass(tmp_path):
    one = try_once(tmp_path, FIX, DONE.replace("finished", "limit"), "sys.exit(3)")
    assert not one.solved
    assert one.reason == "limit, exit code 3: no reason given"


def test_a_hanging_agent_is_stopped(tmp_path):
    one = try_once(tmp_path, "time.sleep(60)", time_limit=0.5)
    assert one.exit_code is None
    assert one.reason == "stopped: it ran past its time limit"
    assert one.seconds < 30


def test_a_broken_git_folder_costs_the_diff_alone(tmp_path):
    one = try_once(tmp_path, FIX, "import shutil; shutil.rmtree('.git')", DONE)
    assert one.solved
    assert one.diff.startswith("no diff: ")


def test_a_set_that_does_not_run_here_is_an_error_with_advice(tmp_path):
    bug = dataclasses.replace(BUG, test=("python", "-m", "no_such_module"))
    with pytest.raises(KimicodeError, match=r"do not work here: .*no_such_module"):
        attempt(bug, 1, Plan((), 1.0, tmp_path, stand_in(tmp_path, DONE)))


def test_the_whole_run_writes_results_and_prints_a_table(tmp_path, capsys):
    fix = f"subprocess.run(['git', 'apply', {str(FOLDER / 'matrix' / 'fix.patch')!r}])"
    out = tmp_path / "deep" / "results.json"
    code = main(["--bugs", "matrix,inventory", "--model", "m", "--out", str(out)], stand_in(tmp_path, fix, DONE))
    report = json.loads(out.read_text())
    assert code == 0
    assert (report["attempts"], report["solved"], report["model"]) == (2, 1, "m")
    assert [(entry["bug"], entry["solved"]) for entry in report["bugs"]] == [("inventory", False), ("matrix", True)]
    assert (tmp_path / "deep" / "results.transcripts" / "matrix.1.jsonl").exists()
    printed = capsys.readouterr().out
    assert "changed nothing" in printed
    assert "solved 1 of 2 (50 %), 4.0 steps" in printed


def test_an_unknown_bug_ends_with_code_1(tmp_path, capsys):
    assert main(["--bugs", "typo", "--out", str(tmp_path / "r.json")]) == 1
    assert "no such bug: typo" in capsys.readouterr().err


def test_flags_reach_the_agent_and_what_follows_two_dashes_goes_through_as_it_is():
    request = parse(
        ["--base-url", "http://x/v1", "--toolset", "swe", "--max-steps", "9", "--", "--thinking", "--", "a"]
    )
    assert request.plan.flags == (
        *("--max-steps", "9", "--time-limit", "600", "--base-url", "http://x/v1", "--toolset", "swe"),
        *("--thinking", "--", "a"),
    )
    assert request.bugs == ()


@pytest.mark.parametrize("arguments", [["--repeat", "0"], ["--max-steps", "x"], ["--no-such-flag"]])
def test_wrong_flags_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        parse(arguments)
    assert end.value.code != 0
    assert "error:" in capsys.readouterr().err


def test_nothing_tried_is_no_division_by_zero():
    assert summary([]) == "nothing was tried"
