"""Lines by pattern: ripgrep and our own process answer the same, and neither hangs."""

import shutil

import pytest

from kimicode.errors import ToolError
from kimicode.index import grep as searching
from kimicode.index.grep import Line, grep

PROGRAMS = [
    pytest.param("", id="own"),
    pytest.param(None, id="ripgrep", marks=pytest.mark.skipif(not shutil.which("rg"), reason="ripgrep is not here")),
]
FILES = {
    "a.py": "def one():\n    return Two\n",
    "sub/b.txt": "two (2)\nTWO\n",
    "bin.dat": "two\0two\n",
    "wide.txt": "x" * 1000 + "\n",
}


@pytest.fixture
def root(tmp_path):
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def look(root, pattern, program, **more):
    found = grep(root, pattern, FILES, program=program, **more)
    assert not found.cut
    return sorted((line.path, line.number, line.text) for line in found.lines)


@pytest.mark.parametrize("program", PROGRAMS)
def test_lower_case_finds_any_case_and_capitals_only_themselves(root, program):
    assert look(root, r"tw[o]", program) == [
        ("a.py", 2, "    return Two"),
        ("sub/b.txt", 1, "two (2)"),
        ("sub/b.txt", 2, "TWO"),
    ]
    assert look(root, "TWO", program) == [("sub/b.txt", 2, "TWO")]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_text_is_no_pattern(root, program):
    assert look(root, "two (2)", program, regex=False) == [("sub/b.txt", 1, "two (2)")]
    assert look(root, "-e", program, regex=False) == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_is_no_pattern_is_refused_with_the_reason(root, program):
    with pytest.raises(ToolError, match=r"not a usable pattern: .*(unclosed|missing)"):
        grep(root, "(", FILES, program=program)


@pytest.mark.parametrize("program", PROGRAMS)
def test_wide_lines_are_cut(root, program):
    ((_, _, text),) = look(root, "x{900}", program)
    assert len(text) <= searching.WIDEST


@pytest.mark.skipif(not shutil.which("rg"), reason="ripgrep is not here")
def test_ripgrep_stays_below_a_folder(root):
    assert [path for path, _, _ in look(root, "two", None, below="sub")] == ["sub/b.txt", "sub/b.txt"]


@pytest.mark.parametrize("pattern", ["a\0b", "\ud800"])
def test_characters_that_no_file_has_are_refused(root, pattern):
    with pytest.raises(ToolError, match="characters"):
        grep(root, pattern, FILES)


def test_files_that_are_gone_or_links_or_pipes_are_passed_over(root):
    (root / "link").symlink_to("a.py")
    found = grep(root, "def", ["gone", "link", "sub", "a.py"], program="")
    assert found.lines == (Line("a.py", 1, "def one():"),)


def test_names_that_are_no_utf8_come_back_as_they_went(tmp_path):
    name = b"\xff.txt".decode("utf-8", "surrogateescape")
    (tmp_path / name).write_text("here\n")
    assert [line.path for line in grep(tmp_path, "here", [name], program="").lines] == [name]


def test_too_many_answers_end_the_search(tmp_path):
    names = [f"{number}.txt" for number in range(200)]
    for name in names:
        (tmp_path / name).write_text(("y" * 290 + "\n") * 60)
    found = grep(tmp_path, "y", names, program="")
    assert found.cut
    assert len(found.lines) < 200 * searching.PER_FILE


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_lies_behind_a_link_is_not_searched_though_its_name_is_listed(root, tmp_path_factory, program):
    keys = tmp_path_factory.mktemp("keys")
    (keys / "b.txt").write_text("two: the person's key\n")
    shutil.rmtree(root / "sub")
    (root / "sub").symlink_to(keys)
    assert [path for path, *_ in look(root, "two", program)] == ["a.py"]
