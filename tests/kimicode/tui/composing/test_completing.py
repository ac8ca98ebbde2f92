"""Words that can be completed, and what is put in their place."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.tui.composing.completing import Word, inserted, paths, word_at


@pytest.mark.parametrize(
    ("before", "word"),
    [
        ("@", Word("file", "", 0)),
        ("look at @src/ma", Word("file", "src/ma", 8)),
        ('(@"my fi', Word("file", "my fi", 1)),
        ("@docs/🦊", Word("file", "docs/🦊", 0)),
        ("/mo", Word("command", "mo", 0)),
        ("/", Word("command", "", 0)),
        ("mail me@example.org", None),
        ("/model name", None),
        (" /mo", None),
        ("/home/user", None),
        ('@"done" and', None),
        ("", None),
    ],
)
def test_which_word_is_completed(before, word):
    assert word_at(before, 0, shell=False) == word


def test_a_command_stands_in_the_first_line_only():
    assert word_at("/mo", 1, shell=False) is None


def test_a_shell_command_is_completed_with_paths():
    assert word_at("!ls", 0, shell=True) == Word("path", "ls", 1)
    assert word_at("!cat my\\ fi", 0, shell=True) == Word("path", "my\\ fi", 5)
    assert word_at("!a|b", 0, shell=True) == Word("path", "b", 3)


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        ("file", "a.py", "@a.py "),
        ("file", "src/", "@src/"),
        ("file", "my notes.md", '@"my notes.md" '),
        ("file", "my docs/", '@"my docs/'),
        ("file", "🦊.txt", "@🦊.txt "),
        ("command", "model", "/model "),
        ("path", "src/", "src/"),
    ],
)
def test_what_is_put_in(kind, name, text):
    assert inserted(kind, name) == text


@given(
    st.text(st.characters(blacklist_categories=["Cc", "Cs"]), min_size=1).filter(lambda name: not name.endswith("/"))
)
def test_the_shell_reads_a_completed_path_as_it_is(name):
    assert shlex.split(inserted("path", name)) == [name]


def test_paths_go_on_from_what_was_typed(tmp_path):
    (tmp_path / "my folder").mkdir()
    for name in ("my folder/one.txt", "my folder/.hidden", "other"):
        (tmp_path / name).write_text("")
    assert paths("my", tmp_path, 9) == ["my folder/"]
    assert paths("my\\ folder/", tmp_path, 9) == ["my folder/one.txt"]
    assert paths("my\\ folder/.h", tmp_path, 9) == ["my folder/.hidden"]
    assert paths(f"{tmp_path}/oth", tmp_path / "nowhere", 9) == [f"{tmp_path}/other"]
    assert paths("missing/", tmp_path, 9) == []
