"""A session is deleted whole, or not at all."""

import pytest

from kimicode.errors import DiskError, LockedSession
from kimicode.sessions.journal import Journal
from kimicode.sessions.removal import remove_session


def test_a_closed_session_goes_with_everything_in_it(tmp_path):
    journal = Journal.create(tmp_path / "s1")
    journal.close()
    (tmp_path / "s1" / "extra").mkdir()
    remove_session(tmp_path / "s1")
    assert not list(tmp_path.iterdir())


def test_an_open_session_stays(tmp_path):
    journal = Journal.create(tmp_path / "s1")
    with pytest.raises(LockedSession):
        remove_session(tmp_path / "s1")
    journal.close()
    assert (tmp_path / "s1").is_dir()


def test_a_folder_that_is_no_session_is_never_deleted(tmp_path):
    (tmp_path / "precious").mkdir()
    with pytest.raises(DiskError):
        remove_session(tmp_path / "precious")
    assert (tmp_path / "precious").is_dir()
