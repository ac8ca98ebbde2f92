"""Names that must not come to be: made, shared, taken away again, and left alone once somebody uses them."""

import os
import subprocess
import sys

import pytest

from kimicode.workspace.sandbox.ghosts import Ghosts, sweep
from kimicode.workspace.sandbox.layers import PACKAGE_ROOT


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


@pytest.fixture
def records(tmp_path):
    return tmp_path / "data" / "ghosts"


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_absent_names_are_made_and_gone_afterwards(project, records):
    ghosts = Ghosts(records)
    ghosts.make([project / ".kimicode", project / ".git" / "info" / "attributes", project / ".git" / "hooks"])
    assert names(project) == [".git", ".git/hooks", ".git/info", ".git/info/attributes", ".kimicode"]
    assert (project / ".kimicode").is_dir()
    assert (project / ".git" / "info" / "attributes").read_bytes() == b""
    ghosts.remove()
    assert names(project) == [".git"]
    assert list(records.glob("*.json")) == []


def test_they_go_although_a_process_that_is_being_started_holds_a_copy_of_the_record(project, records):
    ghosts = Ghosts(records)
    ghosts.make([project / ".kimicode"])
    gate, opens = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(opens)
        os.read(gate, 1)
        os._exit(0)
    try:
        ghosts.remove()
        assert names(project) == [".git"]
    finally:
        os.close(opens)
        os.waitpid(child, 0)


def test_what_was_there_before_is_never_touched(project, records):
    (project / ".git" / "hooks").mkdir()
    (project / ".git" / "config").touch()
    ghosts = Ghosts(records)
    ghosts.make([project / ".git" / "hooks", project / ".git" / "config"])
    ghosts.remove()
    assert names(project) == [".git", ".git/config", ".git/hooks"]


def test_what_somebody_filled_meanwhile_stays(project, records):
    ghosts = Ghosts(records)
    ghosts.make([project / ".kimicode", project / ".git" / "config.worktree", project / ".git" / "commondir"])
    (project / ".kimicode" / "config.toml").write_text("mode = 'ask'\n")
    (project / ".git" / "config.worktree").write_text("[core]\n")
    (project / ".git" / "commondir").unlink()
    (project / ".git" / "commondir").symlink_to("elsewhere")
    ghosts.remove()
    assert names(project) == [".git", ".git/commondir", ".git/config.worktree", ".kimicode", ".kimicode/config.toml"]


def test_git_works_while_its_ghosts_are_there(project, records):
    def git(*words):
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c", *words]
        return subprocess.run(command, cwd=project, capture_output=True, text=True, check=True, timeout=30).stdout

    git("init", "-q")
    ghosts = Ghosts(records)
    ghosts.make([project / ".git" / name for name in ("commondir", "config.worktree", "info/attributes")])
    (project / "file").write_text("text\n")
    git("add", "file")
    git("commit", "-qm", "one")
    git("worktree", "add", "-q", str(project.parent / "other"))
    assert git("-C", str(project.parent / "other"), "status", "--short") == ""
    assert git("fsck") == ""
    ghosts.remove()
    assert git("status", "--short") == ""


def test_an_empty_git_folder_does_not_hide_the_repository_around_it(project, records):
    subprocess.run(["git", "init", "-q"], cwd=project, check=True, timeout=30)
    inner = project / "inner"
    inner.mkdir()
    ghosts = Ghosts(records)
    ghosts.make([inner / ".git"])
    command = ["git", "rev-parse", "--show-toplevel"]
    done = subprocess.run(command, cwd=inner, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == str(project.resolve())
    ghosts.remove()
    assert not (inner / ".git").exists()


def test_of_two_sandboxes_the_last_one_takes_them_away(project, records):
    first, second = Ghosts(records), Ghosts(records)
    first.make([project / ".kimicode"])
    second.make([project / ".kimicode"])
    first.remove()
    assert (project / ".kimicode").is_dir()
    second.remove()
    assert not (project / ".kimicode").exists()


def test_those_of_a_killed_agent_go_at_the_next_start(project, records):
    code = (
        f"import sys, os; sys.path.append({str(PACKAGE_ROOT)!r}); from pathlib import Path\n"
        "from kimicode.workspace.sandbox.ghosts import Ghosts\n"
        "ghosts = Ghosts(Path(sys.argv[1])); ghosts.make([Path(sys.argv[2])]); os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", code, str(records), str(project / ".kimicode")]
    assert subprocess.run(command, timeout=30).returncode == -9
    assert (project / ".kimicode").is_dir()
    sweep(records)
    assert names(project) == [".git"]
    assert list(records.glob("*.json")) == []


@pytest.mark.parametrize("text", ["", "[", "{}", '["\\u1234"]', "[1, null]", '"path"'])
def test_a_damaged_record_takes_nothing_away(project, records, text):
    records.mkdir(parents=True)
    (records / "damaged.json").write_text(text)
    sweep(records)
    assert names(project) == [".git"]


def test_where_nothing_can_be_made_nothing_is(project, records):
    ghosts = Ghosts(records)
    (project / "file").touch()
    ghosts.make([project / "file" / ".kimicode"])
    ghosts.remove()
    assert names(project) == [".git", "file"]


def test_a_folder_that_was_removed_is_not_made_again(project, records):
    ghosts = Ghosts(records)
    ghosts.make([project / "vendor" / "lib" / ".git" / "config", project / ".git" / "config.worktree"])
    assert names(project) == [".git", ".git/config.worktree"]
    ghosts.remove()


def test_without_records_there_is_nothing_to_sweep(records):
    sweep(records)
    assert not records.exists()
