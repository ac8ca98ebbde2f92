"""Bytes that git can give back exactly, and what a work tree ignores."""

import subprocess

import pytest

from kimicode.git.repository import Repository
from kimicode.git.snapshot import WorkTree


@pytest.fixture
def root(tmp_path):
    root = (tmp_path / "work").resolve()
    root.mkdir()
    git(root, "init", "-q")
    return root


def git(root, *arguments):
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(("git", *identity, *arguments), cwd=root, check=True, timeout=30, capture_output=True)


def contents_of(root, tmp_path):
    with WorkTree(Repository.discover(root), tmp_path / "scratch") as tree:
        yield tree.contents(tree.snapshot())


def sizes(root, *names):
    return [(name, (root / name).stat().st_size) for name in names]


def test_committed_changed_and_untracked_files_come_back_byte_for_byte(root, tmp_path):
    (root / "committed").write_bytes(b"\0\xff binary\n\n")
    (root / "changed").write_bytes(b"old")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    (root / "changed").write_bytes(b"new bytes")
    (root / "untracked\n☂").write_bytes(b"")
    names = ("committed", "changed", "untracked\n☂")
    for contents in contents_of(root, tmp_path):
        assert contents.read(sizes(root, *names)) == {name: (root / name).read_bytes() for name in names}
        assert contents.differing(sizes(root, *names)) == []


def test_line_endings_that_git_converts_come_back_as_they_were_and_mixed_ones_are_at_risk(root, tmp_path):
    git(root, "config", "core.autocrlf", "true")
    (root / "crlf").write_bytes(b"one\r\ntwo\r\n")
    (root / "mixed").write_bytes(b"one\r\ntwo\nthree\r\n")
    for contents in contents_of(root, tmp_path):
        assert contents.read(sizes(root, "crlf", "mixed")) == {"crlf": b"one\r\ntwo\r\n"}
        assert contents.differing(sizes(root, "crlf", "mixed")) == ["crlf", "mixed"]


def test_files_with_a_filter_are_at_risk_whatever_their_size(root, tmp_path):
    (root / ".gitattributes").write_text("*.bin filter=swap\n")
    for name in ("a.bin", "b.txt"):
        (root / name).write_bytes(b"same size")
    for contents in contents_of(root, tmp_path):
        assert contents.differing(sizes(root, "a.bin", "b.txt")) == ["a.bin"]


def test_a_file_of_another_size_is_unknown(root, tmp_path):
    (root / "a").write_bytes(b"twelve bytes")
    for contents in contents_of(root, tmp_path):
        assert contents.read([("a", 11), ("not there", 3)]) == {}


def test_what_is_ignored_does_not_belong_whatever_it_is_called(root, tmp_path):
    (root / ".gitignore").write_text("*.log\nbuild/\n!keep.log\n")
    (root / "build").mkdir()
    names = ["a.log", "keep.log", "build", ":(top)x", "*", "- x", "two\nlines", "sub"]
    (root / "sub").mkdir()
    for contents in contents_of(root, tmp_path):
        assert contents.belong(names) == ["keep.log", ":(top)x", "*", "- x", "two\nlines", "sub"]
