"""What was changed is collected from the events, by turn and file."""

from itertools import count

from kimicode.events import (
    Diff,
    FileChange,
    FilesRestored,
    Notice,
    PartUpdated,
    Result,
    Rewound,
    SessionStarted,
    ToolCompleted,
    TurnStarted,
)
from kimicode.messages import Usage
from kimicode.sessions.journal import JOURNAL, Journal
from kimicode.tui.changes import Changes, changes_of
from kimicode.workspace.snapshots import ABSENT
from kimicode.workspace.steplog import Change, Step

IDS = count()


def edited(
    path: str, added: int = 1, removed: int = 0, text: str = "+x", *, fails: bool = False, call: str = ""
) -> ToolCompleted:
    return ToolCompleted(call or f"c{next(IDS)}", "strreplace", fails, (), Diff(path, text, added, removed), 0.1, {})


def result(*changes: FileChange) -> Result:
    return Result("finished", 0, "s", 1, Usage(), None, 1.0, changes, "")


def fed(*events) -> Changes:
    return Changes(events)


def test_the_last_turn_and_the_whole_session_are_told_apart():
    changes = fed(
        TurnStarted("t1", "a"), edited("a.py"), TurnStarted("t2", "b"), edited("b.py", 2), edited("b.py", 3, 1)
    )
    assert [(file.path, file.added, file.removed) for file in changes.of_turn()] == [("b.py", 5, 1)]
    assert [file.path for file in changes.of_session()] == ["a.py", "b.py"]


def test_an_edit_that_failed_changed_nothing():
    assert not fed(TurnStarted("t1", "a"), edited("a.py", fails=True)).of_session()


def test_what_a_command_changed_is_listed_by_its_counts():
    changes = fed(TurnStarted("t1", "a"), edited("a.py"), result(FileChange("made.txt", "A", 7, 0)))
    assert [(file.path, file.added, len(file.diffs)) for file in changes.of_session()] == [
        ("a.py", 1, 1),
        ("made.txt", 7, 0),
    ]


def test_going_back_takes_no_change_of_a_file_off_the_list():
    changes = fed(TurnStarted("t1", "a"), edited("a.py"), Rewound("t1", "a", ()))
    assert [file.path for file in changes.of_session()] == ["a.py"]
    assert not changes.of_turn()


def test_a_turn_that_is_told_again_counts_once():
    turn = (TurnStarted("t1", "a"), edited("a.py"), edited("b.py"))
    again = fed(*turn, TurnStarted("t2", "b"), edited("c.py"), Rewound("t1", "a", ()), *turn[:2])
    assert [(file.path, file.added) for file in again.of_session()] == [("a.py", 1), ("b.py", 1), ("c.py", 1)]
    assert [file.path for file in again.of_turn()] == ["a.py"]


def step(number: int, call: str, *paths: str) -> Step:
    return Step(number, "agent", "t1", "", 0.0, tuple(Change(f"/p/{path}", ABSENT, ABSENT) for path in paths), "", call)


def test_what_went_back_is_no_change_any_more_until_that_is_taken_back():
    steps = [step(1, "c1", "a.py"), step(2, "c2", "a.py"), step(3, "c3", "b.py", "made")]
    events = [
        SessionStarted("s", "/p", "m", "auto", "1"),
        TurnStarted("t1", "a"),
        edited("a.py", 1, call="c1"),
        edited("a.py", 2, call="c2"),
        edited("b.py", 4, call="c3"),
        result(FileChange("made", "A", 7, 0)),
    ]
    told = [("a.py", 3), ("b.py", 4), ("made", 7)]
    back = FilesRestored(4, 2, ("/p/a.py", "/p/b.py", "/p/made"))
    forth = FilesRestored(5, 4, back.paths)
    for restores, stands in (([], told), ([back], [("a.py", 1)]), ([back, forth], told)):
        changes = Changes([*events, *restores], steps)
        assert [(file.path, file.added) for file in changes.of_session()] == stands
        assert [file.path for file in changes.of_turn()] == [path for path, _ in stands if path != "made"]


def test_a_file_of_that_name_elsewhere_stays():
    changes = Changes([edited("sub/a.py", call="c1"), FilesRestored(2, 1, ("/p/a.py",))], [step(1, "c1", "a.py")])
    assert [file.path for file in changes.of_session()] == ["sub/a.py"]


def test_they_are_read_from_a_journal_whatever_else_is_in_it(tmp_path):
    journal = Journal.create(tmp_path / "s")
    for event in (Notice("info", "x", "y"), TurnStarted("t1", "a"), edited("a.py"), PartUpdated("p", "z" * 1000)):
        journal.append(event)
    journal.close()
    with (tmp_path / "s" / JOURNAL).open("ab") as file:
        file.write(b'{"type":"tool.completed", torn')
    assert [file.path for file in changes_of(tmp_path / "s").of_turn()] == ["a.py"]
