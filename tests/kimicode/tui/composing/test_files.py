"""The project's files: git is asked, and where it cannot say the folders are walked."""

import subprocess

from kimicode.tui.composing.files import ProjectFiles, tracked, walked


def make(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")


def git(root, *arguments):
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


def test_git_tells_tracked_and_new_files_but_neither_ignored_nor_deleted_ones(tmp_path):
    git(tmp_path, "init", "-q")
    make(tmp_path, "kept.py", "gone.py", "src/ü 🦊.py", "line\nbreak", "build/out.o", "new.py")
    (tmp_path / ".gitignore").write_text("build/\n")
    git(tmp_path, "add", "kept.py", "gone.py", "src")
    (tmp_path / "gone.py").unlink()
    assert sorted(tracked(tmp_path)) == [".gitignore", "kept.py", "new.py", "src/ü 🦊.py"]
    assert tracked(tmp_path / "src") == ["ü 🦊.py"]


def test_outside_of_a_repository_git_says_nothing_and_the_folders_are_walked(tmp_path):
    make(tmp_path, "a.txt", "src/b.txt", ".hidden/c", "node_modules/d.js")
    assert tracked(tmp_path) is None
    assert walked(tmp_path) == ["a.txt", "src/b.txt"]


async def test_files_and_their_folders_are_found(tmp_path):
    make(tmp_path, "src/deep/module.py", "readme.md")
    files = ProjectFiles(tmp_path)
    assert files.stale
    assert not files.loaded
    assert files.find("mod", 5) == []
    await files.refresh()
    assert files.loaded
    assert not files.stale
    assert files.find("mod", 5) == ["src/deep/module.py"]
    assert files.find("src/", 5)[0] == "src/"
    assert set(files.find("", 9)) == {"src/", "src/deep/", "readme.md", "src/deep/module.py"}
    files.used("src/deep/module.py")
    assert files.find("", 1) == ["src/deep/module.py"]


async def test_a_folder_that_is_gone_has_no_files(tmp_path):
    files = ProjectFiles(tmp_path / "missing")
    await files.refresh()
    assert files.find("", 5) == []
