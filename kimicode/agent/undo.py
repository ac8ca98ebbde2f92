"""Taking steps of a session back, files and conversation together or apart, whether or not the session is open.

A restore that a crash cut off is finished by the next start, the conversation's part included.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from kimicode import paths
from kimicode.agent import prompt as prompts
from kimicode.errors import KimicodeError, LockedSession, UsageError
from kimicode.events import Event, FilesRestored, MessageAdded, Notice, Rewound
from kimicode.messages import user
from kimicode.sessions.fork import history_before
from kimicode.sessions.journal import Journal
from kimicode.sessions.recall import recall
from kimicode.sessions.retold import before_call
from kimicode.workspace.pending import Restore, Restored, Rewind, claimed, cut_off, finish, restoring
from kimicode.workspace.restore import Plan, plan
from kimicode.workspace.steplog import Step, StepLog, share

FOLDER = "undo"
"""In the session's folder."""
_NAMED = 5
_LISTED = 50


@dataclass(frozen=True, slots=True)
class Goal:
    """Where to go back to: files to before step `number` (0: none changed), the conversation to before `turn_id`.

    An empty `turn_id` leaves the conversation alone; with a `call_id` the turn stays as far as to before that call.
    """

    number: int
    turn_id: str
    title: str
    call_id: str = ""


def goal_of(folder: Path, steps: Sequence[Step], turns: Sequence[tuple[str, str]], to: str = "") -> Goal:
    """What `to` means: a turn ("t3"), a step ("7"), or the last turn. Raises UsageError, DiskError.

    `folder` is the session's, `turns` are the ids and prompts of the conversation. A step that is no part of that
    (any more) has files alone.
    """
    if to.isdigit():
        step = insist_on_step(steps, int(to))
        told = step.turn_id in dict(turns) and before_call(folder, step.turn_id, step.call_id)
        title = f"back to before step {step.number}"
        return Goal(step.number, step.turn_id, title, step.call_id) if told else Goal(step.number, "", title)
    turn_id = to or (turns[-1][0] if turns else "")
    if turn_id not in dict(turns):
        what = f"the conversation has no turn {to!r}" if to else "there is no turn to take back"
        raise UsageError(what, hint="`kimicode undo --list` shows turns and steps.")
    return Goal(_first_of_turn(steps, turn_id), turn_id, f"back to before turn {turn_id}")


def plan_for(log: StepLog, number: int) -> Plan:
    """What restoring to before a step would change; with 0, nothing. Raises UsageError, DiskError."""
    if number == 0:
        return Plan(0, (), (), ())
    insist_on_step(log.steps, number)
    return plan(log.steps, number)


def insist_on_step(steps: Sequence[Step], number: int) -> Step:
    """Raises UsageError where there is none of this number."""
    found = next((step for step in steps if step.number == number and number > 0), None)
    if found is None:
        raise UsageError(f"there is no step {number} to take back", hint="`kimicode undo --list` shows them.")
    return found


@contextmanager
def restored(log: StepLog, chosen: Plan, goal: Goal, *, force: bool = False) -> Iterator[Restored]:
    """Carry out a plan; the block does what the goal says of the conversation, or after a crash the next start.

    Raises UsageError where it would overwrite what a person changed and `force` is not set, DiskError.
    """
    if chosen.edited and not force:
        raise UsageError(f"you changed since then: {named(chosen.edited)}", hint="--force restores them as well.")
    turn_id = next((step.turn_id for step in log.steps if step.number == chosen.number), "")
    rewind = Rewind(goal.turn_id, goal.call_id)
    with restoring(log, chosen.changes, goal.title, turn_id, rewind, paths.restores_dir()) as done:
        yield done


def told(chosen: Plan, done: Restored) -> FilesRestored:
    """The event of a restore."""
    written = [change.path for change in done.restore.changes if change.path not in done.foreign]
    number = done.step.number if done.step is not None else 0
    return FilesRestored(number, chosen.number, _printable(written), _printable([*chosen.lost, *done.foreign]))


def note_for_model(event: FilesRestored) -> str:
    """What the model is told where its conversation goes on over files that went back."""
    listed = "\n".join(event.paths[:_LISTED])
    more = len(event.paths) - _LISTED
    return prompts.text("restored").format(files=listed + (f"\n… and {more} more" if more > 0 else ""))


def undo(folder: Path, goal: Goal, chosen: Plan, *, force: bool = False) -> FilesRestored | None:
    """Take back steps of a session that is not open. None where no file had to change.

    Raises LockedSession, UsageError, DiskError.
    """
    journal = Journal.open(folder)
    try:
        if not chosen.changes:
            go_behind(journal, goal.turn_id, goal.call_id)
            return None
        with restored(StepLog(folder / FOLDER), chosen, goal, force=force) as done:
            event = told(chosen, done)
            journal.append(event)
            if goal.turn_id:
                go_behind(journal, goal.turn_id, goal.call_id)
            else:
                journal.append(MessageAdded(user(note_for_model(event)), "note"))
        return event
    finally:
        journal.close()


def finish_cut_off() -> list[Notice]:
    """Finish the restores that a crash cut off, before anything else is done; what was done, for the person."""
    notices = []
    for path in cut_off(paths.restores_dir()):
        try:
            with claimed(path) as restore:
                if restore is None:
                    continue
                if restore.log.is_dir():
                    _finish(restore)
                    text = f"a restore that was cut off is finished: {restore.title}"
                    notices.append(Notice("warning", "undo-finished", text))
                path.unlink(missing_ok=True)
        except LockedSession:
            continue  # whoever has it open is about to be done
        except KimicodeError as error:
            notices.append(Notice("error", "undo-unfinished", f"a restore that was cut off: {error}"))
    return notices


def named(names: Sequence[str]) -> str:
    """Some of the names, for a person."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(_printable(names[:_NAMED])) + more


def way_behind(folder: Path, turn_id: str, call_id: str = "") -> tuple[Event, ...]:
    """The events that take a conversation back to before a turn, or to before one of its calls.

    None where that call is not in it. Raises DiskError, UsageError.
    """
    if not turn_id:
        return ()
    past, prompt = history_before(folder, turn_id)
    back = Rewound(turn_id, prompt, past.messages, past.plan)
    if not call_id:
        return (back,)
    stays = before_call(folder, turn_id, call_id)
    return (back, *stays) if stays else ()


def go_behind(journal: Journal, turn_id: str, call_id: str = "") -> None:
    """Take the conversation of a session that is not open back. Raises DiskError, UsageError."""
    for event in way_behind(journal.folder, turn_id, call_id):
        journal.append(event)


def inherit(folder: Path, fork: Path, turn_id: str | None) -> None:
    """Give the fork of a session its steps: those before this turn, or all. Raises DiskError."""
    steps = StepLog(folder / FOLDER).steps
    limit = _ordinal(turn_id) if turn_id else sys.maxsize
    share(folder / FOLDER, fork / FOLDER, list(takewhile(lambda step: _ordinal(step.turn_id) < limit, steps)))


def _finish(restore: Restore) -> None:
    folder = restore.log.parent
    journal = Journal.open(folder)
    try:
        done = finish(restore)
        journal.append(told(Plan(0, restore.changes, (), ()), done))
        if restore.rewind.turn_id in dict(recall(folder).history.turns):
            go_behind(journal, restore.rewind.turn_id, restore.rewind.call_id)
    finally:
        journal.close()


def _first_of_turn(steps: Iterable[Step], turn_id: str) -> int:
    """The number of the first step of this turn or a later one; 0 where none changed anything."""
    wanted = _ordinal(turn_id)
    return next((step.number for step in steps if step.number and _ordinal(step.turn_id) >= wanted), 0)


def _ordinal(turn_id: str) -> int:
    return int(turn_id[1:]) if turn_id[1:].isdigit() else 0


def _printable(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(os.fsencode(name).decode("utf-8", "backslashreplace") for name in names)
