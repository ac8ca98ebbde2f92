"""A comment lands on the line that it means, on its side, or nowhere."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.git import changes
from kimicode.git.repository import Repository
from kimicode.review import anchors, diff
from kimicode.review.anchors import Anchor, place
from kimicode.review.findings import Citation, Finding, Severity
from tests.fakes import diffs

PATCH = """\
diff --git a/old.py b/new.py
rename from old.py
rename to new.py
--- a/old.py
+++ b/new.py
@@ -10,7 +10,7 @@
 ten
 eleven
 twelve
-thirteen before
+thirteen after
 fourteen
 fifteen
 sixteen
@@ -30,6 +30,8 @@
 thirty
 thirty-one
 thirty-two
+thirty-three new
+thirty-four new
 thirty-five
 thirty-six
 thirty-seven
@@ -70,2 +72,3 @@
 seventy
+seventy-three new
 seventy-one
diff --git a/gone.py b/gone.py
deleted file mode 100644
--- a/gone.py
+++ /dev/null
@@ -1,2 +0,0 @@
-one
-two
diff --git a/picture.png b/picture.png
index 1..2 100644
Binary files a/picture.png and b/picture.png differ
"""
FILES = diff.parse(PATCH.encode())


def finding(path, first, last=None, side="new", citations=()):
    cited = tuple(Citation(*each) for each in citations)
    last = first if last is None else last
    return Finding(path, side, first, last, "f", "correctness", Severity.HIGH, 0.9, "It fails.", "", cited)


def placed(*arguments, **more):
    anchor = place(FILES, finding(*arguments, **more))
    return anchor and (anchor.side, anchor.first, anchor.line)


@pytest.mark.parametrize(
    ("first", "last", "side", "where"),
    [
        (13, 13, "new", ("new", 13, 13)),
        (12, 14, "new", ("new", 12, 14)),
        (10, 11, "new", ("new", 10, 11)),  # not changed, but shown
        (13, 13, "old", ("old", 13, 13)),
        (12, 15, "old", ("old", 13, 13)),  # what is still there is no part of the old side
        (14, 15, "old", ("new", 14, 15)),
        (33, 34, "old", ("new", 35, 36)),  # two lines down by now
        (1, 20, "new", ("new", 13, 13)),
        (1, 100, "new", ("new", 33, 34)),  # the hunk in which most changed
        (36, 60, "new", ("new", 37, 37)),  # nothing changed there: the last line that is shown
        (14, 13, "new", ("new", 13, 14)),  # turned around
        (9, 9, "new", None),
        (17, 29, "new", None),
        (0, 0, "new", None),
        (-5, -1, "old", None),
        (20, 20, "old", None),
    ],
)
def test_lines_are_placed_where_the_diff_shows_them(first, last, side, where):
    assert placed("new.py", first, last, side) == where


def test_a_moved_file_is_found_by_either_name_and_anchored_by_both():
    here = Anchor("new.py", "old.py", "new", 13, 13)
    assert place(FILES, finding("old.py", 13)) == place(FILES, finding("new.py", 13)) == here
    assert place(FILES, finding("old.py", 13, side="old")) == Anchor("new.py", "old.py", "old", 13, 13)


def test_a_name_means_the_file_that_has_it_before_the_one_that_had_it():
    moved = "diff --git a/{0} b/{1}\nrename from {0}\nrename to {1}\n--- a/{0}\n+++ b/{1}\n@@ -1 +1 @@\n-x\n+y\n"
    swapped = moved.format("a", "b") + moved.format("b", "a")
    files = diff.parse(swapped.encode())
    assert anchors.named(files, "a", "new").old_path == "b"
    assert anchors.named(files, "a", "old").path == "b"


def test_a_deleted_file_has_its_old_side_alone():
    assert placed("gone.py", 2) == placed("gone.py", 2, side="old") == ("old", 2, 2)


@pytest.mark.parametrize("path", ["picture.png", "unknown.py"])
def test_what_shows_no_lines_takes_no_comment(path):
    assert placed(path, 1) is None


@pytest.mark.parametrize(
    ("line", "text", "where"),
    [
        (13, "thirteen   after", ("new", 13, 13)),
        (15, "  thirteen after", ("new", 13, 13)),  # two lines off
        (31, "thirty-four new", ("new", 34, 34)),
        (13, "never written", None),
        (13, "thirteen before", None),  # stands on the old side alone
        (20, "fourteen", None),  # not shown, so nothing speaks against it, and nothing for it
    ],
)
def test_a_cited_line_is_looked_for_by_its_text(line, text, where):
    assert placed("new.py", line, citations=[("new.py", line, text)]) == where


def test_a_range_moves_as_a_whole():
    cited = [("new.py", 30, "thirty-three new"), ("new.py", 31, "thirty-four new")]
    assert placed("new.py", 30, 31, citations=cited) == ("new", 33, 34)
    assert placed("new.py", 30, 31, citations=[*cited[:1], ("new.py", 31, "thirty-five")]) is None


def test_a_line_without_words_tells_nothing_of_its_place():
    files = diff.parse(b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+b\n }\n")
    assert place(files, finding("x", 1, citations=[("x", 1, "}")])) is None


def test_where_the_fault_shows_outside_the_diff_the_changed_line_that_it_cites_takes_the_comment():
    assert placed("new.py", 40, citations=[("new.py", 34, "thirty-four new")]) == ("new", 34, 34)
    both = [("new.py", 33, "thirty-three new"), ("new.py", 34, "thirty-four new")]
    assert placed("new.py", 40, citations=both) == ("new", 34, 34)
    assert placed("new.py", 40, citations=[("new.py", 35, "thirty-five")]) is None
    assert placed("new.py", 65, citations=[("new.py", 34, "thirty-four new")]) is None
    assert placed("new.py", 40, citations=[("other.py", 34, "thirty-four new")]) is None


def test_in_a_very_long_file_each_changed_line_has_its_place(tmp_path):
    before = diffs.numbered(10_000)
    after = before.replace(b"line 4000\n", b"").replace(b"line 9000\n", b"new\n")
    root = tmp_path / "r"
    (pair,) = diffs.recorded(root, [({"x": diffs.File(before)}, {"x": diffs.File(after)})])
    files = diff.parse(changes.patch(Repository.discover(root).origin, *pair))
    assert place(files, finding("x", 8999)) == Anchor("x", "x", "new", 8999, 8999)
    assert place(files, finding("x", 4000, side="old")) == Anchor("x", "x", "old", 4000, 4000)
    assert place(files, finding("x", 9000, side="old")) == Anchor("x", "x", "old", 9000, 9000)
    assert place(files, finding("x", 9500)) is None


@settings(max_examples=3)
@given(st.integers(0, 2**32))
def test_in_random_changes_every_comment_lands_on_a_line_that_the_forge_shows_and_the_finding_means(
    tmp_path_factory, seed
):
    random = Random(seed)
    pairs = [diffs.random_change(random) for _ in range(8)]
    root = tmp_path_factory.mktemp("random") / "r"
    ids = diffs.recorded(root, pairs)
    origin = Repository.discover(root).origin
    for (before, after), pair in zip(pairs, ids, strict=True):
        files = diff.parse(changes.patch(origin, *pair))
        for file in files:
            old, new = (
                diff.lines(each.data) if each else [] for each in (before.get(file.old_path), after.get(file.path))
            )
            for _ in range(40):
                check(random, files, file, {"old": old, "new": new})


def check(random, files, file, texts):
    side = random.choice(("old", "new"))
    first = random.randint(-1, len(texts[side]) + 4)
    last = first + random.choice((0, 0, 1, 4, 30))
    meant = finding(file.path_on(side), first, last, side)
    anchor = place(files, meant)
    shown = [(line.kind, line.number(side), line.new) for line in file.lines() if line.number(side)]
    visible = [each for each in shown if first <= each[1] <= last]
    if anchor is None:
        alone = (file.status, side) in (("added", "old"), ("deleted", "new"))
        assert not visible or alone
        return
    assert (anchor.path, anchor.old_path) == (file.path, file.old_path)
    hunk = next(hunk for hunk in file.hunks if takes(hunk, anchor.side, anchor.first))
    assert takes(hunk, anchor.side, anchor.line)
    assert anchor.first <= anchor.line
    if anchor.side == side:
        assert first <= anchor.first <= anchor.line <= last
    elif file.status not in ("added", "deleted"):
        assert {anchor.first, anchor.line} <= {new for kind, _, new in visible if kind == " "}
        assert texts["new"][anchor.line - 1] in texts["old"][max(first, 1) - 1 : last]


def takes(hunk, side, number):
    """Whether the forge shows that line there: on the old side those that are gone, on the new one the others."""
    return any(line.number(side) == number and (line.kind == "-") == (side == "old") for line in hunk.lines)
