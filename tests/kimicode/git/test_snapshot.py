"""Snapshots record every change of the work tree, whatever its files are called and contain."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kimicode.events import FileChange
from kimicode.git import snapshot as snapshot_module
from kimicode.git.command import GitError
from kimicode.git.snapshot import WorkTree


def test_added_modified_and_deleted_files_are_told_with_their_lines(project, opened):
    tree = opened(project)
    before = tree.snapshot()
    (project / "a").write_text("1\nTWO\n3\n4\n")
    (project / "b").unlink()
    (project / "c").write_text("new\n")
    (project / "d.bin").write_bytes(b"\0\1\2")
    assert tree.changes(before, tree.snapshot()) == (
        FileChange("a", "M", 2, 1),
        FileChange("b", "D", 0, 1),
        FileChange("c", "A", 1, 0),
        FileChange("d.bin", "A", None, None),
    )


def test_what_was_dirty_before_is_no_change(project, opened):
    (project / "a").write_text("dirty\n")
    (project / "untracked").write_text("old\n")
    tree = opened(project)
    before = tree.snapshot()
    (project / "untracked").write_text("new\n")
    assert [change.path for change in tree.changes(before, tree.snapshot())] == ["untracked"]


def test_an_unchanged_tree_has_the_same_id(project, opened):
    tree = opened(project)
    before = tree.snapshot()
    os.utime(project / "a", (1, 1))
    assert tree.snapshot() == before
    assert tree.changes(before, before) == ()
    assert tree.patch(before, before) == b""


def test_a_rename_is_a_deletion_and_an_addition(project, opened):
    tree = opened(project)
    before = tree.snapshot()
    (project / "a").rename(project / "z")
    changes = tree.changes(before, tree.snapshot())
    assert [(change.path, change.status) for change in changes] == [("a", "D"), ("z", "A")]


def test_a_file_that_becomes_executable_or_a_link_is_modified(project, opened):
    tree = opened(project)
    before = tree.snapshot()
    (project / "a").chmod(0o755)
    (project / "b").unlink()
    (project / "b").symlink_to("a")
    changes = tree.changes(before, tree.snapshot())
    assert [(change.path, change.status) for change in changes] == [("a", "M"), ("b", "M")]


@pytest.mark.parametrize(
    "name", ["two words", "ümlaut 😀", 'quo"te', "line\nbreak", "tab\there", ":colon", "-dash", "*?[x]"]
)
def test_any_name_survives(project, opened, name):
    tree = opened(project)
    before = tree.snapshot()
    (project / name).write_text("x\n")
    assert tree.changes(before, tree.snapshot()) == (FileChange(name, "A", 1, 0),)


def test_a_name_that_is_not_utf8_is_shown_escaped(project, opened):
    tree = opened(project)
    before = tree.snapshot()
    with open(os.fsencode(project) + b"/\xff", "wb"):
        pass
    assert tree.changes(before, tree.snapshot()) == (FileChange("\\xff", "A", 0, 0),)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.dictionaries(st.sampled_from(["a", "b", "c d", "é"]), st.binary(max_size=300)))
def test_a_patch_rebuilds_exactly_what_was_there(project, opened, tmp_path, contents, git):
    git(project, "checkout", "--force", "main")
    git(project, "clean", "-fdx")
    tree = opened(project)
    before = tree.snapshot()
    for path in project.iterdir():
        if path.is_file():
            path.unlink()
    for name, content in contents.items():
        (project / name).write_bytes(content)
    patch = tree.patch(before, tree.snapshot())
    (tmp_path / "the.patch").write_bytes(patch)
    git(project, "checkout", "--force", "main")
    git(project, "clean", "-fdx")
    if patch:
        git(project, "apply", str(tmp_path / "the.patch"))
    assert {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()} == contents


def test_close_leaves_nothing_behind(project, tmp_path, found):
    with WorkTree(found(project), tmp_path / "scratch") as tree:
        tree.snapshot()
        assert list((tmp_path / "scratch").iterdir())
    assert list((tmp_path / "scratch").iterdir()) == []


def test_ignored_files_are_left_out(project, opened):
    (project / ".gitignore").write_text("*.log\n")
    (project / ".git/info/exclude").write_text("private\n")
    tree = opened(project)
    before = tree.snapshot()
    (project / "x.log").write_text("x")
    (project / "private").write_text("x")
    assert tree.changes(before, tree.snapshot()) == ()


def test_from_a_folder_below_the_whole_work_tree_is_seen(project, opened):
    (project / "sub").mkdir()
    tree = opened(project / "sub")
    before = tree.snapshot()
    (project / "a").write_text("x\n")
    assert [change.path for change in tree.changes(before, tree.snapshot())] == ["a"]


def test_a_very_large_untracked_file_is_left_out_with_a_note(project, opened):
    tree = opened(project)
    before = tree.snapshot()
    (project / "data set.bin").touch()
    os.truncate(project / "data set.bin", snapshot_module.LARGEST_UNTRACKED_BYTES + 1)
    assert tree.snapshot() == before
    assert tree.notes == ["data set.bin is untracked and over 200 MB"]


def test_a_file_that_cannot_be_read_is_left_out_with_a_note(git):
    code = (
        "import os, sys, git, tempfile; from pathlib import Path; from kimicode.git.repository import Repository\n"
        "from kimicode.git.snapshot import WorkTree\n"
        "os.getuid() == 0 and os.setuid(65534)\n"
        "tree = WorkTree(Repository.discover(Path(sys.argv[1])), Path(sys.argv[2])); tree.snapshot(); print(tree.notes)"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "scratch").mkdir()
        (folder / "scratch").chmod(0o777)
        (folder / "project").mkdir()
        git(folder / "project", "init")
        (folder / "project/secret").touch(mode=0)
        env = {"PATH": os.environ["PATH"], "HOME": name}
        command = [sys.executable, "-c", code, str(folder / "project"), str(folder / "scratch")]
        answer = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert answer.stdout == "['secret cannot be read']\n"


def test_special_files_are_passed_over(project, opened):
    tree = opened(project)
    before = tree.snapshot()
    os.mkfifo(project / "pipe")
    assert tree.snapshot() == before


def test_a_scratch_folder_inside_the_work_tree_is_not_part_of_it(project, found):
    with WorkTree(found(project), project / ".kimicode/scratch") as tree:
        before = tree.snapshot()
        (project / "new").write_text("x\n")
        assert [change.path for change in tree.changes(before, tree.snapshot())] == ["new"]


def test_commits_made_in_between_do_not_hide_changes(project, opened, commit):
    tree = opened(project)
    before = tree.snapshot()
    commit(project, a="committed\n")
    assert [change.path for change in tree.changes(before, tree.snapshot())] == ["a"]


def test_a_change_of_the_same_size_in_the_same_instant_is_seen(project, opened):
    tree = opened(project)
    for content in ("1\n2\n4\n", "1\n2\n5\n", "1\n2\n6\n"):
        before = tree.snapshot()
        (project / "a").write_text(content)
        assert tree.snapshot() != before


def test_a_tree_that_does_not_exist_is_an_error_that_quotes_git(project, opened):
    tree = opened(project)
    with pytest.raises(GitError, match="diff-tree failed"):
        tree.changes("0" * 39 + "1", tree.snapshot())
