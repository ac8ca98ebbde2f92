"""The catalogue: newest first, by folder, by prefix, from the ends of each journal alone."""

import os
import time
from pathlib import Path

import pytest

from kimicode.errors import UsageError
from kimicode.events import MessageAdded, SessionStarted, StepStarted, ToolUpdated, TurnStarted, UsageUpdated
from kimicode.messages import Message, Text, Usage
from kimicode.sessions.catalog import find_session, latest_session, list_sessions
from kimicode.sessions.journal import JOURNAL, Journal
from kimicode.sessions.records import to_line
from tests.fakes.recorded_session import USAGE, ended, lifecycle, started


def store(root: Path, name: str, *events, age: float = 0.0) -> Path:
    """A session on disk, last written `age` seconds ago."""
    folder = root / name
    folder.mkdir(parents=True)
    (folder / JOURNAL).write_bytes(b"".join(to_line(event, 1.0) for event in events))
    then = time.time() - age
    os.utime(folder / JOURNAL, (then, then))
    return folder


def test_no_sessions_folder_is_no_sessions(tmp_path):
    assert list_sessions(root=tmp_path / "none") == []
    assert latest_session(tmp_path, root=tmp_path / "none") is None


def test_a_session_is_described_by_its_head_and_its_result(tmp_path):
    folder = store(tmp_path, "s1", *lifecycle())
    (info,) = list_sessions(root=tmp_path)
    assert (info.id, info.folder, info.cwd, info.model) == ("s1", folder, "/home/me/project", "kimi-k2.6")
    assert (info.status, info.steps, info.price) == ("finished", 2, 0.25)
    assert info.prompt == "fix the größe 修正して\nplease 🙂"


def test_the_newest_come_first_and_a_limit_is_kept(tmp_path):
    for number in range(5):
        store(tmp_path, f"s{number}", started(), age=number * 100)
    assert [info.id for info in list_sessions(root=tmp_path)] == ["s0", "s1", "s2", "s3", "s4"]
    assert [info.id for info in list_sessions(limit=2, root=tmp_path)] == ["s0", "s1"]


def test_a_folder_knows_its_own_sessions_also_through_a_link(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "link").symlink_to(project)
    root = tmp_path / "sessions"
    older = store(root, "older", started(str(project)), age=50)
    store(root, "oldest", started(str(project)), age=90)
    store(root, "elsewhere", started("/elsewhere"))
    assert [info.id for info in list_sessions(project, root=root)] == ["older", "oldest"]
    assert latest_session(tmp_path / "link", root=root) == older


def test_what_is_under_way_died_or_never_began_says_so(tmp_path):
    turn = (
        started(),
        TurnStarted("t", "go"),
        StepStarted("t", 1),
        UsageUpdated(USAGE, USAGE, 1, 2),
        StepStarted("t", 2),
    )
    store(tmp_path, "died", *turn)
    store(tmp_path, "resumed and died", *turn, *ended("t", 2), started(resumed=True), TurnStarted("t2", "more"))
    store(tmp_path, "new", started())
    running = Journal.create(tmp_path / "running")
    running.append(started())
    infos = {info.id: info for info in list_sessions(root=tmp_path)}
    running.close()
    assert {name: info.status for name, info in infos.items()} == {
        "died": "interrupted",
        "resumed and died": "interrupted",
        "new": "empty",
        "running": "running",
    }
    assert (infos["died"].steps, infos["died"].price) == (2, 0.25)


def test_big_outputs_after_the_last_usage_do_not_hide_it(tmp_path):
    output = [ToolUpdated("c", "x" * 20_000) for _ in range(10)]
    turn = (TurnStarted("t", "go"), StepStarted("t", 7), UsageUpdated(USAGE, Usage(price=1.5), 1, 2))
    store(tmp_path, "s", started(), *turn, *output)
    (info,) = list_sessions(root=tmp_path)
    assert (info.steps, info.price) == (7, 1.5)


def test_strange_files_and_damaged_journals_do_not_disturb(tmp_path):
    (tmp_path / "a file").write_text("x")
    (tmp_path / "no journal").mkdir()
    garbage = store(tmp_path, "garbage")
    (garbage / JOURNAL).write_bytes(b'"type":"turn.started"\n\xff\xfe\0' * 100)
    (tmp_path / "folder as journal" / JOURNAL).mkdir(parents=True)
    statuses = {info.id: info.status for info in list_sessions(root=tmp_path)}
    assert statuses == {"garbage": "empty", "folder as journal": "unreadable"}


def test_a_session_is_found_by_its_id_or_a_prefix_that_only_it_has(tmp_path):
    one = store(tmp_path, "20261122-104501-k3f9")
    store(tmp_path, "20261122-104501-k3f9x")
    three = store(tmp_path, "20261123-080000-abcd")
    assert find_session("20261122-104501-k3f9", root=tmp_path) == one
    assert find_session("20261123", root=tmp_path) == three


def test_an_ambiguous_prefix_lists_the_candidates(tmp_path):
    for number in range(12):
        store(tmp_path, f"20261122-{number:02}")
    with pytest.raises(UsageError, match="12 sessions begin with '2026'") as caught:
        find_session("2026", root=tmp_path)
    assert caught.value.hint.split("\n")[1:3] == ["  20261122-11", "  20261122-10"]
    assert caught.value.hint.endswith("…")


@pytest.mark.parametrize("prefix", ["nope", "../s", "/"])
def test_an_unknown_prefix_says_where_to_look(tmp_path, prefix):
    store(tmp_path, "s")
    with pytest.raises(UsageError, match="no session") as caught:
        find_session(prefix, root=tmp_path)
    assert "sessions list" in caught.value.hint


def test_500_sessions_are_listed_at_once_however_long_they_are(tmp_path):
    system = MessageAdded(Message("system", (Text("s" * 40_000),)))
    head = b"".join(to_line(event, 1.0) for event in (started(), system, TurnStarted("t", "go")))
    tail = b"".join(to_line(event, 1.0) for event in ended("t", 9))
    for number in range(500):
        folder = tmp_path / f"s{number:03}"
        folder.mkdir()
        with (folder / JOURNAL).open("wb") as file:
            file.write(head)
            file.seek(10_000_000)  # a hole: long, yet it costs no disk
            file.write(b"\n" + tail)
    began = time.process_time()
    infos = list_sessions(root=tmp_path)
    assert time.process_time() - began < 0.5
    assert {(info.prompt, info.status, info.steps) for info in infos} == {("go", "finished", 9)}


def test_the_folder_is_where_the_session_began_and_the_model_the_one_last_used(tmp_path):
    moved = SessionStarted("s", "/elsewhere", "other-model", "auto", "0.2.0", resumed=True)
    store(tmp_path, "s", started("/here"), TurnStarted("t", "go"), *ended("t", 1), moved)
    (info,) = list_sessions(Path("/here"), root=tmp_path)
    assert (info.cwd, info.model, info.status) == ("/here", "other-model", "finished")
