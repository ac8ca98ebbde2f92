"""A line of the journal: every event comes back, and no line that is not a record is taken for one."""

import contextlib
import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode import events as all_events
from kimicode.events import Event, ToolCompleted, TurnStarted
from kimicode.sessions.records import Record, RecordError, from_line, is_object, to_line
from tests.fakes.recorded_session import lifecycle

EVENT_TYPES = [kind for kind in vars(all_events).values() if isinstance(kind, type) and issubclass(kind, Event)]


def test_the_recorded_session_of_these_tests_holds_every_kind_of_event():
    assert {type(event) for event in lifecycle()} == set(EVENT_TYPES) - {Event}


@pytest.mark.parametrize("event", lifecycle(), ids=lambda event: event.type)
def test_every_event_comes_back_from_its_line(event):
    line = to_line(event, 1_763_778_301.1239)
    assert line.isascii()
    assert line.index(b"\n") == len(line) - 1
    assert line.startswith(b'{"v":1,"t":1763778301.124,"type":"' + event.type.encode())
    record = from_line(line)
    assert record is not None
    assert record.time == 1_763_778_301.124
    assert to_line(record.event, 0) == to_line(event, 0)


def test_no_event_has_a_field_that_the_envelope_uses():
    fields = {field.name for kind in EVENT_TYPES for field in dataclasses.fields(kind)}
    assert not fields & {"v", "t", "type"}


def test_lone_surrogates_newlines_and_nul_survive():
    prompt = "half \ud83d, line\u2028separators\r\n, nul \0, escape \x1b[31m"
    record = from_line(to_line(TurnStarted("t", prompt), 0))
    assert record == Record(0.0, TurnStarted("t", prompt))


def test_debug_values_that_json_does_not_know_are_written_as_text(tmp_path):
    event = ToolCompleted("c", "bash", False, (), None, 0.0, {"file": tmp_path, "bytes": b"x"})
    record = from_line(to_line(event, 0))
    assert record is not None
    assert isinstance(record.event, ToolCompleted)
    assert record.event.debug == {"file": str(tmp_path), "bytes": "b'x'"}


@pytest.mark.parametrize(
    "line",
    [
        b'{"v":1,"t":1,"type":"turn.dreamt","of":"sheep"}\n',
        b'{"v":2,"t":1,"type":"turn.started","turn_id":"t","prompt":"p"}\n',
    ],
)
def test_what_only_a_newer_version_understands_is_none(line):
    assert from_line(line) is None


def test_fields_that_only_a_newer_version_knows_are_dropped():
    line = b'{"v":1,"t":1,"type":"turn.started","turn_id":"t","prompt":"p","mood":"good"}'
    assert from_line(line) == Record(1.0, TurnStarted("t", "p"))


MALFORMED = {
    "nothing": b"",
    "not json": b"garbage\n",
    "zeros after a power failure": b"\0" * 512 + b"\n",
    "cut in the middle": b'{"v":1,"t":1,"type":"turn.sta',
    "not an object": b"[1,2]\n",
    "no type": b'{"v":1}\n',
    "type is no string": b'{"type":["turn.started"]}\n',
    "a record that is no event": b'{"type":"text","text":"x"}\n',
    "a missing field": b'{"type":"turn.started","turn_id":"t"}\n',
    "a wrong type": b'{"type":"turn.started","turn_id":"t","prompt":7}\n',
    "a bool for a number": b'{"type":"step.started","turn_id":"t","step":true}\n',
    "an unknown role": b'{"type":"message.added","message":{"type":"message","role":"king","parts":[]}}\n',
    "parts that are no list": b'{"type":"message.added","message":{"type":"message","role":"user","parts":"x"}}\n',
    "a part that is no part": b'{"type":"message.added","message":{"type":"message","role":"user","parts":[{}]}}\n',
    "nested too deep": b'{"type":"x","y":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    "a number too long": b'{"type":"x","y":' + b"9" * 10_000 + b"}\n",
    "not utf-8": b'{"type":"turn.started","turn_id":"\xff","prompt":""}\n',
}


@pytest.mark.parametrize("line", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_line_is_a_record_error_that_says_why(line):
    with pytest.raises(RecordError) as caught:
        from_line(line)
    assert str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.sampled_from(lifecycle("short")), st.data())
def test_a_field_of_any_other_value_is_read_faithfully_or_refused(event, data):
    fields = json.loads(to_line(event, 0))
    name = data.draw(st.sampled_from(sorted(fields)))
    line = json.dumps({**fields, name: data.draw(JSON)}).encode()
    try:
        record = from_line(line)
    except RecordError:
        return
    assert record is None or from_line(to_line(record.event, 0)) is not None


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_or_skipped(line):
    with contextlib.suppress(RecordError):
        assert from_line(line) is None
    assert is_object(line) in (True, False)
