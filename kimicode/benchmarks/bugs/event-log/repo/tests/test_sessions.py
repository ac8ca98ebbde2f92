import pytest

from eventlog.sessions import failures_by_user, last_seen, open_sessions
from eventlog.store import EventLog


@pytest.fixture
def log(tmp_path):
    log = EventLog(tmp_path / "events.jsonl")
    log.append("start", at=0)
    log.append("login", at=1, user="ada")
    log.append("login_failed", at=2, user="bob")
    log.append("login_failed", at=3, user="bob")
    log.append("login", at=4, user="bob")
    log.append("logout", at=5, user="ada")
    return log


def test_events_keep_their_order(log):
    assert [event["at"] for event in log.events()] == [0, 1, 2, 3, 4, 5]


def test_a_log_without_a_file_is_empty(tmp_path):
    assert list(EventLog(tmp_path / "none").events()) == []


def test_who_is_still_here(log):
    assert open_sessions(log) == {"bob"}


def test_failures(log):
    assert failures_by_user(log) == {"bob": 2}


def test_last_seen(log):
    assert last_seen(log) == {"ada": 5, "bob": 4}
