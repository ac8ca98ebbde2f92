"""`kimicode sessions` as a person uses it: real journals under KIMICODE_HOME, real output."""

import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from kimicode.cli.cells import cut
from kimicode.cli.sessions import _ago, app
from kimicode.errors import DiskError, UsageError
from kimicode.events import CommandRun, SessionStarted, ToolCompleted, TurnStarted
from kimicode.messages import Text
from kimicode.sessions.journal import JOURNAL, Journal
from tests.fakes.recorded_session import ended, lifecycle, started


class Home:
    """A KIMICODE_HOME with sessions, and the command line that sees it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def store(self, name: str, *events) -> Path:
        journal = Journal.create(self.root / "sessions" / name)
        for event in events:
            journal.append(event)
        journal.close()
        return journal.folder

    def run(self, *arguments: str):
        return CliRunner().invoke(app, arguments, env={"KIMICODE_HOME": str(self.root)})

    def output(self, *arguments: str):
        result = self.run(*arguments)
        assert result.exit_code == 0, result
        return result.stdout


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def here(resumed: bool = False) -> SessionStarted:
    return started(os.getcwd(), resumed=resumed)


# --- list -----------------------------------------------------------------------------------------------------


def test_without_sessions_it_says_how_to_get_one(home):
    assert home.output("list", "--all") == "No sessions yet. Start one with `kimicode`.\n"
    assert "list --all" in home.output("list")


def test_the_list_is_aligned_and_shows_this_folders_sessions(home):
    home.store("20261122-104501-aaaa", here(), TurnStarted("t", "fix the größe\nplease"), *ended("t", 4))
    home.store("20261122-104502-bbbb", started("/elsewhere"), TurnStarted("t", "other"), *ended("t", 12))
    home.store("20261122-104503-cccc", here(), TurnStarted("t", "\x1b[31mred"))
    assert home.output("list").splitlines() == [
        "ID                    WHEN      STATUS       STEPS  PRICE  PROMPT",
        "20261122-104503-cccc  just now  interrupted      0      -  ␛[31mred",
        "20261122-104501-aaaa  just now  finished         4  $0.25  fix the größe",
    ]
    assert len(home.output("list", "--all").splitlines()) == 4
    assert len(home.output("list", "--all", "--limit", "1").splitlines()) == 2


def test_the_list_as_json_is_whole(home):
    folder = home.store("s1", here(), TurnStarted("t", "two\nlines 漢"), *ended("t", 4))
    (info,) = json.loads(home.output("list", "--json"))
    assert info.pop("updated") == pytest.approx(time.time(), abs=60)
    assert info == {
        "id": "s1",
        "cwd": os.getcwd(),
        "model": "kimi-k2.6",
        "status": "finished",
        "steps": 4,
        "price": 0.25,
        "prompt": "two\nlines 漢",
        "folder": str(folder),
    }
    assert json.loads(home.output("list", "--json", "--limit", "5")) != []


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (7_199, "1 h ago"),
        (86_400, "1 d ago"),
        (6.9 * 86_400, "6 d ago"),
    ],
)
def test_times_are_said_as_people_say_them(seconds, said):
    assert _ago(1_763_778_301 - seconds, 1_763_778_301) == said


def test_times_over_a_week_ago_are_dates():
    assert _ago(1_763_778_301, 1_763_778_301 + 30 * 86_400).startswith("2025-11-2")


def test_lines_are_cut_by_terminal_cells():
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"
    assert cut("漢字漢字", 8) == "漢字漢字"
    assert cut("漢字漢字", 7) == "漢字漢…"
    assert cut("漢字漢字", 6) == "漢字…"
    assert cut("e\u0301e\u0301e\u0301", 3) == "e\u0301e\u0301e\u0301"
    assert cut("", 10) == ""


# --- show -----------------------------------------------------------------------------------------------------


def test_show_tells_the_session_plainly_when_piped(home):
    home.store("20261122-104501-k3f9", *lifecycle("boom"))
    text = home.output("show", "20261122")
    assert "\x1b" not in text
    assert "Prompt\n  fix the größe 修正して\n  please 🙂\n" in text
    assert "bash: exit 2, 3.2 s\n  $ make\n  boom\n" in text
    assert "strreplace: src/größe.py (+1 -1)\n  -a\n  +b\n" in text
    assert "finished (2 steps, 12 s, $0.2500)\n  2 files changed\n" in text
    assert "hmm" not in text
    assert "Thinking\n  hmm, a lone half: \ufffd\n" in home.output("show", "20261122", "--thinking")


def test_show_shortens_long_outputs(home):
    output = "\n".join(f"line {number}" for number in range(1_000))
    home.store("s", here(), ToolCompleted("c", "bash", False, (Text(output),), CommandRun("seq", output, 0), 1.0, {}))
    lines = home.output("show", "s").splitlines()
    assert len(lines) < 50
    assert "  … 961 lines left out …" in lines
    assert "  line 999" in lines


def test_last_is_the_last_one_of_this_folder(home):
    home.store("mine", here(), TurnStarted("t", "mine"), *ended("t", 1))
    home.store("other", started("/elsewhere"), TurnStarted("t", "other"), *ended("t", 1))
    assert "mine" in home.output("show", "last")


def test_an_unknown_or_ambiguous_id_is_a_usage_error(home):
    home.store("aa1", started("/elsewhere"))
    home.store("aa2", started("/elsewhere"))
    for session in ("nope", "aa", "last"):
        result = home.run("show", session)
        assert isinstance(result.exception, UsageError)
        assert result.exception.hint


def test_damage_is_told_on_stderr_and_the_rest_is_shown(home):
    folder = home.store("s", here(), TurnStarted("t", "go"))
    with (folder / JOURNAL).open("ab") as file:
        file.write(b"\x1b[31mgarbage\n" * 7 + b'{"v":2,"type":"turn.started"}\n')
    result = home.run("show", "s")
    assert result.exit_code == 0
    assert "  go\n" in result.stdout
    assert "damaged" not in result.stdout
    assert "journal line 3 is damaged and was skipped (13 bytes)" in result.stderr
    assert "… and 2 more damaged lines" in result.stderr
    assert "records of a newer kimicode were skipped: 1" in result.stderr
    assert "\x1b" not in result.stderr


# --- export ---------------------------------------------------------------------------------------------------


def test_export_writes_markdown_or_json(home, tmp_path):
    home.store("s", *lifecycle("boom"))
    assert home.output("export", "s").startswith("# Session 20261122")
    assert json.loads(home.output("export", "s", "--format", "json"))["steps"] == 4
    assert home.output("export", "s", "-o", str(tmp_path / "s.md")) == ""
    assert (tmp_path / "s.md").read_text("utf-8") == home.output("export", "s")


def test_a_file_that_cannot_be_written_is_a_disk_error(home, tmp_path):
    home.store("s", *lifecycle("boom"))
    result = home.run("export", "s", "-o", str(tmp_path / "none" / "s.md"))
    assert isinstance(result.exception, DiskError)
    assert "cannot write" in str(result.exception)


# --- in a terminal --------------------------------------------------------------------------------------------


def in_a_terminal(home: Home, *arguments: str, columns: int = 60, **environment: str) -> str:
    """What the command prints to a pseudo-terminal of this width."""
    leader, follower = pty.openpty()
    code = "from kimicode.cli.sessions import app; app()"
    child = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=follower,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "KIMICODE_HOME": str(home.root), "COLUMNS": str(columns), **environment},
    )
    os.close(follower)
    output = b""
    try:
        while block := os.read(leader, 4096):
            output += block
    except OSError:  # Linux says EIO where the last writer has gone
        pass
    finally:
        os.close(leader)
    assert child.wait() == 0
    return output.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colours_unless_it_asked_for_none(home):
    home.store("s", here(), TurnStarted("t", "go \x1b]0;title\x07"), *ended("t", 1))
    coloured = in_a_terminal(home, "show", "s", NO_COLOR="")
    assert "\x1b[36m\x1b[1mPrompt\x1b[0m\n" in coloured
    assert "go ␛]0;title␇" in coloured
    assert "\x1b" not in in_a_terminal(home, "show", "s", NO_COLOR="1")


def test_the_list_fits_the_terminal(home):
    home.store("20261122-104501-aaaa", here(), TurnStarted("t", "漢字" * 50), *ended("t", 4))
    head, row = in_a_terminal(home, "list", columns=80).splitlines()
    assert head.endswith("PROMPT")
    assert row.endswith(("漢…", "字…"))
    assert len(row) < 80


def test_help_teaches_with_examples():
    for command in ("list", "show", "export"):
        text = CliRunner().invoke(app, [command, "--help"]).stdout
        assert f"kimicode sessions {command}" in text
    assert isinstance(app, typer.Typer)
