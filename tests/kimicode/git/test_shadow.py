"""Repositories of every kind and configuration are left bit for bit as they were, and nothing of theirs is started."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kimicode.events import FileChange


def fingerprint(folder: Path) -> dict[str, tuple[str, int]]:
    """Contents of all files, and their times; git itself renews the times of objects that it would write again."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            0 if "objects" in path.parts else path.stat().st_mtime_ns,
        )
        for path in files
    }


def test_the_repository_is_bit_for_bit_the_same_afterwards(project, opened, git, found):
    (project / "staged").write_text("staged\n")
    git(project, "add", "staged")
    (project / "a").write_text("dirty\n")
    untouched = fingerprint(project / ".git")
    tree = opened(project)
    before = tree.snapshot()
    (project / "new").write_text("new\n")
    after = tree.snapshot()
    tree.changes(before, after)
    tree.patch(before, after)
    tree.close()
    found(project).summary()
    assert fingerprint(project / ".git") == untouched


def test_an_empty_repository_without_a_commit_works(tmp_path, opened, git):
    root = tmp_path / "empty"
    root.mkdir()
    git(root, "init")
    tree = opened(root)
    before = tree.snapshot()
    (root / "first").write_text("x\n")
    assert tree.changes(before, tree.snapshot()) == (FileChange("first", "A", 1, 0),)


def test_a_linked_work_tree_works(project, tmp_path, opened, git):
    linked = tmp_path / "linked"
    git(project, "worktree", "add", str(linked))
    tree = opened(linked)
    before = tree.snapshot()
    (linked / "a").write_text("x\n")
    assert [change.path for change in tree.changes(before, tree.snapshot())] == ["a"]


@pytest.mark.parametrize("sparse_index", ["--sparse-index", "--no-sparse-index"])
def test_a_sparse_checkout_has_no_phantom_deletions(project, opened, sparse_index, git, commit):
    for folder in ("in", "out"):
        (project / folder).mkdir()
        (project / folder / "f").write_text("f\n")
    commit(project)
    git(project, "sparse-checkout", "set", "--cone", sparse_index, "in")
    assert not (project / "out").exists()
    tree = opened(project)
    before = tree.snapshot()
    assert tree.changes(git(project, "rev-parse", "HEAD^{tree}"), before) == ()
    (project / "in/f").write_text("changed\n")
    (project / "elsewhere").mkdir()
    (project / "elsewhere/g").write_text("g\n")
    assert [change.path for change in tree.changes(before, tree.snapshot())] == ["elsewhere/g", "in/f"]


def test_a_split_index_is_understood(project, opened, git):
    git(project, "update-index", "--split-index")
    tree = opened(project)
    assert tree.changes(git(project, "rev-parse", "HEAD^{tree}"), tree.snapshot()) == ()


def test_a_repository_with_sha256_ids_works(tmp_path, opened, git, commit):
    root = tmp_path / "modern"
    root.mkdir()
    git(root, "init", "--object-format=sha256")
    commit(root, a="a\n")
    tree = opened(root)
    before = tree.snapshot()
    assert len(before) == 64
    (root / "a").write_text("b\n")
    assert tree.changes(before, tree.snapshot()) == (FileChange("a", "M", 1, 1),)


def test_a_merge_with_conflicts_is_recorded_as_the_files_are(project, opened, git, commit):
    git(project, "checkout", "-b", "topic")
    commit(project, a="theirs\n")
    git(project, "checkout", "main")
    commit(project, a="ours\n")
    subprocess.run(["git", "merge", "topic"], cwd=project, capture_output=True, check=False)
    untouched = fingerprint(project / ".git")
    tree = opened(project)
    before = tree.snapshot()
    (project / "a").write_text("resolved\n")
    assert [change.path for change in tree.changes(before, tree.snapshot())] == ["a"]
    assert fingerprint(project / ".git") == untouched


@pytest.mark.parametrize("with_commit", [True, False])
def test_a_repository_inside_is_left_out_with_a_note(project, opened, with_commit, git, commit):
    tree = opened(project)
    before = tree.snapshot()
    inner = project / "inner [1]"
    inner.mkdir()
    git(inner, "init")
    (inner / "f").write_text("f\n")
    if with_commit:
        commit(inner)
    (project / "beside").write_text("x\n")
    assert [change.path for change in tree.changes(before, tree.snapshot())] == ["beside"]
    assert tree.notes == ["inner [1]/ is a repository of its own"]


def test_a_submodule_that_moves_on_is_modified(project, tmp_path, opened, git, commit):
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init")
    commit(library, f="1\n")
    git(project, "submodule", "add", str(library), "library")
    commit(project)
    tree = opened(project)
    before = tree.snapshot()
    (project / "library/f").write_text("dirty\n")
    assert tree.snapshot() == before
    commit(project / "library")
    assert tree.changes(before, tree.snapshot()) == (FileChange("library", "M", 1, 1),)


def test_line_ends_that_git_converts_are_no_change(project, opened, git):
    git(project, "config", "core.autocrlf", "true")
    git(project, "config", "core.safecrlf", "true")
    for name in ("a", "b"):
        (project / name).unlink()
    git(project, "checkout", ".")
    assert (project / "a").read_bytes() == b"1\r\n2\r\n3\r\n"
    tree = opened(project)
    before = tree.snapshot()
    assert tree.changes(git(project, "rev-parse", "HEAD^{tree}"), before) == ()
    (project / "a").write_bytes(b"1\r\n2\r\nthree\r\n")
    assert tree.changes(before, tree.snapshot()) == (FileChange("a", "M", 1, 1),)


def test_nothing_that_a_repository_configures_is_ever_started(project, opened, tmp_path, git, found):
    trap = tmp_path / "trap.sh"
    sprung = tmp_path / "sprung"
    trap.write_text(f"#!/bin/sh\necho $0 $@ >> '{sprung}'\ncat\n")
    trap.chmod(0o755)
    traps = {
        "core.fsmonitor": trap,
        "core.hooksPath": tmp_path,
        "core.pager": trap,
        "diff.external": trap,
        "core.sshCommand": trap,
        "core.editor": trap,
        "filter.evil=1.clean": trap,
        "filter.evil=1.required": "true",
        "filter.evil=1.process": trap,
        "diff.evil.textconv": trap,
        "diff.evil.command": trap,
        "remote.origin.uploadpack": trap,
    }
    for hook in ("post-index-change", "reference-transaction"):
        (tmp_path / hook).symlink_to(trap)
    (project / ".gitattributes").write_text("* filter=evil=1 diff=evil\n")
    for key, value in traps.items():
        git(project, "config", key, str(value))
    repository = found(project)
    (project / "a").write_text("x\n")
    repository.summary()
    tree = opened(project)
    before = tree.snapshot()
    (project / "a").write_text("y\n")
    after = tree.snapshot()
    assert tree.changes(before, after)
    assert b"+y" in tree.patch(before, after)
    assert not sprung.exists()
    subprocess.run(["git", "status"], cwd=project, capture_output=True, check=False)
    assert sprung.exists(), "the trap does not work"


def test_a_filter_of_the_person_that_is_not_installed_does_not_stop_anything(project, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text('[filter "lfs"]\n\tclean = git-no-such-lfs clean\n\trequired = true\n')
    (project / ".gitattributes").write_text("* filter=lfs\n")
    (project / "large").write_text("x\n")
    code = (
        "import sys; from pathlib import Path; from kimicode.git.repository import Repository\n"
        "from kimicode.git.snapshot import WorkTree\n"
        "tree = WorkTree(Repository.discover(Path(sys.argv[1])), Path(sys.argv[2])); print(tree.snapshot())"
    )
    env = {"PATH": os.environ["PATH"], "HOME": str(home)}
    command = [sys.executable, "-c", code, str(project), str(tmp_path / "scratch")]
    answer = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert len(answer.stdout.strip()) == 40


def test_a_home_folder_kept_in_git_is_not_swallowed(project, opened, git):
    git(project, "config", "status.showUntrackedFiles", "no")
    tree = opened(project)
    before = tree.snapshot()
    (project / "untracked").write_text("x")
    (project / "a").write_text("x\n")
    assert [change.path for change in tree.changes(before, tree.snapshot())] == ["a"]
    assert len(tree.notes) == 1
