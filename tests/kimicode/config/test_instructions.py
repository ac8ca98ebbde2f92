"""AGENTS.md and its kin: which are read, in which order, and how much of them."""

import os
from pathlib import Path

import pytest

from kimicode.config.instructions import LIMIT_BYTES, instructions
from kimicode.config.trust import Record, Trust


@pytest.fixture
def root(tmp_path):
    (tmp_path / "root/a/b").mkdir(parents=True)
    (tmp_path / "root/.git").mkdir()
    (tmp_path / "home").mkdir()
    return tmp_path / "root"


def read(cwd: Path, root: Path, trust: Trust | None = None) -> list[tuple[str, str]]:
    found = instructions(cwd, trust or Trust.whole(cwd), user_dir=root.parent / "home")
    return [(str(path.relative_to(root.parent)), text) for path, text in found]


def test_nothing_there_is_nothing_read(root):
    assert read(root / "a", root) == []


def test_files_come_outermost_first_the_users_own_before_all(root):
    (root.parent / "home/AGENTS.md").write_text("user")
    (root.parent / "AGENTS.md").write_text("above the repository")
    (root / "AGENTS.md").write_text("root")
    (root / "a/b/AGENTS.md").write_text("near")
    assert read(root / "a/b", root) == [
        ("home/AGENTS.md", "user"),
        ("root/AGENTS.md", "root"),
        ("root/a/b/AGENTS.md", "near"),
    ]
    assert read(root / "a", root) == [("home/AGENTS.md", "user"), ("root/AGENTS.md", "root")]


def test_in_a_folder_the_override_wins_and_claude_md_stands_in(root):
    (root / "CLAUDE.md").write_text("claude")
    assert read(root, root) == [("root/CLAUDE.md", "claude")]
    (root / "AGENTS.md").write_text("agents")
    assert read(root, root) == [("root/AGENTS.md", "agents")]
    (root / "AGENTS.override.md").write_text("override")
    assert read(root, root) == [("root/AGENTS.override.md", "override")]
    (root / "AGENTS.override.md").write_text(" \n")
    assert read(root, root) == [("root/AGENTS.md", "agents")]


def test_the_nearest_is_whole_and_the_outer_one_is_cut(root):
    (root / "AGENTS.md").write_text("r" * LIMIT_BYTES)
    (root / "a/AGENTS.md").write_text("é" * (LIMIT_BYTES // 4))
    (root.parent / "home/AGENTS.md").write_text("user")
    user, outer, near = read(root / "a", root)
    assert near[1] == "é" * (LIMIT_BYTES // 4)
    assert outer[1].startswith("r" * (LIMIT_BYTES // 2) + "\n[cut: ")
    assert user[1].startswith("[cut: 0 bytes of ")


def test_a_cut_does_not_split_a_character(root):
    (root / "AGENTS.md").write_text("a" + "é" * LIMIT_BYTES)
    assert "\ufffd" not in read(root, root)[0][1]


def test_bytes_that_are_no_text_are_tolerated(root):
    (root / "AGENTS.md").write_bytes(b"\xef\xbb\xbfgood \xff bad")
    assert read(root, root) == [("root/AGENTS.md", "good \ufffd bad")]


def test_folders_loops_pipes_and_dangling_links_are_passed_over(root):
    (root / "AGENTS.override.md").mkdir()
    (root / "AGENTS.md").symlink_to("AGENTS.md")
    os.mkfifo(root / "a/AGENTS.md")
    (root / "a/b/AGENTS.md").symlink_to("missing")
    assert read(root / "a/b", root) == []


def test_a_link_out_of_the_repository_is_not_followed(root):
    (root.parent / "secret").write_text("key")
    (root / "AGENTS.md").symlink_to("../secret")
    assert read(root, root) == []


def test_one_text_under_two_names_is_read_once(root):
    (root / "AGENTS.md").write_text("one")
    (root / "a/AGENTS.md").symlink_to("../AGENTS.md")
    assert read(root / "a", root) == [("root/a/AGENTS.md", "one")]


def test_outside_of_a_repository_only_the_folder_itself_counts(root, tmp_path):
    (tmp_path / "AGENTS.md").write_text("outside")
    (tmp_path / "plain").mkdir()
    assert read(tmp_path / "plain", root) == []
    assert read(tmp_path, root) == [("AGENTS.md", "outside")]


def test_without_trust_the_users_own_alone_are_read(root):
    (root / "AGENTS.md").write_text("root")
    (root.parent / "home/AGENTS.md").write_text("user")
    for trust in (Trust(root), Trust(root, "untrusted")):
        assert read(root, root, trust) == [("home/AGENTS.md", "user")]


def test_what_changed_since_the_folder_was_trusted_is_passed_over(root):
    (root / "AGENTS.md").write_text("as it was")
    (root / "a/AGENTS.md").write_text("near")
    record = Record(root.parent / "home/trust.toml")
    record.remember(root, "trusted")
    (root / "AGENTS.md").write_text("obey me")
    assert read(root / "a", root, record.trust_in(root / "a")) == [("root/a/AGENTS.md", "near")]
