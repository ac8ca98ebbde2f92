"""Work trees beside the person's: repositories of every kind, carried changes, the way back, and nothing started."""

import pytest

from kimicode.errors import DiskError, UsageError
from kimicode.git.work import of_work
from kimicode.git.worktree import create, fast_forward, remove


@pytest.fixture
def make(tmp_path, found):
    def made(root, name="topic-1", *, carry=False):
        return create(found(root), tmp_path / "trees" / name, name, carry=carry, scratch=tmp_path / "scratch")

    return made


@pytest.fixture(autouse=True)
def _identity(project, git):
    git(project, "config", "user.name", "Test")
    git(project, "config", "user.email", "test@example.org")


def commit_in(worktree, opened, text="run\n") -> str:
    tree = opened(worktree.own.root)
    before = tree.snapshot()
    (worktree.own.root / "a").write_text(text)
    return of_work(tree, before, tree.snapshot()).commit("Change a")


def test_it_has_the_commits_files_on_a_branch_of_its_own(project, make, git):
    worktree = make(project)
    assert worktree.own.branch() == worktree.branch == "kimicode/topic-1"
    assert (worktree.own.root / "a").read_text() == "1\n2\n3\n"
    assert worktree.notes == ()
    assert git(worktree.own.root, "status", "--porcelain") == git(project, "status", "--porcelain") == ""
    assert git(project, "branch", "--show-current") == "main"


def test_uncommitted_changes_stay_behind_and_that_is_said(project, make, git):
    (project / "a").write_text("mine\n")
    git(project, "add", "a")
    worktree = make(project)
    assert (worktree.own.root / "a").read_text() == "1\n2\n3\n"
    assert worktree.notes == (f"1 uncommitted file of {project} are not there: --carry brings them along",)
    assert git(project, "status", "--porcelain") == "M  a"


def test_uncommitted_changes_can_come_along_and_are_not_committed(project, make, git, opened):
    (project / "b").write_text("mine\n")
    (project / "new").write_bytes(b"\0\1")
    worktree = make(project, carry=True)
    assert (worktree.own.root / "b").read_text() == "mine\n"
    assert (worktree.own.root / "new").read_bytes() == b"\0\1"
    commit_in(worktree, opened)
    assert git(worktree.own.root, "show", "--format=", "--name-only") == "a"
    assert git(project, "status", "--porcelain") == "M b\n?? new"


def test_it_is_removed_with_its_branch_where_nothing_was_committed(project, make, git):
    worktree = make(project)
    remove(worktree)
    assert not worktree.own.root.exists()
    assert git(project, "branch", "--list", "kimicode/*") == ""
    assert git(project, "worktree", "list").count("\n") == 0


def test_a_branch_with_commits_outlives_its_folder(project, make, git, opened):
    worktree = make(project)
    made = commit_in(worktree, opened)
    remove(worktree)
    assert git(project, "rev-parse", "kimicode/topic-1") == made


def test_the_way_back_leaves_other_uncommitted_changes_alone(project, make, git, opened):
    worktree = make(project)
    made = commit_in(worktree, opened)
    (project / "b").write_text("mine\n")
    fast_forward(worktree.home, made)
    assert git(project, "rev-parse", "main") == made
    assert (project / "a").read_text() == "run\n"
    assert git(project, "status", "--porcelain") == "M b"


def test_the_way_back_is_refused_where_it_would_overwrite_something(project, make, git, opened):
    worktree = make(project)
    made = commit_in(worktree, opened)
    (project / "a").write_text("mine\n")
    with pytest.raises(UsageError, match="overwrite"):
        fast_forward(worktree.home, made)
    assert (project / "a").read_text() == "mine\n"
    assert git(project, "rev-parse", "main") == worktree.start


def test_the_way_back_is_refused_where_the_branch_moved_on(project, make, commit, opened):
    worktree = make(project)
    made = commit_in(worktree, opened)
    commit(project, b="meanwhile\n")
    with pytest.raises(UsageError, match="moved on"):
        fast_forward(worktree.home, made)


def test_before_the_first_commit_there_is_nothing_to_begin_with(tmp_path, make, git):
    root = tmp_path / "fresh"
    root.mkdir()
    git(root, "init")
    with pytest.raises(UsageError, match="needs a commit"):
        make(root)


@pytest.mark.parametrize("name", ["a..b", "a b", "-x/", "x.lock"])
def test_a_name_that_no_branch_can_have_is_refused(project, make, name):
    with pytest.raises(UsageError, match="branch's name"):
        make(project, name)


def test_a_name_in_use_is_refused_and_the_first_one_stays(project, make):
    first = make(project)
    with pytest.raises(UsageError, match="exists already"):
        make(project)
    assert (first.own.root / "a").exists()


def test_a_detached_head_and_a_linked_work_tree_are_fine_places_to_begin(project, make, git):
    git(project, "checkout", "--detach")
    first = make(project, "one")
    second = make(first.own.root, "two")
    assert second.own.branch() == "kimicode/two"
    assert (second.own.root / "a").exists()
    assert git(project, "status", "--porcelain") == git(first.own.root, "status", "--porcelain") == ""


def test_a_shallow_clone_is_fine(project, tmp_path, make, git):
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--depth=1", f"file://{project}", str(clone))
    assert (make(clone).own.root / "a").exists()


def test_a_sparse_checkout_stays_sparse(project, make, git, commit):
    for folder in ("in", "out"):
        (project / folder).mkdir()
        (project / folder / "f").write_text("f\n")
    commit(project)
    git(project, "sparse-checkout", "set", "--cone", "in")
    worktree = make(project)
    assert (worktree.own.root / "in/f").exists()
    assert not (worktree.own.root / "out").exists()
    assert git(worktree.own.root, "status", "--porcelain") == ""


def test_submodules_are_empty_and_that_is_said(project, tmp_path, make, git):
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init")
    git(outer, "submodule", "add", str(project), "inner")
    git(outer, "commit", "-m", "with a submodule")
    worktree = make(outer)
    assert worktree.notes == ("submodules are empty there",)
    remove(worktree)


def test_no_filter_hook_or_monitor_runs_and_pointers_stay_pointers(project, tmp_path, make, git, commit, opened):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    (project / ".gitattributes").write_text("*.bin filter=lfs\n")
    (project / "data.bin").write_text(pointer)
    commit(project)
    canary = tmp_path / "sung"
    for key in ("filter.lfs.smudge", "filter.lfs.process", "filter.lfs.clean", "core.fsmonitor"):
        git(project, "config", key, f"echo {key} >> {canary}; cat; false")
    git(project, "config", "filter.lfs.required", "true")
    for hook in ("post-checkout", "reference-transaction", "post-index-change", "post-merge"):
        (project / ".git/hooks" / hook).write_text(f"#!/bin/sh\necho {hook} >> {canary}\n")
        (project / ".git/hooks" / hook).chmod(0o755)
    worktree = make(project)
    assert worktree.notes == ("1 files pass through a filter (lfs) and are as git keeps them",)
    assert (worktree.own.root / "data.bin").read_text() == pointer
    fast_forward(worktree.home, commit_in(worktree, opened))
    remove(worktree)
    assert not canary.exists()


def test_the_way_back_is_refused_where_files_pass_through_a_filter(project, make, git, commit):
    (project / ".gitattributes").write_text("*.bin filter=lfs\n")
    commit(project)
    worktree = make(project)
    (worktree.own.root / "data.bin").write_text("x\n")
    git(worktree.own.root, "add", ".")
    git(worktree.own.root, "commit", "-m", "data")
    with pytest.raises(UsageError, match="filter"):
        fast_forward(worktree.home, worktree.head)


def test_a_folder_that_cannot_be_made_is_said(project, make, tmp_path):
    (tmp_path / "trees").write_text("in the way\n")
    with pytest.raises(DiskError, match="trees"):
        make(project)
