"""The files of a folder where there is no git."""

import os

import pytest

from kimicode.index.walk import walk


@pytest.fixture
def place(tmp_path):
    def make(*paths, ignore=""):
        for path in paths:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text("x")
        if ignore:
            (tmp_path / ".gitignore").write_text(ignore)
        return tmp_path

    return make


def test_shallow_files_come_first_and_hidden_or_installed_folders_not_at_all(place):
    root = place("a/b/deep.py", "top.py", "a/mid.py", ".git/config", ".cache/x", "node_modules/x.js", "venv/y.py")
    assert list(walk(root)) == ["top.py", "a/mid.py", "a/b/deep.py"]


def test_links_are_not_followed(place):
    root = place("real/a.py")
    os.symlink(root / "real", root / "loop")
    os.symlink(root / "real/a.py", root / "alias.py")
    os.symlink(root, root / "real/up")
    assert list(walk(root)) == ["real/a.py"]


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("*.log", ["a.py", "sub/a.py", "sub/build/b.py", "build/b.py"]),
        ("build/", ["a.py", "a.log", "sub/a.py", "sub/a.log"]),
        ("/build", ["a.py", "a.log", "sub/a.py", "sub/a.log", "sub/build/b.py"]),
        ("sub/*.log", ["a.py", "a.log", "sub/a.py", "sub/build/b.py", "build/b.py"]),
        ("**/build/*.py", ["a.py", "a.log", "sub/a.py", "sub/a.log"]),
        ("*.log\n!/a.log", ["a.py", "a.log", "sub/a.py", "sub/build/b.py", "build/b.py"]),
        ("# nothing\n\n[ab].log", ["a.py", "sub/a.py", "sub/build/b.py", "build/b.py"]),
        ("sub/**", ["a.py", "a.log", "build/b.py"]),
        ("?.py", ["a.log", "sub/a.log"]),
    ],
)
def test_a_gitignore_is_obeyed(place, ignore, left):
    root = place("a.py", "a.log", "sub/a.py", "sub/a.log", "sub/build/b.py", "build/b.py", ignore=ignore)
    assert sorted(set(walk(root)) - {".gitignore"}) == sorted(left)


def test_a_folders_own_gitignore_holds_below_it(place):
    root = place("a.log", "sub/a.log", "sub/deep/a.log")
    (root / "sub/.gitignore").write_text("/a.log\n")
    assert sorted(set(walk(root)) - {"sub/.gitignore"}) == ["a.log", "sub/deep/a.log"]


def test_a_broken_pattern_ignores_nothing_it_should_not(place):
    root = place("a.py", ignore="[\n[]\n\\\n*[!\n[z-a]\n" + "*a" * 40 + "\n")
    assert "a.py" in set(walk(root))


def test_odd_names_come_as_the_system_has_them(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text("x")
    assert [os.fsencode(path) for path in walk(tmp_path)] == [b"caf\xe9.py"]
