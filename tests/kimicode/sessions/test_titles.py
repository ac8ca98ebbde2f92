"""Titles of sessions, and copies that begin with another session."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.errors import DiskError, LockedSession, UsageError
from kimicode.events import MessageAdded, SessionStarted, TitleChanged, TurnStarted
from kimicode.messages import user
from kimicode.sessions.catalog import describe
from kimicode.sessions.fork import fork, history_before
from kimicode.sessions.journal import JOURNAL, Journal, read_events
from kimicode.sessions.titles import LONGEST, rename, tidy, title_of


@pytest.fixture
def journal(tmp_path):
    journal = Journal.create(tmp_path / "sessions" / "20261122-104501-aaaa")
    journal.append(SessionStarted(journal.folder.name, "/x", "m", "ask", "0"))
    for turn, text in (("t1", "one\nmore"), ("t2", "two")):
        journal.append(TurnStarted(turn, text))
        journal.append(MessageAdded(user(text), "prompt"))
    yield journal
    journal.close()


def test_a_session_is_called_by_its_first_line_until_it_has_a_name(journal):
    assert describe(journal.folder).title == "one"
    journal.close()
    rename(journal.folder, " my\twork\n")
    assert describe(journal.folder).title == title_of(journal.folder) == "my work"
    assert read_events(journal.folder).events[-1] == TitleChanged("my work")


def test_a_session_that_is_open_is_not_renamed_behind_its_back(journal):
    with pytest.raises(LockedSession):
        rename(journal.folder, "x")


@given(st.text())
def test_a_title_is_one_line_without_controls(text):
    title = tidy(text)
    assert len(title) <= LONGEST
    assert title == tidy(title)
    assert title.isprintable()


def test_a_copy_holds_what_came_before_a_prompt_and_can_be_gone_on_with(journal):
    copy = journal.folder.parent / fork(journal.folder, "t2")
    turns = [event.prompt for event in read_events(copy).events if isinstance(event, TurnStarted)]
    assert turns == ["one\nmore"]
    Journal.open(copy).close()


def test_a_whole_copy_leaves_out_a_line_that_is_still_being_written(journal):
    with (journal.folder / JOURNAL).open("ab") as file:
        file.write(b'{"v":1,"t":1,"type":"turn.st')
    copy = journal.folder.parent / fork(journal.folder)
    assert (copy / JOURNAL).read_bytes().endswith(b"\n")
    assert not read_events(copy).damaged


def test_a_prompt_that_there_is_not_leaves_no_copy_behind(journal):
    with pytest.raises(UsageError, match="t9"):
        fork(journal.folder, "t9")
    with pytest.raises(UsageError, match="t9"):
        history_before(journal.folder, "t9")
    assert [path.name for path in journal.folder.parent.iterdir()] == [journal.folder.name]


def test_a_session_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(DiskError):
        history_before(tmp_path / "gone", "t1")


def test_the_history_before_a_prompt_comes_with_the_prompt(journal):
    history, prompt = history_before(journal.folder, "t2")
    assert prompt == "two"
    assert history.messages == (user("one\nmore"),)
