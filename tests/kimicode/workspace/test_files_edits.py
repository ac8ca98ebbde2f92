"""An edit changes what it was told to and nothing else; where it cannot, it says why."""

import os
from pathlib import Path

import pytest

from kimicode.errors import ToolError
from kimicode.workspace.files import Files


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def files(root):
    return Files(root)


# --- replace ------------------------------------------------------------------------------------------------


def test_a_replacement_shows_the_region_as_it_is_now(files, root):
    (root / "f.py").write_text("".join(f"x{n} = {n}\n" for n in range(1, 21)))
    edit = files.replace("f.py", "x10 = 10\n", "y = 1\nz = 2\n")
    assert edit.line == 10
    assert (
        edit.excerpt
        == "7\tx7 = 7\n8\tx8 = 8\n9\tx9 = 9\n10\ty = 1\n11\tz = 2\n12\tx11 = 11\n13\tx12 = 12\n14\tx13 = 13"
    )
    assert (edit.diff.path, edit.diff.added, edit.diff.removed, edit.diff.created) == ("f.py", 2, 1, False)


def test_a_long_region_is_shortened(files, root):
    (root / "f").write_text("a\n")
    excerpt = files.replace("f", "a\n", "".join(f"{n}\n" for n in range(100))).excerpt
    assert "[71 lines left out]" in excerpt
    assert len(excerpt.splitlines()) == 30


def test_several_places_are_named_and_none_is_edited(files, root):
    (root / "f").write_text("x = 1\ny\nx = 1\n")
    with pytest.raises(ToolError, match="2 times in f, at lines 1, 3"):
        files.replace("f", "x = 1", "x = 2")
    assert (root / "f").read_text() == "x = 1\ny\nx = 1\n"


def test_no_place_shows_the_nearest_lines(files, root):
    (root / "f").write_text("def one():\n    return 'a'\n")
    with pytest.raises(ToolError, match="quotes only") as caught:
        files.replace("f", '    return "a"', "x")
    assert "2\t    return 'a'" in str(caught.value)
    with pytest.raises(ToolError, match="No line resembles it"):
        files.replace("f", "zebra", "x")


@pytest.mark.parametrize(("old", "new", "says"), [("  \n", "x", "blank"), ("", "x", "blank"), ("a", "a", "same")])
def test_edits_without_sense_are_refused(files, root, old, new, says):
    (root / "f").write_text("a\n")
    with pytest.raises(ToolError, match=says):
        files.replace("f", old, new)


def test_crlf_files_are_quoted_with_plain_newlines(files, root):
    (root / "f").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    edit = files.replace("f", "one\ntwo\n", "one\n2\nmore\n")
    assert (root / "f").read_bytes() == b"one\r\n2\r\nmore\r\nthree\r\n"
    assert "CRLF" in edit.note


def test_quotes_with_crlf_fit_plain_files(files, root):
    (root / "f").write_bytes(b"one\ntwo\n")
    files.replace("f", "one\r\ntwo\r\n", "1\r\n2\r\n")
    assert (root / "f").read_bytes() == b"1\n2\n"


def test_line_endings_can_be_changed_on_purpose(files, root):
    (root / "f").write_bytes(b"one\r\ntwo\r\n")
    edit = files.replace("f", "one\r\n", "one\n")
    assert (root / "f").read_bytes() == b"one\ntwo\r\n"
    assert edit.note == "line endings were changed"
    with pytest.raises(ToolError, match="line endings included"):
        files.replace("f", "one\r\n", "one\n")


def test_text_that_the_encoding_lacks_is_refused(files, root):
    (root / "f").write_bytes("caf\xe9\n".encode("latin-1"))
    with pytest.raises(ToolError, match=r"cp1252, which has no '文' \(U\+6587\)"):
        files.replace("f", "café", "文")
    files.replace("f", "café", "thé")
    assert (root / "f").read_bytes() == b"th\xe9\n"
    with pytest.raises(ToolError, match="utf-8"):
        files.create("new", "\udc80")
    assert not (root / "new").exists()


def test_stray_bytes_in_lines_around_do_not_hinder_an_edit(files, root):
    (root / "f").write_bytes("déjà vu\n".encode() + b"odd \xff \xfe  \nend  \n")
    files.replace("f", "déjà vu  \n", "jamais vu\n")
    assert (root / "f").read_bytes() == b"jamais vu\nodd \xff \xfe  \nend  \n"


def test_links_stay_links_and_hard_links_stay_shared(files, root):
    (root / "target").write_text("one\n")
    (root / "link").symlink_to("target")
    os.link(root / "target", root / "twin")
    files.replace("link", "one", "two")
    assert (root / "link").is_symlink()
    assert (root / "twin").read_text() == (root / "target").read_text() == "two\n"


def test_a_write_that_fails_names_the_path_and_the_reason(root):
    files = Files(root, [Path("/proc")])
    with pytest.raises(ToolError, match="cannot write /proc/kimicode-test: ") as caught:
        files.create("/proc/kimicode-test", "x")
    assert caught.value.hint == "Nothing was written."


# --- create and insert --------------------------------------------------------------------------------------


def test_a_new_file_gets_its_folders_and_exactly_the_text_given(files, root):
    edit = files.create("a/b/c.txt", "one\r\ntwo")
    assert (root / "a/b/c.txt").read_bytes() == b"one\r\ntwo"
    assert edit.diff.created
    assert edit.diff.added == 2


def test_existing_files_are_not_overwritten_unless_empty(files, root):
    (root / "full").write_text("x")
    (root / "empty").touch()
    with pytest.raises(ToolError, match="exists already"):
        files.create("full", "y")
    files.create("empty", "y")
    assert (root / "full").read_text() == "x"
    assert (root / "empty").read_text() == "y"
    with pytest.raises(ToolError, match="a directory"):
        files.create(".", "x")


@pytest.mark.parametrize(
    ("before", "line", "text", "after"),
    [
        (b"", 0, "x", b"x\n"),
        (b"a\nb\n", 0, "x", b"x\na\nb\n"),
        (b"a\nb\n", 1, "x\ny\n", b"a\nx\ny\nb\n"),
        (b"a\nb\n", 2, "x", b"a\nb\nx\n"),
        (b"a\nb", 2, "x\n", b"a\nb\nx"),
        (b"a\nb", 1, "x", b"a\nx\nb"),
        (b"a\r\nb\r\n", 1, "x\ny", b"a\r\nx\r\ny\r\nb\r\n"),
        (b"a\r\nb", 2, "x", b"a\r\nb\r\nx"),
        (b"\xff\xfea\0\n\0", 1, "é", b"\xff\xfea\0\n\0\xe9\0\n\0"),
        (b"a\n", 1, "", b"a\n\n"),
    ],
)
def test_inserted_lines_are_whole_and_fit_their_neighbours(files, root, before, line, text, after):
    (root / "f").write_bytes(before)
    edit = files.insert("f", line, text)
    assert (root / "f").read_bytes() == after
    assert edit.line == line + 1


def test_one_endless_line_is_edited_without_being_shown_whole(files, root):
    (root / "min.js").write_text("x" * 3_000_000 + "y = 1;" + "z" * 3_000_000)
    edit = files.replace("min.js", "y = 1;", "y = 2;")
    assert len(edit.excerpt) < 3000
    assert len(edit.diff.text) < 6000
    with pytest.raises(ToolError) as caught:
        files.replace("min.js", "x" * 500 + "y = 3;", "")
    assert len(str(caught.value)) < 5000


@pytest.mark.parametrize("line", [-1, 3])
def test_insert_says_how_many_lines_there_are(files, root, line):
    (root / "f").write_text("a\nb\n")
    with pytest.raises(ToolError, match="from 0 to 2"):
        files.insert("f", line, "x")


# --- syntax warnings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "good", "bad", "where"),
    [
        ("f.py", "x = (1)\n", "x = (1\n", "line 1"),
        ("f.json", '{"a": 1}\n', '{"a": 1,}\n', "line 1"),
        ("f.toml", "a = 1\n", "a = \n", "line 1"),
    ],
)
def test_an_edit_that_breaks_the_syntax_is_warned_of(files, root, name, good, bad, where):
    assert files.create(name, good).warning == ""
    edit = files.replace(name, good, bad)
    assert edit.warning.startswith(f"warning: syntax error in {where}: ")
    assert files.replace(name, bad, bad + "\n" + bad).warning == ""  # it was broken before
    assert files.create("new-" + name, bad).warning


def test_other_files_and_monstrous_ones_are_not_parsed(files):
    assert files.create("f.txt", "x = (").warning == ""
    assert files.create("nested.json", "[" * 100_000).warning.startswith("warning: syntax error")
    assert files.create("nul.py", "x = '\x01'\n").warning == ""
    assert files.create("minus.py", "-" * 100_000 + "1\n").warning.startswith("warning: syntax error")
