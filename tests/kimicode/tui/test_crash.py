"""A fault of the interface is told with what to do next; the trace holds no values."""

import os
import stat

from kimicode.tui.crash import crash


def failing(secret: str) -> Exception:
    try:
        raise RuntimeError(f"first line\n{len(secret)}")
    except RuntimeError as error:
        return error


def test_it_says_what_happened_and_how_to_go_on(tmp_path):
    told = crash(failing("sk-secret"), "20261122-1", folder=tmp_path)
    assert "RuntimeError: first line" in told.text
    assert "kimicode --resume 20261122-1" in told.text
    assert str(told.trace) in told.text


def test_the_trace_is_its_owners_alone_and_holds_no_values(tmp_path):
    told = crash(failing("sk-secret"), "s", folder=tmp_path / "crashes")
    text = told.trace.read_text()
    assert "Traceback" in text
    assert "failing" in text
    assert "sk-secret" not in text
    assert stat.S_IMODE(os.stat(told.trace).st_mode) == 0o600


def test_without_a_session_there_is_nothing_to_resume(tmp_path):
    assert "--resume" not in crash(failing(""), "", folder=tmp_path).text


def test_a_disk_that_takes_nothing_costs_the_trace_alone(tmp_path):
    (tmp_path / "file").write_text("")
    told = crash(failing(""), "s", folder=tmp_path / "file" / "crashes")
    assert told.trace is None
    assert "--resume s" in told.text
