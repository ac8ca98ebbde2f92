"""A transcript is read for its result; whatever was cut off or is no record is passed over."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kimicode.benchmarks.transcript import Transcript
from kimicode.events import Result, StepStarted
from kimicode.messages import Usage, encode

RESULT = Result(
    "limit", 3, "s1", 30, Usage(900, 100, 80), None, 12.5, (), "", reason="30 steps were used", recovered_calls=1
)


def read(tmp_path, content: bytes, errors: str = "") -> Transcript:
    (tmp_path / "records").write_bytes(content)
    (tmp_path / "errors").write_text(errors)
    return Transcript.read(tmp_path / "records", tmp_path / "errors")


def line(record) -> bytes:
    return json.dumps(encode(record)).encode() + b"\n"


def test_the_result_is_what_counts(tmp_path):
    transcript = read(tmp_path, line(StepStarted("t1", 1)) + line(RESULT), "one\nlast words\n")
    assert transcript == Transcript("limit", "30 steps were used", 30, 900, 80, 1, "last words")


@pytest.mark.parametrize("content", [b"", line(RESULT)[:-40], b"null\n[]\n7\n", b'{"type": "result"}\n', b"\xff\n"])
def test_without_a_whole_result_the_status_is_none(tmp_path, content):
    assert read(tmp_path, content).status == "none"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.binary())
def test_no_bytes_before_it_hide_the_result(tmp_path, noise):
    assert read(tmp_path, noise + b"\n" + line(RESULT)).steps == 30
