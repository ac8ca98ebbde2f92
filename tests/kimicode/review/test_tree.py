"""The reviewed files lie in a folder as git keeps them, out of which nothing leads and of which nothing stays."""

import os
import stat
import subprocess
from pathlib import Path
from random import Random

import pytest

from kimicode.git import changes
from kimicode.git.entries import Entry
from kimicode.git.repository import Repository
from kimicode.git.shadow import Origin
from kimicode.review import source, tree
from kimicode.review.change import Change, ChangedFile
from kimicode.review.source import Source
from kimicode.review.tree import head_tree
from tests.fakes import diffs
from tests.fakes.diffs import EXECUTABLE, LINK, File


def git(root, *arguments, feed=b""):
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    command = ("git", *identity, *arguments)
    answer = subprocess.run(command, cwd=root, check=True, timeout=60, capture_output=True, input=feed)
    return answer.stdout.decode().strip()


def change_of(root, before, after):
    (pair,) = diffs.recorded(root, [(before, after)])
    return source.of_commits(source.discover(root), *pair)


@pytest.fixture
def checked_out(tmp_path):
    """A repository with two commits, the newest of them in the work tree."""
    root = (tmp_path / "project").resolve()
    change_of(root, {"a": File(b"a\n"), "b": File(b"b\n")}, {"a": File(b"A\n"), "b": File(b"b\n")})
    git(root, "update-ref", "HEAD", "c1")
    git(root, "reset", "--hard")
    return root


def held(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_what_is_not_checked_out_is_copied_and_thrown_away(tmp_path):
    after = {"a.py": File(b"\r\nnew\n"), "deep/er/run": File(b"#!\n", EXECUTABLE), "empty": File(b"")}
    with head_tree(change_of(tmp_path / "r", {"a.py": File(b"old\n")}, after)) as found:
        assert held(found.root) == {path: file.data for path, file in after.items()}
        assert os.access(found.root / "deep/er/run", os.X_OK)
        assert not os.access(found.root / "a.py", os.X_OK)
        assert stat.S_IMODE(found.root.parent.stat().st_mode) == 0o700
        assert (found.in_place, found.notes) == (False, ())
    assert not found.root.parent.exists()


def test_the_work_tree_itself_is_used_where_it_holds_just_these_files(checked_out):
    (checked_out / "untracked").write_text("u\n")
    with head_tree(source.of_range(source.discover(checked_out), "HEAD~1")) as found:
        assert (found.root, found.in_place) == (checked_out, True)
    assert checked_out.exists()


def test_it_is_not_used_where_a_tracked_file_or_the_commit_is_another(checked_out):
    of = source.of_range(source.discover(checked_out), "HEAD~1")
    (checked_out / "b").write_text("edited\n")
    with head_tree(of) as found:
        assert held(found.root) == {"a": b"A\n", "b": b"b\n"}
    git(checked_out, "add", "b")
    with head_tree(of) as found:
        assert not found.in_place
    git(checked_out, "reset", "--hard", "HEAD~1")
    with head_tree(of) as found:
        assert held(found.root) == {"a": b"A\n", "b": b"b\n"}


def test_what_is_uncommitted_is_where_it_is(checked_out):
    (checked_out / "a").write_text("more\n")
    with head_tree(source.of_worktree(source.discover(checked_out))) as found:
        assert (found.root, found.in_place) == (checked_out, True)


def test_what_is_staged_is_in_place_until_a_file_differs_from_it(checked_out):
    (checked_out / "a").write_text("staged\n")
    git(checked_out, "add", "a")
    staged = source.of_staged(source.discover(checked_out))
    with head_tree(staged) as found:
        assert found.in_place
    (checked_out / "a").write_text("and more\n")
    with head_tree(staged) as found:
        assert held(found.root) == {"a": b"staged\n", "b": b"b\n"}


def test_a_link_is_a_file_that_says_where_it_leads(tmp_path):
    (tmp_path / "secret").write_text("secret")
    after = {"link": File(os.fsencode(tmp_path / "secret"), LINK), "up": File(b"..", LINK), "up.py": File(b"x\n")}
    with head_tree(change_of(tmp_path / "r", {}, after)) as found:
        assert not [path for path in found.root.rglob("*") if path.is_symlink()]
        assert (found.root / "up").read_bytes() == b".."
        assert found.notes == ("2 links cannot be followed",)


def test_names_that_lead_out_of_the_folder_are_not_written(tmp_path):
    of = change_of(tmp_path / "r", {}, {"a": File(b"a\n")})
    blob, root = of.after["a"].id, tmp_path / "r"

    def made(*entries):
        listing = "".join(f"{mode} {kind} {name}\t{path}\0" for mode, kind, name, path in entries)
        return git(root, "mktree", "-z", feed=listing.encode())

    inner = made(("100644", "blob", blob, "config"), ("100644", "blob", blob, "fine"))
    hostile = made(*(("040000", "tree", inner, name) for name in ("..", ".git", ".GIT", "ok")))
    head = git(root, "commit-tree", "-m", "hostile", hostile)
    with head_tree(source.of_commits(of.repository, of.change.base, head)) as found:
        assert held(found.root) == {"ok/config": b"a\n", "ok/fine": b"a\n"}
        assert held(found.root.parent).keys() == {"tree/ok/config", "tree/ok/fine"}
        assert found.notes == ("6 of 8 files are not in the copy that is read: too large, or too many",)


def test_no_filter_runs_and_no_line_end_is_changed(tmp_path):
    attributes = File(b"* text eol=crlf filter=x ident\n*.zip export-ignore\n")
    after = {".gitattributes": attributes, "a": File(b"$Id$\nb\n"), "b.zip": File(b"zip")}
    of = change_of(tmp_path / "r", {}, after)
    git(tmp_path / "r", "config", "filter.x.smudge", f"touch '{tmp_path}/sprung'; cat")
    with head_tree(of) as found:
        assert held(found.root) == {path: file.data for path, file in after.items()}
    assert not (tmp_path / "sprung").exists()


def test_a_file_beyond_every_measure_and_a_submodule_are_left_out_and_said(tmp_path):
    of = change_of(tmp_path / "r", {}, {"a": File(b"a\n"), "large": File(b"x" * (changes.LARGEST_BYTES + 1))})
    root = tmp_path / "r"
    git(root, "read-tree", of.change.head)
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{of.change.head},sub")
    head = git(root, "commit-tree", "-m", "sub", git(root, "write-tree"))
    with head_tree(source.of_commits(of.repository, of.change.base, head)) as found:
        assert held(found.root) == {"a": b"a\n"}
        assert found.notes == (
            "1 of 2 files are not in the copy that is read: too large, or too many",
            "1 submodule cannot be looked into",
        )


def test_of_a_huge_project_what_changed_is_copied_first_and_then_its_neighbours(tmp_path):
    entries = {f"far/{number:05}": Entry("100644", "1") for number in range(tree.MOST_FILES)}
    entries |= {f"zz/{name}": Entry("100644", "1") for name in ("beside", "changed")}
    changed = ChangedFile("zz/changed", "zz/changed", "added", "", "100644", False, ())
    nowhere = Repository(tmp_path, Origin(tmp_path, tmp_path, tmp_path))
    chosen = tree._chosen(Source(Change("1", "2", (changed,)), nowhere, "commits", {}, entries))
    assert chosen[:3] == ["zz/changed", "zz/beside", "far/00000"]
    assert len(chosen) == tree.MOST_FILES


def test_what_commands_left_there_is_removed_whatever_it_is(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    (outside / "kept").write_text("kept")
    with head_tree(change_of(tmp_path / "r", {}, {"a/b": File(b"b\n")})) as found:
        (found.root / "link").symlink_to(outside)
        os.mkfifo(found.root / "pipe")
        closed = found.root / "closed/deep"
        closed.mkdir(parents=True)
        (closed / "file").write_text("x")
        closed.chmod(0)
        closed.parent.chmod(0)
    assert not found.root.parent.exists()
    assert (outside / "kept").read_text() == "kept"
    assert stat.S_IMODE(outside.stat().st_mode) == 0o755


def test_an_error_within_the_block_leaves_nothing_behind(tmp_path):
    def fail(found):
        raise ValueError(found.root)

    with pytest.raises(ValueError, match="tree") as failed, head_tree(change_of(tmp_path / "r", {}, {})) as found:
        fail(found)
    assert not Path(str(failed.value)).parent.exists()


def test_random_trees_are_copied_byte_for_byte_under_every_name(tmp_path):
    random = Random(7)
    pairs = [diffs.random_change(random) for _ in range(10)]
    ids = diffs.recorded(tmp_path / "r", pairs)
    repository = source.discover(tmp_path / "r")
    for (_, after), pair in zip(pairs, ids, strict=True):
        with head_tree(source.of_commits(repository, *pair)) as found:
            assert held(found.root) == {path: file.data for path, file in after.items()}
