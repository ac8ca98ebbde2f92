"""Finding repositories of every kind, and describing them in one line."""

import os
import subprocess
import sys

import pytest

from kimicode.git.repository import Repository, why_not


@pytest.fixture
def project(tmp_path, git):
    root = tmp_path / "project"
    (root / "src").mkdir(parents=True)
    git(root, "init", "--initial-branch=main")
    (root / "src/a.py").write_text("a = 1\n")
    git(root, "add", ".")
    git(root, "commit", "-m", "first")
    return root


def test_a_repository_is_found_from_a_folder_inside_it(project, found):
    assert found(project / "src").root == project
    assert why_not(project / "src") == ""


def test_a_clean_repository_says_so(project, found):
    assert found(project).summary() == "branch main, no uncommitted changes"


def test_changed_staged_deleted_and_new_files_are_dirty(project, git, found):
    for name in ("b", "c"):
        (project / name).write_text("x")
    git(project, "add", "b", "c")
    git(project, "commit", "-m", "second")
    (project / "src/a.py").write_text("a = 2\n")
    (project / "b").unlink()
    git(project, "mv", "c", "d e\nf")
    (project / "новый 😀").write_text("x")

    assert sorted(found(project).dirty_files()) == ["b", "c", "d e\nf", "src/a.py", "новый 😀"]
    assert found(project).summary() == "branch main, 5 files changed"
    assert len(found(project).dirty_files(limit=2)) == 2


def test_one_changed_file_is_singular(project, found):
    (project / "new").write_text("x")
    assert found(project).summary() == "branch main, 1 file changed"


def test_a_repository_without_a_commit_has_a_branch_and_new_files(tmp_path, git, found):
    git(tmp_path, "init", "--initial-branch=trunk")
    (tmp_path / "a").write_text("x")
    assert found(tmp_path).summary() == "branch trunk (no commits yet), 1 file changed"


def test_a_detached_head_is_named_by_its_short_id(project, git, found):
    git(project, "checkout", "--detach")
    assert found(project).branch() == git(project, "rev-parse", "--short", "HEAD")


def test_a_linked_work_tree_is_a_repository_of_its_own(project, tmp_path, git, found):
    linked = tmp_path / "linked"
    git(project, "worktree", "add", "-b", "topic", str(linked))
    (linked / "new").write_text("x")
    assert found(linked).root == linked
    assert found(linked).summary() == "branch topic, 1 file changed"
    assert found(project).summary() == "branch main, no uncommitted changes"


def test_a_submodule_is_a_repository_of_its_own(project, tmp_path, git, found):
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init")
    git(outer, "submodule", "add", str(project), "inner")
    assert found(outer / "inner/src").root == outer / "inner"
    assert found(outer / "inner").branch() == "main"


def test_a_folder_outside_of_any_repository_has_none(tmp_path):
    assert Repository.discover(tmp_path) is None
    assert "not inside" in why_not(tmp_path)


def test_a_bare_repository_has_no_work_tree(tmp_path, git):
    git(tmp_path, "init", "--bare", "store/.git")
    assert Repository.discover(tmp_path / "store") is None
    assert "bare" in why_not(tmp_path / "store")
    git(tmp_path, "init", "--bare", "other.git")
    assert why_not(tmp_path / "other.git/refs") == f"{tmp_path / 'other.git'} is a bare repository: it has no work tree"


def test_a_folder_that_only_looks_like_a_repository_is_none(tmp_path):
    (tmp_path / ".git").mkdir()
    assert Repository.discover(tmp_path) is None
    assert "not a valid git repository" in why_not(tmp_path)
    (tmp_path / ".git").rmdir()
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    assert Repository.discover(tmp_path) is None


def test_without_git_there_is_no_repository_and_no_noise(project):
    code = (
        "import sys, pathlib; from kimicode.git.repository import Repository, why_not\n"
        "path = pathlib.Path(sys.argv[1]); print(Repository.discover(path), why_not(path))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(project)], env={"PATH": "/nowhere"}, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "None git is not installed, or not in PATH\n"
    assert answer.stderr == ""


def test_a_git_that_does_not_run_is_no_git(project, tmp_path):
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "git").write_text("#!/bin/sh\nexit 1\n")
    (binaries / "git").chmod(0o755)
    code = "import sys, pathlib; from kimicode.git.repository import why_not; print(why_not(pathlib.Path(sys.argv[1])))"
    answer = subprocess.run(
        [sys.executable, "-c", code, str(project)],
        env={"PATH": str(binaries)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "git" in answer.stdout
    assert "Traceback" not in answer.stderr


def test_variables_of_a_surrounding_git_command_lead_nowhere_else(project, tmp_path, git):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--initial-branch=wrong")
    code = (
        "import sys, pathlib; from kimicode.git.repository import Repository\n"
        "print(Repository.discover(pathlib.Path(sys.argv[1])).summary())"
    )
    env = {
        **os.environ,
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": "/nowhere/index",
    }
    answer = subprocess.run(
        [sys.executable, "-c", code, str(project)], env=env, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "branch main, no uncommitted changes\n"
