"""What was changed is collected from the events, by turn and file."""

from kimicode.events import Diff, FileChange, Notice, PartUpdated, Result, Rewound, ToolCompleted, TurnStarted
from kimicode.messages import Usage
from kimicode.sessions.journal import JOURNAL, Journal
from kimicode.tui.changes import Changes, changes_of


def edited(path: str, added: int = 1, removed: int = 0, text: str = "+x", *, fails: bool = False) -> ToolCompleted:
    return ToolCompleted("c", "strreplace", fails, (), Diff(path, text, added, removed), 0.1, {})


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


def test_they_are_read_from_a_journal_whatever_else_is_in_it(tmp_path):
    journal = Journal.create(tmp_path / "s")
    for event in (Notice("info", "x", "y"), TurnStarted("t1", "a"), edited("a.py"), PartUpdated("p", "z" * 1000)):
        journal.append(event)
    journal.close()
    with (tmp_path / "s" / JOURNAL).open("ab") as file:
        file.write(b'{"type":"tool.completed", torn')
    assert [file.path for file in changes_of(tmp_path / "s").of_turn()] == ["a.py"]
