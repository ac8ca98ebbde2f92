"""A journal in which any value stands where another belongs: everything that reads it comes to an end."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.errors import KimicodeError
from kimicode.sessions.audit import audit, counted
from kimicode.sessions.catalog import describe, list_sessions
from kimicode.sessions.export import to_json, to_markdown
from kimicode.sessions.fork import history_before
from kimicode.sessions.journal import Journal, read_events
from kimicode.sessions.recall import recall
from kimicode.sessions.records import from_line, to_line
from kimicode.sessions.replay import replay
from kimicode.sessions.retold import before_call
from kimicode.sessions.tail import journal_of, marks, records
from kimicode.sessions.titles import title_of
from tests.fakes.damage import out_of_place
from tests.fakes.recorded_session import lifecycle

LINES = [to_line(event, 1_700_000_000.0) for event in lifecycle("short")]


def all_that_reads(folder):
    """Each way in which a recorded session is looked at or gone on with."""
    assert list(records(journal_of(folder)))
    assert list(marks(journal_of(folder)))
    events = read_events(journal_of(folder)).events
    replay(events)
    recall(folder)
    json.dumps(to_json(events)).encode()
    to_markdown(events, thinking=True).encode()
    counted([entry for entry in audit(folder) if entry.line().encode()])
    assert describe(folder).id
    assert list_sessions(root=folder.parent)
    title_of(folder)
    history_before(folder, "t1")
    before_call(folder, "t1", "call.t1.1")
    Journal.open(folder).close()


@given(st.data())
def test_any_value_in_the_place_of_another_is_read_or_left_out(tmp_path_factory, data):
    number = data.draw(st.integers(0, len(LINES) - 1))
    others = out_of_place(LINES[number])
    line = others[data.draw(st.integers(0, len(others) - 1))]
    folder = tmp_path_factory.mktemp("sessions") / "20261122-104501-k3f9"
    folder.mkdir()
    journal_of(folder).write_bytes(b"".join([*LINES[:number], line, *LINES[number + 1 :]]))
    with contextlib.suppress(KimicodeError):
        all_that_reads(folder)


@pytest.mark.parametrize("time", [float("inf"), float("nan"), -1e300, 2**5000, 1e18, "now", None, []])
def test_a_time_that_no_calendar_has_is_the_first_of_all(time):
    record = from_line(json.dumps({**json.loads(LINES[0]), "t": time}).encode())
    assert record.time == 0.0
