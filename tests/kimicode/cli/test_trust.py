"""`kimicode trust`: said, listed, taken back."""

import os
import subprocess
import sys

import pytest

from kimicode.benchmarks.terminal import Terminal
from kimicode.cli.main import dispatch
from kimicode.config.load import record, trust_in


@pytest.fixture(autouse=True)
def home(tmp_path):
    """A home that is wide, and kimicode's own folder in it."""
    before = dict(os.environ)
    (tmp_path / "home").mkdir()
    os.environ.update(HOME=str(tmp_path / "home"), KIMICODE_HOME=str(tmp_path / "home/kimicode"))
    yield tmp_path / "home"
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "src").mkdir()
    (folder / "AGENTS.md").write_text("be kind")
    return folder


def said(capsys, *words) -> tuple[int, str]:
    code = dispatch(["trust", *map(str, words)])
    return code, "".join(capsys.readouterr())


def test_a_folder_is_trusted_listed_and_forgotten(project, capsys):
    code, out = said(capsys, project / "src")
    assert (code, out.splitlines()) == (0, [f"{project} is trusted", "  AGENTS.md"])
    assert trust_in(project, environ=os.environ).given
    assert said(capsys, "--list")[1].split() == ["trusted", str(project)]
    assert said(capsys, "--revoke", project / "src") == (0, f"{project} is forgotten: the next start asks\n")
    assert not trust_in(project, environ=os.environ).given
    code, out = said(capsys, "--revoke", project)
    assert code == 1
    assert "there is no answer" in out


def test_it_says_again_yes_to_what_changed(project, capsys):
    said(capsys, project)
    (project / "AGENTS.md").write_text("be brief")
    assert trust_in(project, environ=os.environ).changed(project) == ["AGENTS.md"]
    said(capsys, project)
    assert trust_in(project, environ=os.environ).changed(project) == []


def test_the_home_folder_has_to_be_named_and_is_warned_of(home, capsys):
    before = os.getcwd()
    os.chdir(home)
    try:
        code, out = said(capsys)
    finally:
        os.chdir(before)
    assert code == 1
    assert f"kimicode trust {home}" in out
    assert record(os.environ).entries() == []
    code, out = said(capsys, home)
    assert code == 0
    assert "more than one project" in out


def test_a_folder_that_is_gone_is_listed_as_such_and_can_be_forgotten(project, capsys):
    said(capsys, project)
    subprocess.run(["rm", "-r", str(project)], check=True)
    assert "(gone)" in said(capsys, "--list")[1]
    assert said(capsys, "--revoke", project)[0] == 0
    assert "No folder has an answer" in said(capsys, "--list")[1]
    assert said(capsys, project) == (1, f"kimicode: {project} is no folder\n")


def test_what_config_toml_says_is_not_forgotten_in_silence(project, home, capsys):
    said(capsys, project)
    (home / "kimicode/config.toml").write_text(f'trusted = ["{project}"]')
    assert "still names" in said(capsys, "--revoke", project)[1]


@pytest.mark.parametrize(("typed", "answer"), [("t", "trusted"), ("w", "untrusted"), ("q", None), ("", None)])
def test_before_git_is_needed_a_person_at_the_terminal_is_asked(project, home, typed, answer):
    code = "import sys; from pathlib import Path; from kimicode.cli.trust import settle; settle(Path(sys.argv[1]))"
    terminal = Terminal([sys.executable, "-c", code, str(project)], columns=120, environ=dict(os.environ))
    with terminal:
        terminal.until("[q] quit")
        assert "Do you trust what is in here?" in terminal.text
        terminal.type(f"{typed}\n")
        assert (terminal.wait() == 0) is (typed != "q")
    assert trust_in(project, environ=os.environ).answer == answer


def test_where_nobody_is_there_nothing_is_asked(project):
    code = "import sys; from pathlib import Path; from kimicode.cli.trust import settle; settle(Path(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(project)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=30)
    assert done.stderr == b""
    assert trust_in(project, environ=os.environ).answer is None
