"""The session picker: what it lists, and renaming and deleting in it."""

import time
from pathlib import Path

from kimicode.events import Result, SessionStarted, TurnStarted
from kimicode.messages import Usage
from kimicode.sessions.catalog import list_sessions
from kimicode.sessions.journal import Journal
from kimicode.tui.screens.sessions import SessionPicker, age
from tests.fakes.stage import LOOK, Stage, text_of


def record(home: Path, name: str, cwd: Path, prompt: str) -> Path:
    journal = Journal.create(home / "sessions" / name)
    journal.append(SessionStarted(name, str(cwd), "m", "auto", "1"))
    journal.append(TurnStarted("t1", prompt))
    journal.append(Result("finished", 0, name, 4, Usage(), 0.25, 1.0, (), ""))
    journal.close()
    return journal.folder


async def loaded(app, pilot, text: str) -> str:
    """The screen once the sessions have been read."""
    for _ in range(400):
        if text in (shown := text_of(app)):
            return shown
        await pilot.pause(0.05)
    raise AssertionError(shown)


async def test_this_folders_sessions_come_first_and_tab_shows_all(home):
    here, there = home / "here", home / "there"
    record(home, "s1", here, "fix the parser\nplease")
    record(home, "s2", there, "write a poem")
    app = Stage(SessionPicker(here, "", LOOK))
    async with app.run_test() as pilot:
        shown = await loaded(app, pilot, "fix the parser")
        assert "4 steps" in shown
        assert "$0.25" in shown
        assert "write a poem" not in shown
        await pilot.press("tab")
        assert "write a poem" in text_of(app)
        await pilot.press(*"poem", "enter")
    assert app.outcome == "s2"


async def test_where_this_folder_has_none_all_are_shown(home):
    record(home, "s2", home / "there", "write a poem")
    app = Stage(SessionPicker(home / "here", "", LOOK))
    async with app.run_test() as pilot:
        await loaded(app, pilot, "write a poem")


async def test_without_any_session_it_says_so(home):
    app = Stage(SessionPicker(home, "", LOOK))
    async with app.run_test() as pilot:
        await loaded(app, pilot, "No session yet")
        await pilot.press("enter", "ctrl+d", "ctrl+r", "escape")
    assert app.outcome is None


async def test_deleting_takes_two_presses(home):
    folder = record(home, "s1", home, "fix the parser")
    app = Stage(SessionPicker(home, "", LOOK))
    async with app.run_test() as pilot:
        await loaded(app, pilot, "fix the parser")
        await pilot.press("ctrl+d")
        assert folder.exists()
        assert "again deletes" in text_of(app)
        await pilot.press("ctrl+d")
        assert not folder.exists()
        assert not list(folder.parent.iterdir())


async def test_a_session_that_is_open_is_not_deleted(home):
    folder = record(home, "s1", home, "fix the parser")
    journal = Journal.open(folder)
    app = Stage(SessionPicker(home, "", LOOK))
    async with app.run_test() as pilot:
        await loaded(app, pilot, "fix the parser")
        await pilot.press("ctrl+d", "ctrl+d")
        assert "is open" in text_of(app)
    journal.close()
    assert folder.exists()


async def test_a_new_title_is_kept(home):
    record(home, "s1", home, "fix the parser")
    app = Stage(SessionPicker(home, "", LOOK))
    async with app.run_test() as pilot:
        await loaded(app, pilot, "fix the parser")
        await pilot.press("ctrl+r", *"Parser", "enter")
        assert "› Parser" in text_of(app)
        await pilot.press("ctrl+r", *"other", "escape")
        assert app.outcome == "still open"
    assert [info.title for info in list_sessions()] == ["Parser"]


def test_ages_are_short():
    now = time.time()
    assert [age(now - seconds, now) for seconds in (5, 90, 7200, 200_000)] == ["now", "1 min", "2 h", "2 d"]
    assert len(age(now - 10_000_000, now)) == len("2026-01-01")
