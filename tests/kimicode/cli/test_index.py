"""`kimicode index` from the outside."""

import os
import subprocess

import pytest


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    (root / "a.py").write_text("def walk(): pass\n")
    (root / "b.md").write_text("# Title\n")
    (root / "left.log").write_text("noise\n")
    (root / ".gitignore").write_text("*.log\n")
    return root


@pytest.fixture
def kimicode(called, tmp_path):
    def run(*arguments, cwd=tmp_path):
        return called("index", *arguments, cwd=cwd)

    return run


def test_it_reads_what_git_knows_and_the_second_time_nothing(project, kimicode):
    subprocess.run(["git", "init", "-q", project], check=True)
    (project / "sub").mkdir()
    first = kimicode(cwd=project / "sub")
    assert first.returncode == 0, first.stderr
    assert "3 files read" in first.stdout
    for path in project.glob("*.*"):
        os.utime(path, (10**9, 10**9))
    kimicode("-C", project)
    assert "0 files read, 3 unchanged" in kimicode("-C", project).stdout


def test_without_git_it_walks(project, kimicode):
    done = kimicode("-C", project)
    assert "3 files read" in done.stdout
    assert done.stderr == ""


def test_the_status_builds_nothing(project, kimicode):
    assert "no index" in kimicode("--status", "-C", project).stdout
    kimicode("-C", project)
    told = kimicode("--status", "-C", project).stdout
    assert "3 files" in told
    assert "1 python" in told
    assert "1 markdown" in told


def test_the_status_says_what_is_left_out_and_why(project, kimicode):
    (project / "huge.py").write_bytes(b"x = 1\n" * 400_000)
    (project / "picture.png").write_bytes(b"\0" * 100)
    kimicode("-C", project)
    shown = kimicode("--status", "-C", project).stdout
    assert "1 left out: larger than 2 MB" in shown
    assert "1 left out: binary" in shown


def test_a_rebuild_reads_everything_again(project, kimicode):
    kimicode("-C", project)
    assert "3 files read, 0 unchanged" in kimicode("--rebuild", "-C", project).stdout


def test_flags_that_contradict_each_other_are_refused(project, kimicode):
    done = kimicode("--rebuild", "--status", "-C", project)
    assert done.returncode == 1
    assert "--status builds nothing" in done.stderr


def test_a_linked_work_tree_uses_the_same_index(project, kimicode, tmp_path):
    git = ["git", "-C", str(project), "-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["commit", "-qm", "first"],
        ["worktree", "add", "-q", tmp_path / "w"],
    ):
        subprocess.run([*git, *map(str, command)], check=True, capture_output=True)
    kimicode("-C", project)
    kimicode("-C", tmp_path / "w")
    assert len(list((tmp_path / "home/cache/index").iterdir())) == 1
    assert "index of " + str(tmp_path / "w") in kimicode("--status", "-C", tmp_path / "w").stdout
