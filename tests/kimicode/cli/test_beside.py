"""The end of work in a worktree where somebody can be asked, and the spelling of its option."""

import os
import subprocess
from pathlib import Path

import pytest

from kimicode.cli.beside import Beside, with_fresh_names
from kimicode.errors import UsageError


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    (root / "inside").mkdir(parents=True)
    git(root, "init", "--initial-branch=main")
    git(root, "config", "user.name", "Test")
    git(root, "config", "user.email", "test@example.org")
    (root / "inside/a").write_text("a\n")
    git(root, "add", ".")
    git(root, "commit", "-m", "first")
    return root


def commit(beside: Beside) -> None:
    (beside.folder / "b").write_text("b\n")
    git(beside.folder, "add", ".")
    git(beside.folder, "commit", "-m", "work")


def test_it_works_in_the_same_folder_of_the_worktree(project):
    beside = Beside(project / "inside", "?", "Fix it", carry=False)
    assert beside.folder.name == "inside"
    assert (beside.folder / "a").exists()
    assert beside.folder.is_relative_to(os.environ["KIMICODE_HOME"])
    assert "on the branch kimicode/fix-it-" in beside.opening


@pytest.mark.parametrize("answer", [True, False])
def test_work_is_merged_if_the_person_says_so(project, answer):
    beside = Beside(project, "w", "", carry=False)
    commit(beside)
    questions = []
    said = []

    def asked(question):
        questions.append(question)
        return answer

    beside.conclude(asked, said.append)
    assert questions == ["Merge kimicode/w into main?"]
    assert (project / "b").exists() is answer
    assert beside.folder.exists() is not answer
    assert (said[-1] == "merged") is answer
    assert (git(project, "branch", "--list", "kimicode/*") == "") is answer
    assert ("git merge kimicode/w" in said[-1]) is not answer


def test_a_merge_that_is_not_possible_leaves_everything_and_says_why(project):
    beside = Beside(project, "w", "", carry=False)
    commit(beside)
    (project / "b").write_text("mine\n")
    said = []
    beside.conclude(lambda question: True, said.append)
    assert "overwrite" in said[0]
    assert "git merge kimicode/w" in said[1]
    assert (project / "b").read_text() == "mine\n"
    assert (beside.folder / "b").read_text() == "b\n"


def test_uncommitted_work_is_kept_and_named_without_a_question(project):
    beside = Beside(project, "w", "", carry=False)
    (beside.folder / "b").write_text("b\n")
    said = []
    beside.conclude(lambda question: pytest.fail("nothing to merge"), said.append)
    assert said == [f"The work is in {beside.tree.own.root}, uncommitted, on the branch kimicode/w"]


def test_a_worktree_for_nothing_goes_without_a_word_also_with_carried_files(project):
    (project / "mine").write_text("mine\n")
    beside = Beside(project, "w", "", carry=True)
    beside.conclude(lambda question: pytest.fail("nothing to merge"), lambda text: pytest.fail(text))
    assert not beside.folder.exists()
    assert git(project, "branch", "--list", "kimicode/*") == ""


def test_a_carried_file_that_was_changed_further_is_not_thrown_away(project):
    (project / "mine").write_text("mine\n")
    beside = Beside(project, "w", "", carry=True)
    (beside.folder / "mine").write_text("more\n")
    beside.conclude(None, lambda text: None)
    assert (beside.folder / "mine").read_text() == "more\n"


def test_outside_of_a_repository_it_says_why_not(tmp_path):
    with pytest.raises(UsageError, match="needs a git repository"):
        Beside(tmp_path, "w", "", carry=False)


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        (["run", "--worktree", "fix it"], ["run", "--worktree=?", "fix it"]),
        (["run", "--worktree=w", "fix it"], ["run", "--worktree=w", "fix it"]),
        (["run", "--", "--worktree"], ["run", "--", "--worktree"]),
    ],
)
def test_the_option_takes_a_name_only_with_an_equals_sign(given, spelled):
    assert with_fresh_names(given) == spelled
