"""Which files git says belong to a work tree."""

import os
import subprocess

import pytest

from kimicode.git.listing import files


def test_tracked_and_new_files_are_listed_and_ignored_ones_are_not(tmp_path, git, commit, found):
    git(tmp_path, "init", "-q")
    commit(tmp_path, **{"a.py": "x", ".gitignore": "*.log\n"})
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/new.py").write_text("x")
    (tmp_path / "noise.log").write_text("x")
    assert sorted(files(found(tmp_path))) == [".gitignore", "a.py", "sub/new.py"]


def test_odd_names_come_as_the_system_has_them(tmp_path, git, found):
    git(tmp_path, "init", "-q")
    names = [b"caf\xe9.py", b"new\nline.py", b'"quoted".py']
    for name in names:
        (tmp_path / os.fsdecode(name)).write_text("x")
    assert sorted(map(os.fsencode, files(found(tmp_path)))) == sorted(names)


def test_a_conflict_lists_a_file_once(tmp_path, git, commit, found):
    git(tmp_path, "init", "-q", "--initial-branch=main")
    commit(tmp_path, a="one\n")
    git(tmp_path, "switch", "-q", "-c", "side")
    commit(tmp_path, a="side\n")
    git(tmp_path, "switch", "-q", "main")
    commit(tmp_path, a="main\n")
    with pytest.raises(subprocess.CalledProcessError):
        git(tmp_path, "merge", "side")
    assert files(found(tmp_path)) == ["a"]
