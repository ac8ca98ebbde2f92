"""Patches are read as git means them, whatever files are called and hold."""

import contextlib
import subprocess
import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.git import changes
from kimicode.git.repository import Repository
from kimicode.review import diff
from kimicode.review.change import Line
from tests.fakes import diffs
from tests.fakes.diffs import File

PAIRS = 12


def patch_of(root, pair):
    origin = Repository.discover(root).origin
    return changes.patch(origin, *pair)


def parsed(tmp_path, before, after):
    (pair,) = diffs.recorded(tmp_path / "repository", [(before, after)])
    return diff.parse(patch_of(tmp_path / "repository", pair))


def raw_lines(data):
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def rebuilt(old, new, hunks):
    """The new text from the old one: what is between the hunks is the old, what is in them stands at its numbers."""
    before, after, out, at = raw_lines(old), raw_lines(new), [], 0
    for hunk in hunks:
        start = hunk.old_start - (hunk.old_count > 0)
        out += before[at:start]
        at = start
        for line in hunk.lines:
            if line.old:
                assert (line.old, diff.lines(before[at])) == (at + 1, [line.text])
                at += 1
            if line.new:
                assert (line.new, diff.lines(after[len(out)])) == (len(out) + 1, [line.text])
                out.append(after[line.new - 1])
    return b"".join(out + before[at:])


def told_by_git(root, pair):
    """Paths, status and modes by path, as git tells programs."""
    command = ["git", "diff-tree", "-r", "-z", "--raw", "-M", *pair]
    output = subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=60).stdout
    fields = iter(output.decode("utf-8", "surrogateescape").split("\0")[:-1])
    words = {"A": "added", "D": "deleted", "M": "modified", "R": "renamed", "C": "copied", "T": "type"}
    found = {}
    for field in fields:
        old_mode, new_mode, *_, letter = field[1:].split()
        old_path = next(fields)
        path = next(fields) if letter[0] in "RC" else old_path
        modes = ["" if mode == "000000" else mode for mode in (old_mode, new_mode)]
        found[path] = (old_path, words[letter[0]], *modes)
    return found


@settings(max_examples=3)
@given(st.integers(0, 2**32))
def test_random_changes_are_read_as_git_tells_them_and_rebuild_every_byte(tmp_path_factory, seed):
    root, random = tmp_path_factory.mktemp("random") / "repository", Random(seed)
    pairs = [diffs.random_change(random) for _ in range(PAIRS)]
    for (before, after), pair in zip(pairs, diffs.recorded(root, pairs), strict=True):
        files = diff.parse(patch_of(root, pair))
        told = told_by_git(root, pair)
        for file in files:
            old_path, status, old_mode, new_mode = told.pop(file.path)
            assert (file.old_path, file.status) == (old_path, status)
            if file.hunks or status not in ("renamed", "copied"):
                assert (file.old_mode, file.new_mode) == (old_mode, new_mode)
            old, new = before.get(file.old_path, File(b"")).data, after.get(file.path, File(b"")).data
            old, new = (old if status != "added" else b""), (new if status != "deleted" else b"")
            if file.status != "type" and not file.binary:
                assert rebuilt(old, new, file.hunks) == new
            assert not file.binary or b"\0" in old + new
        assert told == {}


def test_lines_are_told_with_their_numbers_and_the_heading_that_git_found(tmp_path):
    text = b"def first():\n    a\n    b\n    c\n    d\n    e\n    f\n"
    (file,) = parsed(tmp_path, {"a.py": File(text)}, {"a.py": File(text.replace(b"    f\n", b"    g\n    h"))})
    (hunk,) = file.hunks
    assert (hunk.old_start, hunk.old_count, hunk.new_start, hunk.new_count) == (4, 4, 4, 5)
    assert hunk.heading == "def first():"
    assert hunk.lines == (
        Line(" ", 4, 4, "    c"),
        Line(" ", 5, 5, "    d"),
        Line(" ", 6, 6, "    e"),
        Line("-", 7, 0, "    f"),
        Line("+", 0, 7, "    g"),
        Line("+", 0, 8, "    h"),
    )


TEXT, BLOB = File(b"one\ntwo\n"), File(b"\0\1")
DONE = {
    "made executable": (TEXT, File(TEXT.data, diffs.EXECUTABLE), "modified", False),
    "made executable and changed": (TEXT, File(b"one\n", diffs.EXECUTABLE), "modified", False),
    "emptied": (TEXT, File(b""), "modified", False),
    "a binary one changed": (BLOB, File(b"\0\2"), "modified", True),
    "a text that became binary": (TEXT, BLOB, "modified", True),
    "an empty one added": (None, File(b""), "added", False),
    "an empty one deleted": (File(b""), None, "deleted", False),
    "a binary one added": (None, BLOB, "added", True),
    "a file that became a link": (TEXT, File(b"one", diffs.LINK), "type", False),
    "a link that leads elsewhere": (File(b"a", diffs.LINK), File(b"b", diffs.LINK), "modified", False),
}


@pytest.mark.parametrize("what", DONE)
def test_any_name_is_found_out_whatever_was_done_to_the_file(tmp_path, what):
    before, after, status, binary = DONE[what]
    files = parsed(tmp_path, *({name: file for name in diffs.NAMES if file} for file in (before, after)))
    assert {file.path for file in files} == {file.old_path for file in files} == set(diffs.NAMES)
    modes = tuple(file.mode if file else "" for file in (before, after))
    assert {(file.status, file.binary, file.old_mode, file.new_mode) for file in files} == {(status, binary, *modes)}


@pytest.mark.parametrize("changed", [False, True])
def test_any_name_can_be_moved_to_any_other(tmp_path, changed):
    texts = {
        name: b"%d\n" % index * 30 + name.encode(errors="surrogateescape") for index, name in enumerate(diffs.NAMES)
    }
    more = b"more\n" * changed
    before = {name: File(text) for name, text in texts.items()}
    after = {f"moved/{name}": File(text + more) for name, text in texts.items()}
    files = parsed(tmp_path, before, after)
    assert {(file.old_path, file.path) for file in files} == {(name, f"moved/{name}") for name in diffs.NAMES}
    assert {(file.status, bool(file.hunks)) for file in files} == {("renamed", changed)}


def test_a_file_that_became_a_link_is_one_file_with_the_lines_of_both(tmp_path):
    (file,) = parsed(tmp_path, {"a": TEXT}, {"a": File(b"there", diffs.LINK)})
    assert [(line.kind, line.text) for line in file.lines()] == [("-", "one"), ("-", "two"), ("+", "there")]
    assert (file.changed("old"), file.changed("new")) == ({1, 2}, {1})


def test_a_binary_file_that_became_a_link_is_still_told_as_binary(tmp_path):
    (file,) = parsed(tmp_path, {"a": BLOB}, {"a": File(b"there", diffs.LINK)})
    assert (file.status, file.binary) == ("type", True)


def test_a_file_that_only_moved_is_taken_for_an_ordinary_one():
    patch = b"diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n"
    (file,) = diff.parse(patch)
    assert (file.old_path, file.path, file.old_mode, file.new_mode) == ("x", "y", "100644", "100644")


def test_an_empty_line_may_lack_the_space_that_says_it_is_the_same():
    (hunk,) = diff.hunks("@@ -1,3 +1,3 @@\n a\n\n-b\n+c")
    assert hunk.lines[1] == Line(" ", 2, 2, "")


def test_a_submodule_is_named_with_its_commits(tmp_path):
    (pair,) = diffs.recorded(tmp_path / "repository", [({"a": TEXT}, {"a": TEXT})])
    root, (base, _) = tmp_path / "repository", pair
    git(root, "read-tree", base)
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{base},sub")
    (file,) = diff.parse(patch_of(root, (base, git(root, "write-tree"))))
    assert (file.path, file.new_mode, file.status) == ("sub", "160000", "added")
    assert [line.text for line in file.lines()] == [f"Subproject commit {base}"]


def test_names_are_read_raw_as_well_as_quoted_and_prefixes_are_no_part_of_them():
    patch = "diff --git a/ü b b/ü b\nindex 1..2 100644\n--- a/ü b\t\n+++ b/ü b\t\n@@ -1 +1 @@\n-x\n+y\n"
    (file,) = diff.parse(patch.encode())
    assert (file.path, file.old_path, file.old_mode) == ("ü b", "ü b", "100644")


def test_a_binary_patch_is_a_binary_file_and_what_follows_is_read(tmp_path):
    (pair,) = diffs.recorded(
        tmp_path / "repository", [({"a": BLOB, "b": TEXT}, {"a": File(b"\0" * 99), "b": File(b"x")})]
    )
    patch = git(tmp_path / "repository", "diff", "--binary", *pair).encode()
    assert [(file.path, file.binary, len(file.hunks)) for file in diff.parse(patch)] == [
        ("a", True, 0),
        ("b", False, 1),
    ]


def test_line_ends_are_no_part_of_a_line_and_no_other_sign_ends_one():
    assert diff.lines(b"a\r\nb\rc\x0cd\xe2\x80\xa8e\r\n\nf") == ["a", "b\rc\x0cd\u2028e", "", "f"]
    assert diff.lines(b"") == []
    assert diff.lines(b"\n") == [""]
    assert diff.lines(b"\xff\xed\xa0\x80") == ["\ufffd" * 4]


def test_the_patch_that_a_forge_gives_has_neither_names_nor_an_end():
    (first, second) = diff.hunks(
        "@@ -1,2 +1,3 @@ def f():\n a\n+b\r\n c\n@@ -9 +10 @@\n-x\n\\ No newline at end of file\n+y"
    )
    assert [line.text for line in first.lines] == ["a", "b", "c"]
    assert second.lines == (Line("-", 9, 0, "x"), Line("+", 0, 10, "y"))
    assert diff.hunks("") == ()


def test_lines_that_look_like_a_patch_are_lines():
    body = "@@ -1,3 +1,3 @@\n---- a/x\n-diff --git a/x b/x\n-@@ -1 +1 @@\n++++ b/x\n+diff --cc x\n+@@@ -1 -1 +1 @@@\n"
    (file,) = diff.parse(f"diff --git a/x b/x\n--- a/x\n+++ b/x\n{body}".encode())
    assert [line.text for line in file.lines() if line.kind == "+"] == ["+++ b/x", "diff --cc x", "@@@ -1 -1 +1 @@@"]


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ("diff --cc x\nindex 1,2..3\n@@@ -1 -1 +1 @@@\n", "merge"),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n", "cut off"),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n?\n", "line 6"),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n a\n-b\n+c\n", "line 7"),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1, +1 @@\n", "line 4"),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +%s @@\n" % ("9" * 5_000), "line 4"),
        ("diff --git a/x b/y\nold mode 100644\nnew mode 100755\n", "which file"),
    ],
)
def test_what_is_damaged_or_of_a_merge_is_refused(patch, said):
    with pytest.raises(diff.DiffError, match=said):
        diff.parse(patch.encode())


@given(st.binary(max_size=200), st.lists(st.integers(0, 10**6), max_size=6))
def test_damage_of_any_kind_ends_in_an_answer_or_a_refusal(noise, places):
    patch = bytearray(
        b'diff --git "a/x\\n" "b/x\\n"\nindex 1..2 100644\n--- "a/x\\n"\n+++ "b/x\\n"\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n'
    )
    for place in places:
        at = place % len(patch)
        patch[at : at + 3] = noise[at % (len(noise) + 1) :][:7]
    for damaged in (bytes(patch), noise, b"diff --git " + noise):
        with contextlib.suppress(diff.DiffError):
            diff.parse(damaged)


def test_a_large_change_and_very_long_lines_are_read_in_a_moment():
    lines = "".join(f"-old {number}\n+new {number}\n" for number in range(100_000)) + f"+{'x' * 3_000_000}\n"
    patch = f"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,100000 +1,100001 @@\n{lines}".encode()
    started = time.process_time()
    (file,) = diff.parse(patch)
    assert len(file.hunks[0].lines) == 200_001
    assert time.process_time() - started < 8  # a second where nothing else runs; an algorithm gone wrong takes minutes


def git(root, *arguments):
    answer = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True, timeout=60)
    return answer.stdout.strip("\n") if arguments[0] != "diff" else answer.stdout
