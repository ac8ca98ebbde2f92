"""`kimicode` without a command: what its options mean, and what happens where there is no terminal."""

import subprocess
import sys

import pytest

from kimicode.cli.tui import with_picker


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["--resume"], ["--resume=?"]),
        (["-r", "--plain"], ["--resume=?", "--plain"]),
        (["-r", "20261122"], ["-r", "20261122"]),
        (["--resume=last"], ["--resume=last"]),
        (["-c"], ["-c"]),
    ],
)
def test_resume_without_an_id_means_choosing(given, meant):
    assert with_picker(given) == meant


def test_without_a_terminal_each_line_of_stdin_is_a_prompt_and_none_is_an_error(called):
    variables = {"KIMICODE_BASE_URL": "http://127.0.0.1:9/v1", "KIMICODE_MODEL": "m", "KIMICODE_MAX_RETRIES": "0"}
    done = called(typed="hello\n", **variables)
    assert done.returncode == 2
    assert "> hello" in done.stdout
    assert "127.0.0.1:9" in done.stderr
    done = called(**variables)
    assert done.returncode == 1
    assert "no prompt came on stdin" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_output_that_takes_no_more_ends_it(called):
    variables = {"KIMICODE_MODEL": "m", "KIMICODE_BASE_URL": "http://127.0.0.1:9/v1"}
    with open("/dev/full", "w") as full:
        done = called(typed="hello\n", stdout=full, **variables)
    assert done.returncode == 2
    assert "cannot write the output: No space left" in done.stderr


def test_the_help_says_what_lines_of_stdin_are(called):
    assert "each line of stdin is a prompt" in called("--help").stdout


def test_options_alone_have_a_help_of_their_own(called):
    done = called("--continue", "--help")
    assert done.returncode == 0
    assert "--resume" in done.stdout


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["-c", "-r", "x"], "contradict"),
        (["--mode", "wild"], "wild"),
        (["--theme", "pink"], "pink"),
        (["-C", "/nowhere/at/all", "--plain"], "/nowhere/at/all"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_what_cannot_be_meant_is_refused(called, given, told):
    done = called(*given)
    assert done.returncode in (1, 2)
    assert told in done.stdout + done.stderr


def test_without_a_terminal_options_lead_to_plain_lines(called):
    done = called("--mode", "plan")
    assert done.returncode == 1
    assert "no model is configured" in done.stderr


def test_the_way_in_loads_nothing_that_the_first_paint_would_wait_for():
    code = "import sys, kimicode.cli.interactive, kimicode.tui.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    heavy = {"git", "httpx2", "markdown_it", "openai", "pydantic", "pygments", "tomlkit", "typer"}
    assert "textual" in loaded, done.stderr
    assert not loaded & heavy, f"load them behind the first paint: {sorted(loaded & heavy)}"
