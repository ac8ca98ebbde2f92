"""The prompt of a run comes from an argument, a file or a pipe, and may be any bytes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.cli.run import LONGEST_PROMPT, read_prompt
from kimicode.errors import DiskError, UsageError


@given(st.binary(max_size=200))
def test_any_bytes_of_a_file_are_text_or_no_prompt(tmp_path_factory, content):
    file = tmp_path_factory.mktemp("prompt") / "task.md"
    file.write_bytes(content)
    text = content.decode("utf-8", "replace").strip()
    if not text:
        with pytest.raises(UsageError, match="no prompt"):
            read_prompt("", file)
    else:
        assert read_prompt("", file) == text


@pytest.mark.parametrize("size", [LONGEST_PROMPT + 1, 20_000_000_000])
def test_a_prompt_without_end_is_refused_before_it_fills_the_memory(tmp_path, size):
    file = tmp_path / "huge"
    with file.open("wb") as stream:
        stream.truncate(size)
    with pytest.raises(UsageError, match="longer than 10 MB"):
        read_prompt("", file)


def test_what_never_ends_is_refused_as_well():
    with pytest.raises(UsageError, match="longer than 10 MB"):
        read_prompt("", Path("/dev/zero"))


def test_what_is_no_file_is_an_error_that_names_it(tmp_path):
    with pytest.raises(DiskError, match=str(tmp_path)):
        read_prompt("", tmp_path)
