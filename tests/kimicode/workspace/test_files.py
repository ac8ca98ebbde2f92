"""What the tools may read and edit, when a view is stale, and what a run says that it changed."""

import os
from pathlib import Path

import pytest

from kimicode.errors import ToolError
from kimicode.events import FileChange
from kimicode.workspace.files import Files


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def files(root):
    return Files(root)


# --- paths --------------------------------------------------------------------------------------------------


def test_relative_paths_start_at_the_root_and_absolute_ones_are_taken_as_they_are(files, root):
    assert files.resolve("a/b.py") == root / "a/b.py"
    assert files.resolve(str(root / "a.py"), for_edit=True) == root / "a.py"
    assert files.resolve("/etc/hostname") == Path("/etc/hostname").resolve()


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "inside/../../x", "/"])
def test_edits_outside_the_root_are_refused_by_name(files, root, path):
    with pytest.raises(ToolError, match="outside the workspace") as caught:
        files.create(path, "x")
    assert str(root) in str(caught.value)


def test_links_that_lead_outside_cannot_be_edited_through(files, root, tmp_path):
    (tmp_path / "secret").write_text("old")
    (root / "file").symlink_to(tmp_path / "secret")
    (root / "folder").symlink_to(tmp_path)
    (root / "dangling").symlink_to(tmp_path / "new")
    assert files.read("file").text == "old"
    with pytest.raises(ToolError, match="outside the workspace"):
        files.replace("file", "old", "new")
    with pytest.raises(ToolError, match="outside the workspace"):
        files.insert("folder/secret", 0, "new")
    for path in ("folder/new", "dangling"):
        with pytest.raises(ToolError, match="outside the workspace"):
            files.create(path, "new")
    assert sorted(os.listdir(tmp_path)) == ["project", "secret"]
    assert (tmp_path / "secret").read_text() == "old"


def test_a_prefix_of_the_name_is_not_the_folder(files, root):
    (root.parent / "project-two").mkdir()
    with pytest.raises(ToolError, match="outside"):
        files.create(str(root) + "-two/x", "x")


def test_allowed_folders_may_be_edited_too(root, tmp_path):
    other = tmp_path / "other"
    files = Files(root, [other])
    assert files.create(str(other / "x"), "text").diff.path == str(other / "x")
    assert (other / "x").read_text() == "text"


@pytest.mark.parametrize(
    "path", [".git/hooks/pre-commit", "sub/.git/config", ".GIT/config", ".gi\u200bt/config", ".git"]
)
def test_what_belongs_to_git_is_not_edited(files, root, path):
    (root / ".git/hooks").mkdir(parents=True)
    with pytest.raises(ToolError, match="belongs to the settings of git"):
        files.create(path, "x")


def test_neighbours_of_git_may_be_edited(files, root):
    files.create(".gitignore", "*.pyc\n")
    files.create(".github/workflows/ci.yml", "on: push\n")
    assert (root / ".github/workflows/ci.yml").exists()


@pytest.mark.parametrize("path", ["", "  ", "a\0b", "~/x", "\ud800"])
def test_unusable_paths_are_explained(files, path):
    with pytest.raises(ToolError):
        files.read(path)


@pytest.mark.parametrize(
    "name", ["two words.txt", "emoji 🎉.txt", "line\nbreak.txt", "'quote\".txt", "-dash", "x" * 250]
)
def test_odd_names_work(files, root, name):
    files.create(name, "one\n")
    files.replace(name, "one", "two")
    assert (root / name).read_text() == "two\n"
    assert files.recently_seen(1) == [name]


# --- reading ------------------------------------------------------------------------------------------------


def test_a_missing_file_brings_similar_names(files, root):
    (root / "src").mkdir()
    (root / "src/models.py").touch()
    with pytest.raises(ToolError, match=r"Did you mean models\.py"):
        files.read("src/model.py")
    with pytest.raises(ToolError, match=r"no folder scr\. It has src"):
        files.read("scr/models.py")
    with pytest.raises(ToolError, match="no such file: nothing/like/it"):
        files.read("nothing/like/it")


def test_special_files_are_refused_without_blocking(files, root):
    os.mkfifo(root / "pipe")
    for path, kind in (("pipe", "a FIFO"), ("/dev/zero", "a device"), (".", "a directory")):
        with pytest.raises(ToolError, match=kind):
            files.read(path)
    with pytest.raises(ToolError, match="a FIFO"):
        files.replace("pipe", "a", "b")
    with pytest.raises(ToolError, match="a FIFO"):
        files.create("pipe", "a")


def test_loops_of_links_and_files_used_as_folders_are_errors(files, root):
    (root / "loop").symlink_to("loop")
    (root / "file").write_text("x")
    for path in ("loop", "file/below", "n" * 300, "\udc80"):
        with pytest.raises(ToolError):
            files.read(path)
        with pytest.raises(ToolError):
            files.create(path + "/deeper", "x")


def test_too_large_files_are_left_to_bash(files, root):
    with open(root / "big.log", "wb") as stream:
        stream.truncate(10_000_001)
    with pytest.raises(ToolError, match="larger than 10 MB") as caught:
        files.read("big.log")
    assert "head" in caught.value.hint


def test_binary_files_are_refused(files, root):
    (root / "blob").write_bytes(b"\x7fELF\0\0")
    with pytest.raises(ToolError, match="binary"):
        files.replace("blob", "ELF", "elf")


# --- stale views --------------------------------------------------------------------------------------------


def test_a_file_that_changed_since_it_was_seen_must_be_seen_again(files, root):
    (root / "f").write_text("one\n")
    files.read("f")
    status = (root / "f").stat()
    (root / "f").write_text("two\n")
    os.utime(root / "f", ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(ToolError, match="changed on disk since you last saw it"):
        files.replace("f", "two", "x")
    with pytest.raises(ToolError, match="changed on disk since you last saw it"):
        files.insert("f", 0, "x")
    files.read("f")
    files.replace("f", "two", "three")
    assert (root / "f").read_text() == "three\n"


def test_a_touched_file_is_not_a_changed_one(files, root):
    (root / "f").write_text("one\n")
    files.read("f")
    os.utime(root / "f", (1, 1))
    files.replace("f", "one", "two")


def test_a_file_never_seen_may_be_edited_and_then_counts_as_seen(files, root):
    (root / "f").write_text("one\n")
    files.replace("f", "one", "two")
    (root / "f").write_text("someone else\n")
    with pytest.raises(ToolError, match="changed on disk"):
        files.replace("f", "one", "two")


def test_a_link_and_its_target_are_one_file(files, root):
    (root / "target").write_text("one\n")
    (root / "link").symlink_to("target")
    files.read("link")
    (root / "target").write_text("two\n")
    with pytest.raises(ToolError, match="changed on disk"):
        files.replace("target", "two", "x")


# --- what the run changed -----------------------------------------------------------------------------------


def test_changes_are_told_against_the_bytes_before_the_first_edit(files, root):
    for name in ("kept", "changed", "gone", "back"):
        (root / name).write_text("one\ntwo\n")
    files.create("new", "a\nb\nc\n")
    files.replace("changed", "one", "1")
    files.replace("changed", "two", "2\n3")
    files.replace("gone", "one", "x")
    (root / "gone").unlink()
    files.replace("back", "one", "x")
    files.replace("back", "x", "one")
    files.read("kept")
    assert files.changed_files() == (
        FileChange("changed", "M", 3, 2),
        FileChange("gone", "D", 0, 2),
        FileChange("new", "A", 3, 0),
    )


def test_a_file_that_became_binary_has_no_counts(files, root):
    files.create("f", "text")
    (root / "f").write_bytes(b"\0\1")
    assert files.changed_files() == (FileChange("f", "A", None, None),)
    (root / "f").unlink()
    assert files.changed_files() == ()


def test_the_files_last_seen_come_newest_last(files, root):
    for name in ("a", "b", "c", "d"):
        files.create(name, name)
    files.read("b")
    (root / "d").unlink()
    assert files.recently_seen(2) == ["c", "b"]
    assert files.recently_seen(9) == ["a", "c", "b"]
    assert files.recently_seen(0) == []


# --- rehearsals -----------------------------------------------------------------------------------------------


def test_a_rehearsal_shows_the_same_edit_and_writes_nothing(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    files = Files(tmp_path)
    rehearsed = files.rehearsal().replace("a.py", "x = 1", "x = 2").diff
    created = files.rehearsal().create("new/b.py", "y\n").diff
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]
    assert (tmp_path / "a.py").read_text() == "x = 1\n"
    assert files.changed_files() == ()
    assert files.recently_seen(9) == []
    assert files.replace("a.py", "x = 1", "x = 2").diff == rehearsed
    assert files.create("new/b.py", "y\n").diff == created
    files.start_over()
    assert files.changed_files() == ()
