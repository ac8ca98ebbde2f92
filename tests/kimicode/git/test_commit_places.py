"""Commits of what a run changed in repositories of every kind: unborn, detached, linked, shallow, sparse, filtered."""

import subprocess

import pytest


def status(git, root):
    return git(root, "-c", "core.quotePath=false", "status", "--porcelain")


@pytest.fixture(autouse=True)
def _identity(project, git):
    git(project, "config", "user.name", "Test")
    git(project, "config", "user.email", "test@example.org")


def test_the_first_commit_of_an_unborn_branch(tmp_path, run, git):
    root = tmp_path / "fresh"
    root.mkdir()
    git(root, "init", "--initial-branch=trunk")
    git(root, "config", "user.name", "Test")
    git(root, "config", "user.email", "test@example.org")
    run(root, lambda: (root / "a").write_text("a\n")).commit("First")
    assert git(root, "log", "--format=%s", "trunk") == "First"
    assert status(git, root) == ""


def test_a_detached_head_moves_and_no_branch_does(project, run, git):
    git(project, "checkout", "--detach")
    made = run(project, lambda: (project / "a").write_text("run\n")).commit("Detached")
    assert git(project, "rev-parse", "HEAD") == made
    assert git(project, "rev-parse", "main") != made


def test_a_linked_work_tree_commits_on_its_own_branch(project, tmp_path, run, git):
    linked = tmp_path / "linked"
    git(project, "worktree", "add", "-b", "topic", str(linked))
    made = run(linked, lambda: (linked / "a").write_text("run\n")).commit("Linked")
    assert git(project, "rev-parse", "topic") == made
    assert status(git, linked) == status(git, project) == ""


def test_a_shallow_clone_commits(project, tmp_path, run, git):
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--depth=1", f"file://{project}", str(clone))
    git(clone, "config", "user.name", "Test")
    git(clone, "config", "user.email", "test@example.org")
    run(clone, lambda: (clone / "a").write_text("run\n")).commit("Shallow")
    assert status(git, clone) == ""


@pytest.mark.parametrize("sparse_index", ["--sparse-index", "--no-sparse-index"])
def test_a_sparse_checkout_keeps_what_is_not_checked_out(project, run, git, commit, sparse_index):
    for folder in ("in", "out"):
        (project / folder).mkdir()
        (project / folder / "f").write_text("f\n")
    commit(project)
    git(project, "sparse-checkout", "set", "--cone", sparse_index, "in")
    run(project, lambda: (project / "in/f").write_text("run\n")).commit("Sparse")
    assert git(project, "ls-tree", "-r", "--name-only", "HEAD").split() == ["a", "b", "in/f", "out/f"]
    assert status(git, project) == ""


def test_a_partial_clone_fetches_nothing(project, tmp_path, run, git):
    git(project, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--filter=blob:none", "--sparse", f"file://{project}", str(clone))
    git(clone, "config", "user.name", "Test")
    git(clone, "config", "user.email", "test@example.org")
    run(clone, lambda: (clone / "new").write_text("run\n")).commit("Partial")
    assert git(clone, "show", "--format=", "--name-only") == "new"


def test_a_submodule_that_moved_is_left_out(project, tmp_path, run, git, commit):
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init")
    git(outer, "submodule", "add", str(project), "inner")
    git(outer, "commit", "-m", "with a submodule")

    def change():
        commit(outer / "inner", a="moved\n")
        (outer / "own").write_text("x\n")

    draft = run(outer, change)
    assert draft.left_out == ("inner is a submodule: commit and publish it first",)
    assert [change.path for change in draft.difference().files] == ["own"]


def test_what_passes_through_a_filter_is_left_out(project, run, git, commit):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    (project / ".gitattributes").write_text("*.bin filter=lfs -text\n")
    (project / "data.bin").write_text(pointer)
    commit(project)
    draft = run(project, lambda: (project / "data.bin").write_bytes(b"large"))
    assert draft.left_out == ("data.bin passes through the filter lfs, which kimicode does not run",)


def test_line_ends_are_committed_as_git_would(project, run, git, commit):
    (project / ".gitattributes").write_text("*.txt text eol=crlf\n")
    (project / "a.txt").write_bytes(b"1\r\n2\r\n")
    commit(project)
    run(project, lambda: (project / "a.txt").write_bytes(b"1\r\n3\r\n")).commit("Lines")
    assert subprocess.check_output(["git", "show", "HEAD:a.txt"], cwd=project) == b"1\n3\n"
    assert status(git, project) == ""
