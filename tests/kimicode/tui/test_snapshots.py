"""Every screen at three sizes, and one in every theme, as they are stored in tests/snapshots."""

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.events import Result, SessionStarted, TurnStarted
from kimicode.messages import Usage
from kimicode.sessions.journal import Journal
from kimicode.tui.changes import Changes
from kimicode.tui.crash import Crash
from kimicode.tui.frame import Frame
from kimicode.tui.screens.context import context_lines
from kimicode.tui.screens.crashed import CrashScreen
from kimicode.tui.screens.diff import DiffScreen
from kimicode.tui.screens.first_run import FirstRun
from kimicode.tui.screens.help import help_screen
from kimicode.tui.screens.modal import Modal
from kimicode.tui.screens.picker import Picker
from kimicode.tui.screens.reader import Reader
from kimicode.tui.screens.sessions import SessionPicker
from kimicode.tui.screens.tasks import TasksScreen
from kimicode.tui.screens.themes import ThemePicker
from kimicode.tui.themes import APPEARANCES
from kimicode.tui.transcript.document import Document
from kimicode.tui.wanted import Wanted
from kimicode.tui.widgets.approval import ApprovalBar
from kimicode.tui.widgets.rows import Row
from tests.fakes import scenes
from tests.fakes.album import Album
from tests.fakes.picture import Picture
from tests.fakes.stage import text_of

SIZES = ((80, 24), (120, 40), (40, 15))
PROJECT = Path("/project")


class Sitting:
    """The interface without a session, being looked at."""

    def __init__(self, app: Frame, pilot, album: Album) -> None:
        self.app, self.pilot, self.album = app, pilot, album

    async def look(self, name: str) -> None:
        await self.pilot.pause()
        self.album.compare(name, self.app)

    async def document(self, document: Document) -> None:
        self.app.show(document, None)
        await self.pilot.pause()

    async def state(self, **changes) -> None:
        state = replace(scenes.STATE, **changes)
        around = self.app.around
        assert around is not None
        around.show(state)
        (around.approval if state.asking else self.app.composer).focus()
        await self.pilot.pause()

    async def screen(self, name: str, screen: Modal[Any], *keys: str, sees: str = "") -> None:
        await self.app.push_screen(screen)
        for _ in range(400):
            await self.pilot.pause()
            if sees in text_of(self.app):
                break
        await self.pilot.press(*keys)
        await self.look(name)
        self.app.pop_screen()


async def sit(size: tuple[int, int], folder: str, acts) -> None:
    """Go through acts with the app at this size, and fail for all pictures that differ."""
    app = Frame(Wanted(PROJECT, environ={}), scenes.answer())
    album = Album(folder)
    async with app.run_test(size=size) as pilot:
        await app.surround()
        sitting = Sitting(app, pilot, album)
        await sitting.state()
        await acts(sitting)
    album.close()


def named(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


@pytest.mark.parametrize("size", SIZES, ids=named)
@pytest.mark.usefixtures("home")
async def test_the_conversation(size):
    await sit(size, named(size), conversation)


async def conversation(sitting: Sitting) -> None:
    app, pilot = sitting.app, sitting.pilot
    await sitting.look("answer-end")
    app.transcript.scroll_to_start()
    await sitting.look("answer-start")
    for name, document in (("notes", scenes.notes()), ("work", scenes.work())):
        await sitting.document(document)
        await sitting.look(name)
    app.transcript.fold_all()
    await sitting.look("work-unfolded")
    await sitting.document(Document())
    await sitting.look("empty")
    app.composer.editor.insert("first line\nsecond, with 日本語 and 🎉\nthird")
    await sitting.look("composer")
    app.composer.editor.put_text("")
    await pilot.press("slash")
    await sitting.look("completion")
    app.composer.editor.put_text("")
    await sitting.document(scenes.answer())
    app.action_search()
    await pilot.press(*"total", "enter")
    await sitting.look("search")


@pytest.mark.parametrize("size", SIZES, ids=named)
@pytest.mark.usefixtures("home")
async def test_what_stands_around_it(size):
    await sit(size, named(size), around)


async def around(sitting: Sitting) -> None:
    pilot = sitting.pilot
    await sitting.document(scenes.work())
    await sitting.state(plan=scenes.STEPS, queue=scenes.QUEUE, steered=("mind the currency",), jobs=1)
    await sitting.look("plan-and-queue")
    await sitting.state(asking=(scenes.COMMAND,))
    await sitting.look("approval-command")
    await sitting.state(asking=(scenes.EDIT, scenes.COMMAND))
    await sitting.look("approval-diff")
    await sitting.state(asking=(scenes.PUSH,))
    bar = sitting.app.query_one(ApprovalBar)
    bar.action_rule()
    await sitting.look("approval-rule")
    bar.action_words()
    await pilot.pause()
    await pilot.press(*"use a branch")
    await sitting.look("approval-words")


@pytest.mark.parametrize("size", SIZES, ids=named)
async def test_what_is_chosen_from(home, size):
    record(home, "s1", PROJECT, "grand_total returns the wrong sum", hours=3)
    record(home, "s2", PROJECT, "write a poem about 日本語", hours=50)
    await sit(size, named(size), choices)


async def choices(sitting: Sitting) -> None:
    look = sitting.app.look
    models = [Row("kimi-k2.6", ("kimi-k2.6", "262k"), marked=True), Row("other", ("other", "128k"))]
    await sitting.screen("model", Picker("Model", models, look))
    await sitting.screen("sessions", SessionPicker(PROJECT, "s1", look), sees="3 h")
    await sitting.screen("themes", ThemePicker("dark", look, lambda appearance: None))
    prompts = [Row("t2", ("and be quick",)), Row("t1", ("Fix it.",))]
    await sitting.screen("rewind", Picker("Back to before which prompt?", prompts, look))
    await sitting.screen("first-run", FirstRun(look))
    await sitting.screen("first-run-form", FirstRun(look), "down", "enter", *"http://127.0.0.1:8000/v1")


@pytest.mark.parametrize("size", SIZES, ids=named)
@pytest.mark.usefixtures("home")
async def test_what_is_read(size):
    await sit(size, named(size), readings)


async def readings(sitting: Sitting) -> None:
    look = sitting.app.look
    commands = sitting.app.commands.usages()
    await sitting.screen("help", help_screen(commands, sitting.app.key_map, look))
    await sitting.screen("help-keys", help_screen(commands, sitting.app.key_map, look, "keys"))
    await sitting.screen("diff-unified", DiffScreen(scenes.changes(), look), "down")
    await sitting.screen("diff-sides", DiffScreen(scenes.changes(), look), "down", "s")
    await sitting.screen("diff-nothing", DiffScreen(Changes(), look))
    picture = Reader("What fills the window", lambda width: context_lines(scenes.CONTEXT, look, width), look)
    await sitting.screen("context", picture)
    await sitting.screen("tasks", TasksScreen(scenes.Jobs(), look))  # type: ignore[arg-type]
    told = "kimicode met a fault of its own: KeyError: 'x'\nTo go on: kimicode --resume 20260101-120000-abcd"
    await sitting.screen("crash", CrashScreen(Crash(told, None), look))


@pytest.mark.parametrize("name", ["light", "contrast", "terminal"])
@pytest.mark.usefixtures("home")
async def test_every_theme(name):
    async def worn(sitting: Sitting) -> None:
        sitting.app.wear(APPEARANCES[name])
        await sitting.document(scenes.work())
        await sitting.state(plan=scenes.STEPS, asking=(scenes.EDIT,))
        await sitting.look(f"theme-{name}")

    await sit((80, 40), "themes", worn)


@given(
    st.lists(st.lists(st.tuples(st.text("ab 漢🎉x", min_size=1), st.sampled_from(["italic", "bold red"])), min_size=1))
)
@settings(max_examples=50)
def test_a_picture_is_what_its_text_says(rows):
    picture = Picture(
        tuple(tuple((text, f"{style} on rgb({place},0,0)") for place, (text, style) in enumerate(row)) for row in rows)
    )
    if rows:
        assert Picture.parse(picture.text) == picture
        assert "<svg" in picture.svg("title")


def record(home: Path, name: str, cwd: Path, prompt: str, *, hours: int) -> None:
    journal = Journal.create(home / "sessions" / name)
    journal.append(SessionStarted(name, str(cwd), "m", "auto", "1"))
    journal.append(TurnStarted("t1", prompt))
    journal.append(Result("finished", 0, name, 4, Usage(), 0.25, 1.0, (), ""))
    journal.close()
    then = time.time() - 3600 * hours - 60
    for path in (*journal.folder.iterdir(), journal.folder):
        os.utime(path, (then, then))
