"""A change is what its range, the index or the work tree says, and its bytes are those of its own side."""

import os
import subprocess
from dataclasses import replace
from random import Random

import pytest

from kimicode.errors import UsageError
from kimicode.git import changes
from kimicode.git.repository import Repository
from kimicode.git.shadow import Origin
from kimicode.review import source
from tests.fakes import diffs


def git(root, *arguments):
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always")
    answer = subprocess.run(("git", *identity, *arguments), cwd=root, check=True, timeout=60, capture_output=True)
    return answer.stdout.decode().strip()


def commit(root, subject, **files):
    for name, data in files.items():
        (root / name).write_bytes(data)
    git(root, "add", "--all")
    git(root, "commit", "-qm", subject)
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def root(tmp_path):
    """main and topic have both moved on since topic began at `start`."""
    root = (tmp_path / "project").resolve()
    root.mkdir()
    git(root, "init", "-q", "--initial-branch=main")
    commit(root, "start", a=b"1\n2\n3\n", b=b"b\n")
    git(root, "tag", "start")
    git(root, "checkout", "-qb", "topic")
    commit(root, "topic one", a=b"1\n2\n3\n4\n")
    commit(root, "topic two", c=b"c\n")
    git(root, "checkout", "-q", "main")
    commit(root, "main moved", b=b"B\n")
    git(root, "checkout", "-q", "topic")
    return root


def paths(of):
    return [file.path for file in of.change.files]


@pytest.mark.parametrize("revisions", ["main..topic", "main...topic", "main", "main..", " main .. topic ", "start.."])
def test_a_range_is_what_its_end_changed_since_it_left_its_beginning(root, revisions):
    found = source.of_range(source.discover(root), revisions)
    assert paths(found) == ["a", "c"]
    assert found.change.base == git(root, "rev-parse", "start")
    assert found.change.head == git(root, "rev-parse", "topic")
    assert found.change.commits == ("topic two", "topic one")


def test_two_commits_are_compared_as_they_are(root):
    found = source.of_commits(source.discover(root), git(root, "rev-parse", "main"), git(root, "rev-parse", "topic"))
    assert paths(found) == ["a", "b", "c"]


def test_each_side_gives_its_own_bytes(root):
    found = source.of_range(source.discover(root), "main..topic")
    assert (found.read("a", "old"), found.read("a", "new")) == (b"1\n2\n3\n", b"1\n2\n3\n4\n")
    assert (found.read("c", "old"), found.read("c", "new")) == (None, b"c\n")
    assert (found.read("b", "old"), found.read("b", "new")) == (b"b\n", b"b\n")
    assert found.read("nothing", "new") is None


def test_random_changes_give_back_every_byte_under_every_name(tmp_path):
    random = Random(5)
    pairs = [diffs.random_change(random) for _ in range(12)]
    ids = diffs.recorded(tmp_path / "r", pairs)
    repository = source.discover(tmp_path / "r")
    for (before, after), (base, head) in zip(pairs, ids, strict=True):
        found = source.of_commits(repository, base, head)
        for side, files in (("old", before), ("new", after)):
            assert {path: found.read(path, side) for path in files} == {path: file.data for path, file in files.items()}
        for file in found.change.files:
            assert file.old_mode == (before[file.old_path].mode if file.status != "added" else "")
            assert file.new_mode == (after[file.path].mode if file.status != "deleted" else "")


def test_the_work_tree_is_everything_that_is_not_committed(root):
    (root / ".gitignore").write_text("ignored\n")
    commit(root, "ignore")
    (root / "a").write_bytes(b"changed\n")
    (root / "b").unlink()
    (root / "staged").write_bytes(b"s\n")
    git(root, "add", "staged")
    (root / "untracked").write_bytes(b"u\n")
    (root / "ignored").write_bytes(b"secret\n")
    found = source.of_worktree(source.discover(root / "."))
    assert [(file.path, file.status) for file in found.change.files] == [
        ("a", "modified"),
        ("b", "deleted"),
        ("staged", "added"),
        ("untracked", "added"),
    ]
    assert (found.change.base, found.change.head) == (git(root, "rev-parse", "HEAD"), "")
    assert found.read("a", "new") == b"changed\n"
    assert found.read("untracked", "new") == b"u\n"
    assert found.read("b", "old") == b"b\n"
    assert found.read("ignored", "new") is None
    assert git(root, "status", "--porcelain").splitlines() == ["M a", " D b", "A  staged", "?? untracked"]


def test_the_index_is_what_is_staged_and_no_more(root):
    (root / "a").write_bytes(b"staged\n")
    git(root, "add", "a")
    (root / "a").write_bytes(b"staged and more\n")
    (root / "b").write_bytes(b"not staged\n")
    found = source.of_staged(source.discover(root))
    assert paths(found) == ["a"]
    assert (found.read("a", "old"), found.read("a", "new")) == (b"1\n2\n3\n4\n", b"staged\n")
    assert found.read("b", "new") == b"b\n"


def test_before_the_first_commit_everything_is_new(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "a").write_text("a\n")
    repository = source.discover(tmp_path)
    assert paths(source.of_staged(repository)) == []
    git(tmp_path, "add", "a")
    for found in (source.of_worktree(repository), source.of_staged(repository)):
        assert [(file.path, file.status) for file in found.change.files] == [("a", "added")]
        assert (found.change.base, found.read("a", "new"), found.read("a", "old")) == ("", b"a\n", None)
    with pytest.raises(UsageError, match="no commits yet"):
        source.of_range(repository, "HEAD")


def test_nothing_changed_is_a_change_of_no_files(root):
    repository = source.discover(root)
    for found in (source.of_range(repository, "topic"), source.of_worktree(repository), source.of_staged(repository)):
        assert found.change.files == ()


@pytest.mark.parametrize("revisions", ["nowhere", "main..nowhere", "--all", "main..--output=x", "main..topic:a", "\0"])
def test_what_is_no_commit_is_said_with_its_name(root, revisions):
    with pytest.raises(UsageError, match=r"is no commit of this repository"):
        source.of_range(source.discover(root), revisions)


def test_two_histories_without_a_common_commit_are_refused(root):
    git(root, "checkout", "-q", "--orphan", "other")
    commit(root, "other")
    with pytest.raises(UsageError, match="no commit in common") as refused:
        source.of_range(source.discover(root), "main..other")
    assert refused.value.hint == ""


def test_in_a_shallow_clone_the_missing_history_is_explained(root, tmp_path):
    git(tmp_path, "clone", "-q", "--depth=1", "--no-single-branch", root.as_uri(), "clone")
    with pytest.raises(UsageError, match="no commit in common") as refused:
        source.of_range(source.discover(tmp_path / "clone"), "origin/main..origin/topic")
    assert "--unshallow" in refused.value.hint


def test_a_bare_repository_and_none_at_all_are_told_apart(tmp_path):
    with pytest.raises(UsageError, match="not inside the work tree"):
        source.discover(tmp_path)
    git(tmp_path, "init", "-q", "--bare", "bare")
    with pytest.raises(UsageError, match="bare repository"):
        source.discover(tmp_path / "bare")


def test_commits_that_were_fetched_into_a_bare_repository_of_our_own_are_read(root, tmp_path):
    base, head = git(root, "rev-parse", "start", "topic").split()
    git(tmp_path, "clone", "-q", "--bare", root.as_uri(), "fetched")
    git(tmp_path / "fetched", "symbolic-ref", "HEAD", "refs/heads/none")
    folder = tmp_path / "fetched"
    found = source.of_commits(Repository(folder, Origin(folder, folder, folder)), base, head)
    assert (paths(found), found.change.commits) == (["a", "c"], ("topic two", "topic one"))
    assert found.read("a", "new") == b"1\n2\n3\n4\n"


def test_files_in_conflict_cannot_be_reviewed_as_staged(root):
    commit(root, "conflict", b=b"other\n")
    with pytest.raises(subprocess.CalledProcessError):
        git(root, "merge", "main")
    with pytest.raises(UsageError, match="in conflict"):
        source.of_staged(source.discover(root))


def test_a_link_is_where_it_leads_and_is_never_followed(root, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (root / "folder").mkdir()
    (root / "folder/x").write_text("x\n")
    (root / "link").symlink_to(tmp_path / "secret")
    found = source.of_worktree(source.discover(root))
    assert found.read("link", "new") == os.fsencode(tmp_path / "secret")
    (root / "folder/x").unlink()
    (root / "folder").rmdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/x").write_text("secret")
    (root / "folder").symlink_to(tmp_path / "outside")
    assert found.read("folder/x", "new") is None


def test_what_has_gone_or_become_a_pipe_or_too_large_meanwhile_is_not_read(root):
    for name in ("gone", "pipe", "large"):
        (root / name).write_text("x\n")
    found = source.of_worktree(source.discover(root))
    (root / "gone").unlink()
    (root / "pipe").unlink()
    os.mkfifo(root / "pipe")
    os.truncate(root / "large", changes.LARGEST_BYTES + 1)
    assert [found.read(name, "new") for name in ("gone", "pipe", "large")] == [None, None, None]


def test_a_submodule_is_named_and_not_read(root):
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{git(root, 'rev-parse', 'HEAD')},sub")
    found = source.of_staged(source.discover(root))
    assert [(file.path, file.new_mode) for file in found.change.files] == [("sub", "160000")]
    assert found.read("sub", "new") is None


def test_a_file_that_only_moved_keeps_its_mode_though_a_patch_does_not_tell_it(root):
    (root / "link").symlink_to("a")
    commit(root, "link")
    git(root, "mv", "link", "moved")
    (file,) = source.of_staged(source.discover(root)).change.files
    assert (file.old_path, file.path, file.old_mode, file.new_mode) == ("link", "moved", "120000", "120000")


def test_more_than_there_is_room_for_is_read_all_the_same(root):
    files = {f"f{number}": b"%d" % number * 400 for number in range(6)}
    commit(root, "more", **files, large=b"x" * (changes.LARGEST_BYTES + 1))
    found = replace(source.of_range(source.discover(root), "main"), room=1_000)
    assert {name: found.read(name, "new") for name in files} == files
    assert found.read("large", "new") is None


def test_what_cannot_be_in_a_snapshot_is_said(root):
    (root / "data.bin").touch()
    os.truncate(root / "data.bin", 200_000_001)
    found = source.of_worktree(source.discover(root))
    assert found.notes == ("data.bin is untracked and over 200 MB",)
