"""Arguments that are still being written."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.tui.text.arguments import read

VALUES = st.dictionaries(
    st.text("abc_", min_size=1), st.one_of(st.text(), st.integers(), st.lists(st.integers()), st.none())
)


@settings(deadline=None)
@given(VALUES)
def test_complete_arguments_are_read(values):
    assert read(json.dumps(values)) == values


@settings(deadline=None)
@given(VALUES, st.booleans(), st.data())
def test_of_cut_arguments_there_is_a_beginning(values, ascii_only, data):
    source = json.dumps(values, ensure_ascii=ascii_only)
    found = read(source[: data.draw(st.integers(0, len(source)))])
    for name, value in found.items():
        if isinstance(values[name], str) and "\\u" not in source:
            assert values[name].startswith(value)
    assert list(found) == list(values)[: len(found)]


@settings(deadline=None)
@given(st.text())
def test_anything_is_read_as_something(source):
    assert isinstance(read(source), dict)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('{"command": "echo \\"hi\\"\\n', {"command": 'echo "hi"\n'}),
        ('{"path": "a", "file_text": "x\\', {"path": "a", "file_text": "x"}),
        ('{"smile": "\\ud83d\\ude00', {"smile": "😀"}),
        ('{"half": "\\ud83d', {"half": "\ufffd"}),
        ('{"range": [1, 2], "n": 3, "m', {"range": [1, 2], "n": 3}),
        ('{"range": [1, ', {}),
        ("[1]", {}),
        ('{"' * 5, {}),
        ("[" * 100_000, {}),
    ],
)
def test_as_far_as_they_go(source, found):
    assert read(source) == found
