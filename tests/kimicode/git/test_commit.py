"""Commits of what a run changed: exactly that, and everything of the person's stays as it was."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.errors import UsageError
from kimicode.git.command import GitError
from kimicode.git.commit import of_staged, remarks
from kimicode.git.repository import Repository
from kimicode.git.work import of_tracked, of_work


def lines(*changed: str, count: int = 30) -> str:
    """Thirty lines, some of them replaced: "3=three"."""
    new = dict(change.split("=") for change in changed)
    return "".join(f"{new.get(str(i), i)}\n" for i in range(1, count + 1))


def status(git, root):
    return git(root, "-c", "core.quotePath=false", "status", "--porcelain")


@pytest.fixture(autouse=True)
def _identity(project, git):
    git(project, "config", "user.name", "Test")
    git(project, "config", "user.email", "test@example.org")


def test_a_run_is_committed_with_its_message(project, run, git):
    def change():
        (project / "a").write_text("changed\n")
        (project / "new").write_text("new\n")
        (project / "b").unlink()

    made = run(project, change).commit("Change a\n\nBecause.\n")
    assert git(project, "rev-parse", "HEAD") == made
    assert git(project, "log", "-1", "--format=%B") == "Change a\n\nBecause."
    assert git(project, "show", "--format=", "--name-status").split() == ["M", "a", "D", "b", "A", "new"]
    assert status(git, project) == ""
    assert git(project, "reflog", "-1", "--format=%gs") == "commit: Change a"


def test_what_the_person_staged_and_changed_elsewhere_stays_exactly_as_it_was(project, run, git):
    (project / "staged").write_text("staged\n")
    (project / "b").write_text("not staged\n")
    git(project, "add", "staged")
    before = status(git, project)
    draft = run(project, lambda: (project / "a").write_text("run\n"))
    draft.commit("Change a")
    assert status(git, project) == before
    assert git(project, "show", "--format=", "--name-only") == "a"


def test_in_a_file_that_the_person_was_changing_only_the_runs_lines_are_committed(project, run, git, commit):
    commit(project, a=lines())
    (project / "a").write_text(lines("2=mine"))
    draft = run(project, lambda: (project / "a").write_text(lines("2=mine", "20=run")))
    draft.commit("Change line 20")
    assert git(project, "show", "HEAD:a") + "\n" == lines("20=run")
    assert (project / "a").read_text() == lines("2=mine", "20=run")
    changed = [line for line in git(project, "diff", "-U0").splitlines() if line[0] in "+-" and line[1] not in "+-"]
    assert changed == ["-2", "+mine"]
    assert git(project, "diff", "--cached") == ""


def test_what_was_staged_in_the_same_file_is_still_staged(project, run, git, commit):
    commit(project, a=lines())
    (project / "a").write_text(lines("2=staged"))
    git(project, "add", "a")
    (project / "a").write_text(lines("2=staged", "10=loose"))
    draft = run(project, lambda: (project / "a").write_text(lines("2=staged", "10=loose", "20=run")))
    draft.commit("Change line 20")
    assert git(project, "show", "HEAD:a") + "\n" == lines("20=run")
    assert git(project, "show", ":a") + "\n" == lines("2=staged", "20=run")
    assert status(git, project) == "MM a"


def test_a_file_in_which_both_changed_the_same_lines_is_left_out(project, run, git, commit):
    commit(project, a=lines(), b="b\n")
    (project / "a").write_text(lines("5=mine"))

    def change():
        (project / "a").write_text(lines("5=run"))
        (project / "b").write_text("run\n")

    draft = run(project, change)
    assert draft.left_out == ("a has changes of yours in the same lines",)
    draft.commit("Change b")
    assert git(project, "show", "--format=", "--name-only") == "b"
    assert status(git, project) == "M a"


def test_a_file_that_was_never_committed_is_left_out(project, run):
    (project / "mine").write_text("mine\n")
    draft = run(project, lambda: (project / "mine").write_text("run\n"))
    assert draft.left_out == ("mine was not committed before the run",)
    assert draft.empty


def test_by_products_of_commands_are_left_out_and_named(project, run):
    def change():
        (project / "a.out").write_bytes(b"\x7fELF\0\0")
        (project / "logo").write_bytes(b"\x89PNG\0\0")
        (project / "text").write_text("text\n")

    draft = run(project, change, edited=["logo"])
    assert draft.left_out == ("a.out is new, made by a command, and binary or large",)
    assert [change.path for change in draft.difference().files] == ["logo", "text"]


def test_nothing_changed_is_an_empty_draft(project, run):
    assert run(project, lambda: None).empty


def test_what_a_command_of_the_run_committed_already_is_not_committed_again(project, run, git):
    def change():
        (project / "a").write_text("run\n")
        git(project, "commit", "-am", "the model's own")

    assert run(project, change).empty


def test_modes_links_and_names_of_any_bytes_are_kept(project, run, git):
    strange = os.fsencode(project) + b"/caf\xe9 \n*"

    def change():
        (project / "a").chmod(0o755)
        (project / "link").symlink_to("a")
        Path(os.fsdecode(strange)).write_text("x\n")

    run(project, change).commit("Modes")
    listing = git(project, "ls-tree", "-r", "HEAD")
    assert "100755 blob" in listing
    assert "120000 blob" in listing
    assert status(git, project) == ""


def test_a_folder_takes_a_files_place(project, run, git):
    def change():
        (project / "a").unlink()
        (project / "a").mkdir()
        (project / "a/inner").write_text("x\n")

    run(project, change).commit("A folder")
    assert git(project, "ls-tree", "-r", "--name-only", "HEAD").split() == ["a/inner", "b"]
    assert status(git, project) == ""


def test_a_merge_in_progress_is_not_committed(project, run, git, commit):
    git(project, "checkout", "-b", "topic")
    commit(project, a="theirs\n")
    git(project, "checkout", "main")
    commit(project, a="ours\n")
    subprocess.run(["git", "merge", "topic"], cwd=project, capture_output=True, check=False)
    with pytest.raises(UsageError, match="merge is unfinished"):
        run(project, lambda: (project / "b").write_text("run\n"))


def test_a_branch_that_moved_meanwhile_is_not_overwritten_and_nothing_changes(project, run, git, commit):
    draft = run(project, lambda: (project / "a").write_text("run\n"))
    git(project, "commit", "--allow-empty", "-m", "meanwhile")
    with pytest.raises(GitError):
        draft.commit("Too late")
    assert git(project, "log", "-1", "--format=%s") == "meanwhile"
    assert not (project / ".git/index.lock").exists()
    assert status(git, project) == "M a"


def test_another_git_command_at_work_is_waited_for_by_the_person_not_broken(project, run, git):
    draft = run(project, lambda: (project / "a").write_text("run\n"))
    (project / ".git/index.lock").touch()
    before = git(project, "rev-parse", "HEAD")
    with pytest.raises(GitError, match="at work"):
        draft.commit("Locked")
    assert git(project, "rev-parse", "HEAD") == before
    assert (project / ".git/index.lock").exists()


def test_who_commits_must_be_known(project, run, git):
    git(project, "config", "user.name", "")
    draft = run(project, lambda: (project / "a").write_text("run\n"))
    with pytest.raises(UsageError, match="who commits"):
        draft.commit("Nobody")


def test_no_hook_and_no_signing_program_runs_and_that_is_said(project, run, git, tmp_path):
    canary = tmp_path / "sung"
    for hook in ("pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-index-change"):
        file = project / ".git/hooks" / hook
        file.write_text(f"#!/bin/sh\necho {hook} >> {canary}\n")
        file.chmod(0o755)
    git(project, "config", "commit.gpgSign", "true")
    git(project, "config", "gpg.program", "/bin/false")
    draft = run(project, lambda: (project / "a").write_text("run\n"))
    draft.commit("Quiet")
    assert not canary.exists()
    repository = Repository.discover(project)
    assert repository is not None
    said = remarks(repository.origin)
    assert said[0] == "kimicode does not run hooks: pre-commit, commit-msg, post-commit"
    assert "not signed" in said[1]


def test_what_is_staged_is_committed_alone(project, git, found):
    (project / "a").write_text("staged\n")
    git(project, "add", "a")
    (project / "a").write_text("loose\n")
    (project / "b").write_text("loose\n")
    draft = of_staged(found(project).origin)
    assert "+staged" in draft.difference().told(1_000)
    draft.commit("Staged")
    assert git(project, "show", "HEAD:a") == "staged"
    assert status(git, project) == "M a\n M b"


def test_without_anything_staged_it_says_what_to_do(project, found):
    with pytest.raises(UsageError, match="-a") as error:
        of_staged(found(project).origin)
    assert "nothing is staged" in error.value.message


def test_all_tracked_files_are_committed_and_new_ones_are_not(project, opened, git):
    (project / "staged").write_text("staged\n")
    (project / "a").write_text("changed\n")
    (project / "b").unlink()
    (project / "untracked").write_text("x\n")
    git(project, "add", "staged")
    of_tracked(opened(project)).commit("All")
    assert git(project, "show", "--format=", "--name-status").split() == ["M", "a", "D", "b", "A", "staged"]
    assert status(git, project) == "?? untracked"


@settings(max_examples=8, deadline=None)
@given(
    mine=st.lists(st.integers(0, 9), max_size=3, unique=True),
    staged=st.lists(st.integers(10, 19), max_size=3, unique=True),
    runs=st.lists(st.integers(20, 29), min_size=1, max_size=3, unique=True),
)
def test_whoever_changed_which_lines_the_persons_differences_survive(tmp_path_factory, mine, staged, runs):
    root = tmp_path_factory.mktemp("any")

    def git(*words: str) -> str:
        identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
        return subprocess.check_output(["git", *identity, *words], cwd=root, text=True)

    def text(*groups: list[int]) -> str:
        changed = {number: group for group, numbers in enumerate(groups) for number in numbers}
        # Two equal lines between those that may change: what lies side by side cannot be told apart.
        return "".join(f"{number}\n-\n-\n" if number not in changed else f"{number}!\n-\n-\n" for number in range(30))

    git("init", "-q")
    git("config", "user.name", "T")
    git("config", "user.email", "t@example.org")
    (root / "f").write_text(text())
    git("add", "f")
    git("commit", "-qm", "first")
    (root / "f").write_text(text(staged))
    git("add", "f")
    (root / "f").write_text(text(staged, mine))
    from kimicode.git.snapshot import WorkTree

    repository = Repository.discover(root)
    assert repository is not None
    with WorkTree(repository, tmp_path_factory.mktemp("scratch")) as tree:
        before = tree.snapshot()
        (root / "f").write_text(text(staged, mine, runs))
        of_work(tree, before, tree.snapshot()).commit("Run")
    assert git("show", "HEAD:f") == text(runs)
    assert git("show", ":f") == text(runs, staged)
    assert (root / "f").read_text() == text(staged, mine, runs)


@pytest.mark.parametrize("name", ["logs/HEAD", "index", "logs/refs/heads"])
def test_git_does_not_write_through_a_link_that_a_command_put_into_its_folder(project, run, git, tmp_path, name):
    victim = tmp_path / "victim"
    path = project / ".git" / name

    def change():
        (project / "a").write_text("changed\n")
        if path.is_dir():
            path.rename(victim)
        else:
            victim.write_bytes(path.read_bytes() if name == "index" else b"the person's\n")
            path.unlink()
        path.symlink_to(victim)

    draft = run(project, change)
    head = git(project, "rev-parse", "HEAD")
    before = {file: file.read_bytes() for file in (victim, *victim.rglob("*")) if file.is_file()}
    with pytest.raises((UsageError, GitError), match="link"):
        draft.commit("Change a")
    assert git(project, "rev-parse", "HEAD") == head
    assert {file: file.read_bytes() for file in (victim, *victim.rglob("*")) if file.is_file()} == before
    assert not (project / ".git/index.lock").exists()
