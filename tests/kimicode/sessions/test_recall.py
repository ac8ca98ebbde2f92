"""Recalling a session gives what replaying all of its events gives."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.events import CompactionCompleted, Rewound
from kimicode.messages import user
from kimicode.sessions.journal import JOURNAL, read_events
from kimicode.sessions.recall import recall
from kimicode.sessions.replay import replay
from tests.fakes.recorded_session import lifecycle
from tests.fakes.transcripts import recorded, session


def whole(folder):
    """All of it, but for the streamed text of an answer that never came."""
    return replace(replay(read_events(folder).events), partial="")


def test_every_kind_of_event_is_recalled(tmp_path):
    folder = recorded(tmp_path / "s", lifecycle())
    assert recall(folder).history == whole(folder)
    assert recall(folder).damaged == 0


def test_what_was_replaced_is_not_decoded_and_what_counts_all_along_is(tmp_path):
    replaced = CompactionCompleted(9, 1, (user("a note"),))
    events = [*session(2, 3), replaced, *session(1, 1), Rewound("t0", "prompt 0", (user("back"),)), *session(1, 2)]
    folder = recorded(tmp_path / "s", events)
    path = folder / JOURNAL
    expected = whole(folder)
    lines = path.read_bytes().splitlines(keepends=True)
    spoiled = next(index for index, line in enumerate(lines) if b'"type":"tool.completed"' in line)
    lines[spoiled] = lines[spoiled][:-20] + b"\n"
    path.write_bytes(b"".join(lines))
    recalled = recall(folder)
    assert recalled.history == expected
    assert recalled.damaged == 0
    assert len(recalled.history.prompts) == 4


def test_damage_that_matters_is_counted(tmp_path):
    folder = recorded(tmp_path / "s", session(1, 1))
    path = folder / JOURNAL
    path.write_bytes(path.read_bytes() + b'{"v":1,"t":1.0,"type":"message.added","mess\n\n')
    assert recall(folder).damaged == 1


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_any_cut_is_recalled_as_it_is_replayed(tmp_path_factory, data):
    folder = recorded(tmp_path_factory.mktemp("cut") / "s", lifecycle("short"))
    path = folder / JOURNAL
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    assert recall(folder).history == whole(folder)
