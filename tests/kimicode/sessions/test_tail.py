"""A journal read by places is the journal read whole, wherever it is cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.errors import DiskError
from kimicode.events import CompactionCompleted, PartUpdated, Rewound, StepStarted, TurnStarted
from kimicode.messages import user
from kimicode.sessions.journal import JOURNAL, read_events
from kimicode.sessions.records import from_line
from kimicode.sessions.tail import history_begins, lines_of, marks, recent, records
from tests.fakes.transcripts import recorded, session


def test_marks_stand_where_turns_and_steps_begin(tmp_path):
    events = session(3, 2, output='a trap: {"v":1,"t":1,"type":"step.started","turn_id":"t9"\n' * 3)
    folder = recorded(tmp_path / "s", events)
    content = (folder / JOURNAL).read_bytes()
    found = list(marks(folder))
    beginnings = [event for event in events if isinstance(event, (TurnStarted, StepStarted))]
    assert [(mark.kind, mark.turn) for mark in found] == [(event.type[:4], event.turn_id) for event in beginnings]
    for mark, event in zip(found, beginnings, strict=True):
        line = content[mark.start :].split(b"\n", 1)[0]
        assert from_line(line).event == event
    assert list(marks(folder, found[2].start, found[5].start)) == found[2:5]


def test_marks_are_found_across_the_pieces_in_which_a_file_is_read(tmp_path):
    folder = recorded(tmp_path / "s", session(2, 40, output="x" * 60_000))
    assert len(list(marks(folder))) == 82


def test_the_recent_end_is_as_long_as_asked_for(tmp_path):
    folder = recorded(tmp_path / "s", session(40, 4, output="x" * 30_000))
    everything = list(marks(folder))
    assert len(recent(folder, 5)) >= 5
    assert recent(folder, 5) == everything[-len(recent(folder, 5)) :]
    assert recent(folder, 10_000) == everything
    assert len(recent(folder, 5)) < len(everything)


def test_the_recent_end_reaches_back_to_where_the_conversation_was_taken_to(tmp_path):
    events = [*session(40, 2, output="x" * 30_000), Rewound("t3", "prompt 3", ()), *session(1, 1)]
    found = recent(recorded(tmp_path / "s", events), 2)
    assert ("turn", "t3") in [(mark.kind, mark.turn) for mark in found]


def test_pieces_are_left_out_only_where_the_whole_answer_follows(tmp_path):
    whole = session(1, 2, streamed=True)
    cut = whole[: next(index for index, event in enumerate(whole) if isinstance(event, PartUpdated)) + 3]
    events = [event for event in session(1, 2, streamed=True) if not isinstance(event, PartUpdated)]
    assert [record.event for record in records(recorded(tmp_path / "whole", whole))] == events
    assert [record.event for record in records(recorded(tmp_path / "cut", cut))] == cut


def test_the_history_begins_with_the_last_record_that_replaced_it(tmp_path):
    assert history_begins(recorded(tmp_path / "none", session(1, 1))) == 0
    events = [*session(1, 1), CompactionCompleted(9, 1, (user("note"),)), *session(1, 1), Rewound("t0", "", ())]
    folder = recorded(tmp_path / "s", [*events, *session(1, 1)])
    line = (folder / JOURNAL).read_bytes()[history_begins(folder) :].split(b"\n", 1)[0]
    assert from_line(line).event == events[-1]


def test_lines_carry_their_offsets(tmp_path):
    folder = recorded(tmp_path / "s", session(1, 2))
    content = (folder / JOURNAL).read_bytes()
    for offset, line in lines_of(folder):
        assert content[offset:].startswith(line)


def test_a_journal_that_cannot_be_read_is_an_error_of_the_disk(tmp_path):
    for read in (marks, records, lines_of):
        with pytest.raises(DiskError):
            list(read(tmp_path / "none"))
    with pytest.raises(DiskError):
        recent(tmp_path / "none", 1)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_cut_and_any_dirt_leave_the_rest_readable(tmp_path_factory, data):
    folder = recorded(tmp_path_factory.mktemp("cut") / "s", session(2, 2, streamed=True))
    path = folder / JOURNAL
    content = path.read_bytes()
    cut = content[: data.draw(st.integers(0, len(content)))]
    place = data.draw(st.integers(0, len(cut)))
    path.write_bytes(cut[:place] + data.draw(st.binary(max_size=20)) + cut[place:])
    readable = read_events(path).events
    read = [record.event for record in records(path)]
    assert [event for event in readable if not isinstance(event, PartUpdated)] == [
        event for event in read if not isinstance(event, PartUpdated)
    ]
    assert all(mark.start <= len(cut) + 20 for mark in marks(path))
