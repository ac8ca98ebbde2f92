"""Fuzzy matching: the name that was meant comes first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.tui.composing.matching import Matcher

NAMES = [
    *("README.md", "kimicode/", "kimicode/agent/", "kimicode/agent/loop.py", "kimicode/agent/session.py"),
    *("kimicode/tui/widgets/composer.py", "kimicode/tui/composing/completing.py", "kimicode/git/command.py"),
    *("kimicode/sessions/replay.py", "tests/kimicode/agent/test_loop.py", "src/ComposerView.tsx", "docs/my notes.md"),
]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("loop", "kimicode/agent/loop.py"),
        ("testloop", "tests/kimicode/agent/test_loop.py"),
        ("tl", "tests/kimicode/agent/test_loop.py"),
        ("agent/s", "kimicode/agent/session.py"),
        ("compos", "kimicode/tui/widgets/composer.py"),
        ("cv", "src/ComposerView.tsx"),
        ("notes", "docs/my notes.md"),
        ("readme", "README.md"),
        ("kag", "kimicode/agent/"),
    ],
)
def test_the_meant_name_comes_first(query, name):
    assert Matcher(NAMES).find(query, 5)[0] == name


def test_a_file_that_was_used_comes_before_its_like():
    names = ["a/config.py", "b/config.py"]
    assert Matcher(names).find("config", 2) == names
    assert Matcher(names).find("config", 2, {"b/config.py": None}) == names[::-1]
    assert Matcher(names).find("", 2, {"b/config.py": None})[0] == "b/config.py"


letters = st.text("abC/_.é😀", max_size=12)


@given(st.lists(letters, max_size=30, unique=True), letters)
def test_what_is_found_has_the_letters_in_order_and_nothing_else_has(names, query):
    def matches(name):
        rest = iter(name.lower())
        return all(letter in rest for letter in query.lower())

    assert sorted(Matcher(names).find(query, 100)) == sorted(filter(matches, names))


@given(st.lists(letters, max_size=20, unique=True), st.lists(letters, max_size=6))
def test_keys_typed_and_taken_back_find_what_a_fresh_start_finds(names, queries):
    kept = Matcher(names)
    for query in queries:
        for end in range(len(query) + 1):
            kept.find(query[:end], 5)
        assert kept.find(query, 50) == Matcher(names).find(query, 50)


def test_thirty_thousand_names_are_narrowed_down_key_by_key():
    names = [f"src/part_{number % 97}/module_{number}.py" for number in range(30_000)]
    matcher = Matcher(names)
    looked_at = []
    for end in range(1, 12):
        matcher.find("module_2999"[:end], 8)
        looked_at.append(len(matcher._narrowed[-1][1]))
    assert looked_at == sorted(looked_at, reverse=True)
    assert looked_at[-1] < 100
    assert matcher.find("module_29999", 8)[0] == names[29_999]
