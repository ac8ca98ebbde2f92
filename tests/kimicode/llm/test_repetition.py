"""A stream that repeats itself is noticed; honest work with repeated lines is not disturbed."""

import inspect
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kimicode.llm.recover
from kimicode.llm.repetition import RepetitionGuard, cut_repeats


def noticed(text: str, size: int = 7, *, arguments: bool = False) -> bool:
    guard = RepetitionGuard(arguments=arguments)
    return any(guard.feed(text[i : i + size]) for i in range(0, len(text), size))


@given(st.text(min_size=1, max_size=200), st.text(max_size=50), st.integers(1, 400))
def test_any_block_repeated_long_enough_is_noticed_and_cut(block, before, size):
    text = before + block * (2_000 // len(block) + 40)
    assert noticed(text, size)
    left = cut_repeats(text)
    assert text.startswith(left)
    assert len(left) <= len(before) + 2 * len(block)


@pytest.mark.parametrize("blanks", [" " * 5_000, " \n\t\n  \n" * 700])
def test_endless_blanks_are_noticed(blanks):
    assert noticed('{"a": 1}' + blanks, arguments=True)
    assert cut_repeats('{"a": 1}' + blanks) == '{"a": 1}'


def test_real_code_is_not_disturbed():
    source = inspect.getsource(kimicode.llm.recover)
    assert not noticed(source)
    assert not noticed(json.dumps({"file_text": source}), arguments=True)


def test_a_code_file_with_repeated_lines_is_not_disturbed():
    lines = "".join(f"    case {i}:\n        return None\n" for i in range(500))
    assert not noticed(lines)
    assert not noticed("| a | b |\n|---|---|\n" + "| 0 | 0 |\n" * 60 + "-" * 120)
    zeros = "static int table[] = {\n" + "    0, 0, 0, 0, 0, 0, 0, 0,\n" * 100 + "};\n"
    assert not noticed(json.dumps({"file_text": zeros}), arguments=True)


def test_text_without_repeats_is_not_cut():
    text = " ".join(str(n) for n in range(2_000))
    assert cut_repeats(text) == text
    assert cut_repeats("") == ""
