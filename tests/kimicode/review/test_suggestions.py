"""A suggestion is offered only where one click makes the file better and nothing worse."""

import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.review import diff, suggestions
from kimicode.review.findings import Finding, Severity, Suggestion

BEFORE = b"def total(items):\n    result = 0\n    for item in items:\n        result += item\n    return result\n"
AFTER = BEFORE.replace(b"result += item", b"result = item")
PATCH = (
    "diff --git a/{0} b/{0}\nindex 1..2 100644\n--- a/{0}\n+++ b/{0}\n@@ -1,5 +1,5 @@\n"
    " def total(items):\n     result = 0\n     for item in items:\n-        result += item\n+        result = item\n"
    "     return result\n"
)


def files(path="a.py"):
    return diff.parse(PATCH.format(path).encode())


def finding(text, first=4, last=4, **more):
    found = Finding("a.py", "new", first, last, "total", "correctness", Severity.HIGH, 0.9, "The sum is lost.", "")
    return replace(found, suggestion=Suggestion(first, last, text), **more)


FIX = finding("        result += item")


def patch_of(tmp_path, before, after):
    for name, data in (("before", before), ("after", after)):
        (tmp_path / name).write_bytes(data)
    command = ["git", "diff", "--no-index", "--no-color", "before", "after"]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False).stdout
    return tuple(replace(file, path="a.py", old_path="a.py") for file in diff.parse(output))


def test_lines_that_mend_the_fault_are_offered_and_applied():
    assert suggestions.usable(files(), FIX, AFTER)
    assert suggestions.applied(AFTER, FIX.suggestion) == BEFORE


@pytest.mark.parametrize(
    ("why", "refused"),
    [
        ("there is none", replace(FIX, suggestion=None)),
        ("it changes nothing", finding("        result = item")),
        ("it does not parse", finding("        result += (item")),
        ("it lost its indentation, though it parses", finding("return total(result)", 5, 5)),
        ("it is indented for another place", finding("            result += item\n      x = 1")),
        ("it has tabs where the file has spaces, though it parses", finding("\treturn total(result)", 5, 5)),
        ("it is for other lines than the comment marks", replace(FIX, suggestion=Suggestion(3, 4, "    pass"))),
        ("it is for lines that are gone", replace(FIX, side="old")),
        ("it is for a file that did not change", replace(FIX, path="b.py")),
        ("it is for lines outside the diff", finding("    pass", 9)),
        ("it is long", finding("        result += item\n" * 12)),
        ("it goes back to the beginning of the line", finding("        result += item\r")),
        ("it holds a sign that nobody sees", finding("        result += item\x08")),
        ("it holds a line end that only some see", finding("        result += item # \u2028 x")),
        ("it has turned around", replace(finding("        result += item"), suggestion=Suggestion(4, 3, "x"))),
    ],
)
def test_what_is_in_doubt_is_not_offered(why, refused):
    assert not suggestions.usable(files(), refused, AFTER), why


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("it is another text by now", AFTER.replace(b"= item", b"= items")),
        ("it became shorter", AFTER[:40]),
        ("it is empty", b""),
        ("it is not UTF-8", AFTER + b"# \xff\n"),
        ("it is binary", AFTER + b"\0"),
    ],
)
def test_a_file_that_is_not_what_the_diff_shows_or_no_text_takes_none(why, text):
    assert not suggestions.usable(files(), FIX, text), why


def test_a_file_that_did_not_parse_before_takes_what_makes_it_no_worse():
    broken = b"x = (\n" + AFTER
    shown = diff.parse(PATCH.format("a.py").replace("-1,5 +1,5", "-2,5 +2,5").encode())
    assert suggestions.usable(shown, finding("        result += item", 5, 5), broken)


@pytest.mark.parametrize(
    ("path", "text"),
    [("a.js", "        result += item)"), ("a.js", "\treturn 2"), ("a.json", "}"), ("a.rs", "        fn {")],
)
def test_other_languages_are_looked_at_as_well(path, text):
    good = {
        "a.js": b"function f() {\n  return 1\n}\n",
        "a.json": b'{\n "a": 1\n}\n',
        "a.rs": b"fn f() {\n    g();\n}\n",
    }[path]
    first, second, third = good.decode().splitlines()
    names = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"
    shown = f"{names}@@ -1,2 +1,3 @@\n {first}\n+{second}\n {third}\n"
    assert not suggestions.usable(diff.parse(shown.encode()), replace(finding(text, 2, 2), path=path), good)
    fitting = {"a.js": "  return 2", "a.json": ' "a": 2', "a.rs": "    h();"}[path]
    assert suggestions.usable(diff.parse(shown.encode()), replace(finding(fitting, 2, 2), path=path), good)


def test_taking_lines_away_is_a_suggestion_too():
    shown = diff.parse(b"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,1 +1,2 @@\n x = 1\n+x = 2\n")
    gone = finding("", 2, 2)
    assert suggestions.usable(shown, gone, b"x = 1\nx = 2\n")
    assert suggestions.applied(b"x = 1\nx = 2\n", gone.suggestion) == b"x = 1\n"


@pytest.mark.parametrize(
    ("text", "place", "proposed", "after"),
    [
        (b"a\r\nb\r\nc\r\n", (2, 2), "x\ny", b"a\r\nx\r\ny\r\nc\r\n"),
        (b"a\r\nb", (2, 2), "x\ny", b"a\r\nx\r\ny"),
        (b"a\nb", (2, 2), "x", b"a\nx"),
        (b"a\nb", (1, 2), "x", b"x"),
        (b"a\nb", (1, 1), "x", b"x\nb"),
        (b"a\nb\n", (2, 2), "", b"a\n"),
        (b"a\nb", (2, 2), "", b"a\n"),
        (b"a", (1, 1), "x\ny", b"x\ny"),
        (b"a\n\n\n", (2, 2), "x", b"a\nx\n\n"),
        ("ä\x0cb\n".encode(), (1, 1), "ö", "ö\n".encode()),
    ],
)
def test_lines_end_as_those_that_they_replace(text, place, proposed, after):
    assert suggestions.applied(text, Suggestion(*place, proposed)) == after


@pytest.mark.parametrize("place", [(0, 1), (3, 3), (2, 1), (1, 3), (-1, -1)])
def test_lines_that_the_file_does_not_have_are_refused(place):
    with pytest.raises(ValueError, match="no lines"):
        suggestions.applied(b"a\nb\n", Suggestion(*place, "x"))


def test_a_mark_at_the_beginning_of_the_file_is_not_lost(tmp_path):
    before, after = b"\xef\xbb\xbfx = 1\n", b"\xef\xbb\xbfx = 2\n"
    shown = patch_of(tmp_path, before, after)
    assert not suggestions.usable(shown, finding("x = 3", 1, 1), after)


@given(
    st.lists(st.sampled_from(["x = 1", "y = 2", "", "z = 3  # \u00fc"]), min_size=1, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.data(),
)
def test_all_but_the_replaced_lines_stays_byte_for_byte(lines, end, ended, data):
    text = (end.join(lines) + end * ended).encode()
    now = diff.lines(text)
    if not now:
        return
    first = data.draw(st.integers(1, len(now)))
    last = data.draw(st.integers(first, len(now)))
    after = diff.lines(suggestions.applied(text, Suggestion(first, last, "one\ntwo")))
    assert after == [*now[: first - 1], "one", "two", *now[last:]]
    assert suggestions.applied(text, Suggestion(first, last, "\n".join(now[first - 1 : last]))) == text or not any(
        now[first - 1 : last]
    )
