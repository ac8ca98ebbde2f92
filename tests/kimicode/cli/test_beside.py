"""The end of work in a worktree where somebody can be asked, and the spelling of its option."""

import os
import pty
import signal
import subprocess
import sys
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


def chooser(*answers):
    """Somebody who gives these answers, and what they were asked."""
    left = list(answers)
    asked = []

    def choose(question, choices):
        asked.append((question, dict(choices)))
        return left.pop(0)

    choose.asked = asked
    return choose


def test_what_was_done_is_shown_and_merged_if_the_person_says_so(project):
    beside = Beside(project, "w", "", carry=False)
    commit(beside)
    said = []
    choose = chooser("m")
    beside.conclude(choose, said.append)
    assert said == ["kimicode/w: 1 commit\n  A b +1 -0", "merged"]
    assert choose.asked == [
        ("What becomes of it?", {"m": "merge into main", "k": "keep it", "d": "discard it"}),
    ]
    assert (project / "b").exists()
    assert not beside.folder.exists()
    assert git(project, "branch", "--list", "kimicode/*") == ""


@pytest.mark.parametrize("answer", ["k", ""])
def test_kept_or_left_without_an_answer_everything_stays_and_the_way_back_is_told(project, answer):
    beside = Beside(project, "w", "", carry=False)
    commit(beside)
    said = []
    beside.conclude(chooser(answer), said.append)
    assert "git merge kimicode/w" in said[-1]
    assert (beside.folder / "b").exists()
    assert not (project / "b").exists()


def test_what_is_discarded_can_be_found_again_by_its_commit(project):
    beside = Beside(project, "w", "", carry=False)
    commit(beside)
    said = []
    beside.conclude(chooser("d"), said.append)
    assert not beside.folder.exists()
    assert git(project, "branch", "--list", "kimicode/*") == ""
    lost = said[-1].split()[4]
    assert said[-1] == f"discarded; `git branch NAME {lost.strip('`')}` brings its commits back"
    git(project, "branch", "again", lost.strip("`"))
    assert git(project, "show", "again:b") == "b"


def test_a_branch_that_moved_on_is_merged_where_both_fit_together(project):
    beside = Beside(project, "w", "", carry=False)
    commit(beside)
    (project / "mine").write_text("mine\n")
    git(project, "add", ".")
    git(project, "commit", "-m", "meanwhile")
    (project / "loose").write_text("not committed\n")
    beside.conclude(chooser("m"), lambda text: None)
    assert git(project, "log", "-1", "--format=%s") == "Merge branch 'kimicode/w'"
    assert git(project, "log", "-1", "--format=%P").count(" ") == 1
    assert sorted(path.name for path in project.iterdir() if path.is_file()) == ["b", "loose", "mine"]
    assert git(project, "status", "--porcelain") == "?? loose"


def test_a_conflict_is_named_before_anything_is_touched(project):
    beside = Beside(project, "w", "", carry=False)
    commit(beside)
    (project / "b").write_text("another b\n")
    git(project, "add", ".")
    git(project, "commit", "-m", "meanwhile")
    said = []
    beside.conclude(chooser("m"), said.append)
    assert said[1] == "both branches changed the same lines of b\n`git merge kimicode/w` begins the merge."
    assert "git merge kimicode/w" in said[2]
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "log", "-1", "--format=%s") == "meanwhile"


def test_a_merge_that_is_not_possible_leaves_everything_and_says_why(project):
    beside = Beside(project, "w", "", carry=False)
    commit(beside)
    (project / "b").write_text("mine\n")
    said = []
    beside.conclude(chooser("m"), said.append)
    assert "overwrite" in said[1]
    assert "git merge kimicode/w" in said[2]
    assert (project / "b").read_text() == "mine\n"
    assert (beside.folder / "b").read_text() == "b\n"


def test_what_is_not_committed_stays_when_the_rest_is_merged(project):
    beside = Beside(project, "w", "", carry=False)
    commit(beside)
    (beside.folder / "loose").write_text("more\n")
    said = []
    beside.conclude(chooser("m"), said.append)
    assert said[1] == f"and 1 uncommitted file in {beside.tree.own.root}"
    assert said[-1].startswith("merged; ")
    assert (project / "b").exists()
    assert (beside.folder / "loose").read_text() == "more\n"


def test_uncommitted_work_cannot_be_merged_and_is_discarded_only_when_asked_twice(project):
    beside = Beside(project, "w", "", carry=False)
    (beside.folder / "b").write_text("b\n")
    said = []
    choose = chooser("d", "n")
    beside.conclude(choose, said.append)
    assert "m" not in choose.asked[0][1]
    assert choose.asked[1][0] == "1 uncommitted file cannot be brought back. Sure?"
    assert said[-1] == f"The work is in {beside.tree.own.root}, uncommitted, on the branch kimicode/w"
    beside.conclude(chooser("d", "y"), said.append)
    assert not beside.folder.exists()
    assert git(project, "branch", "--list", "kimicode/*") == ""


def test_without_a_terminal_nobody_is_asked():
    program = "from kimicode.cli.beside import choice; print(repr(choice('What?', {'k': 'keep'})))"
    done = subprocess.run([sys.executable, "-c", program], input="k\n", capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("''\n", "")


@pytest.mark.parametrize(("typed", "chosen"), [("x\nM\n", "m"), ("\n", ""), ("\x04", ""), ("\x03", "")])
def test_at_a_terminal_the_question_comes_again_until_it_is_answered_or_left(typed, chosen):
    program = (
        "import sys; from kimicode.cli.beside import choice; sys.exit(ord(choice('What?', {'m': 'merge'}) or '0'))"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # who starts the tests in the background has it ignored
        os.execv(sys.executable, [sys.executable, "-c", program])
    seen = b""
    while b"[m] merge: " not in seen:
        seen += os.read(terminal, 1000)
    os.write(terminal, typed.encode())
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == ord(chosen or "0")


def test_a_worktree_for_nothing_goes_without_a_word_also_with_carried_files(project):
    (project / "mine").write_text("mine\n")
    beside = Beside(project, "w", "", carry=True)
    beside.conclude(lambda question, choices: pytest.fail("nothing to merge"), lambda text: pytest.fail(text))
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
