"""The whole app over a scripted model: typing, working, reading, leaving."""

import asyncio
import os
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

import pytest

from kimicode import paths
from kimicode.llm.scripted import Reply, ScriptedServer
from kimicode.sessions.catalog import list_sessions
from kimicode.tui import frame
from kimicode.tui.app import KimicodeApp
from kimicode.tui.changes import changes_of
from kimicode.tui.commands.command import Command
from kimicode.tui.commands.table import Table
from kimicode.tui.screens.crashed import CrashScreen
from kimicode.tui.screens.first_run import FirstRun
from kimicode.tui.screens.modal import Modal
from kimicode.tui.wanted import Wanted
from tests.fakes.stage import text_of

EDIT = Reply(calls=[("createfile", {"path": "made.py", "file_text": "x = 1\n"})])
SLOW = Reply(" ".join(f"word{number}" for number in range(2000)), delay=0.02)


class Person:
    """Somebody at the keyboard, who waits for what they expect to see."""

    def __init__(self, app: KimicodeApp, pilot) -> None:
        self.app, self.pilot = app, pilot

    @property
    def screen(self) -> str:
        return text_of(self.app)

    async def until(self, condition: Callable[[], object], told: str = "") -> None:
        pause = 0.01
        for _ in range(300):
            if condition():
                return
            await asyncio.sleep(pause)
            pause = min(0.1, pause * 1.3)  # a look at the screen costs as much as painting it
        raise AssertionError(f"{told}\n{self.screen}")

    async def sees(self, text: str) -> str:
        await self.until(lambda: text in self.screen, f"{text!r} never came")
        return self.screen

    async def types(self, text: str, *keys: str) -> None:
        await self.pilot.press(*text, *keys)

    async def idle(self) -> None:
        await self.until(lambda: self.app.desk.open_one and self.app.desk.open_one.state.phase == "idle", "never idle")


@asynccontextmanager
async def at_work(project, turns=(), *, size=(80, 24), kind=KimicodeApp, **wanted):
    async with ScriptedServer(turns, models=({"id": "scripted"}, {"id": "other"})) as server:
        flags = {"base_url": server.base_url, "model": "scripted", **wanted.pop("flags", {})}
        app = kind(Wanted(project, flags=flags, environ=dict(os.environ), **{"trust": True, **wanted}))
        async with app.run_test(size=size) as pilot:
            yield Person(app, pilot)


async def test_a_prompt_is_answered(home, project):
    async with at_work(project, [Reply("Hello **there**.")]) as person:
        assert "kimicode" in person.screen
        await person.types("hi", "enter")
        await person.sees("Hello there.")
        await person.sees("scripted")
    assert [info.prompt for info in list_sessions()] == ["hi"]


async def test_an_edit_is_asked_about_and_shown_by_diff(home, project):
    async with at_work(project, [EDIT, Reply("Done.")]) as person:
        await person.types("make it", "enter")
        await person.sees("Create made.py?")
        await person.until(lambda: person.app.focused is person.app.around.approval)
        await asyncio.sleep(0.6)  # keys within the first moment are no answer
        await person.types("y")
        await person.sees("Done.")
        assert (project / "made.py").read_text() == "x = 1\n"
        await person.idle()
        await person.types("/diff", "enter")
        await person.sees("1 file +1")
        await person.types("", "escape")
        await person.types("on we go")
        assert person.app.composer.draft.text == "on we go"


async def test_escape_interrupts_and_twice_goes_back_to_a_prompt(home, project):
    async with at_work(project, [SLOW]) as person:
        await person.types("go on", "enter")
        await person.sees("word1 word2")
        await person.types("", "escape")
        await person.sees("interrupted")
        await person.idle()
        await person.types("", "escape", "escape")
        await person.sees("Back to before which prompt?")
        await person.types("", "enter")
        await person.until(lambda: person.app.composer.draft.text == "go on")
        await person.sees("No file had to change")


async def test_undo_brings_files_and_conversation_back(home, project):
    async with at_work(project, [EDIT, Reply("Done.")], flags={"mode": "auto"}) as person:
        await person.types("make it", "enter")
        await person.sees("Done.")
        await person.idle()
        await person.types("/undo", "enter")
        await person.sees("1 file restored, as before step 1")
        assert not (project / "made.py").exists()
        await person.until(lambda: person.app.composer.draft.text == "make it")
        assert not changes_of(paths.sessions_dir() / person.app.desk.session_id).of_session()


async def test_rewind_asks_what_goes_back_and_before_it_overwrites_a_persons_edit(home, project):
    async with at_work(project, [EDIT, Reply("Done.")], flags={"mode": "auto"}) as person:
        await person.types("make it", "enter")
        await person.sees("Done.")
        await person.idle()
        (project / "made.py").write_text("mine\n")
        await person.types("/rewind", "enter")
        await person.sees("Back to before which prompt?")
        await person.types("", "enter")
        await person.sees("What goes back?")
        await person.types("", "enter")
        await person.sees("You changed since then")
        await person.types("", "enter")
        await person.idle()
        assert (project / "made.py").read_text() == "mine\n"


async def test_what_is_typed_while_it_works_is_queued(home, project):
    async with at_work(project, [SLOW, Reply("second answer")]) as person:
        await person.types("first", "enter")
        await person.sees("word1 word2")
        await person.types("second", "enter")
        await person.sees("Queued")
        await person.types("", "up")
        assert person.app.composer.draft.text == "second"


async def test_shift_tab_cycles_the_modes(home, project):
    async with at_work(project) as person:
        await person.idle()
        for mode in ("auto-edit", "auto", "plan", "ask"):
            await person.types("", "shift+tab")
            await person.until(lambda mode=mode: person.app.desk.conversation.state.mode == mode, mode)


async def test_a_plan_is_carried_out_in_the_mode_that_is_chosen(home, project):
    plan = Reply(calls=[("submit", {"summary": "1. make made.py"})])
    async with at_work(project, [plan, EDIT, Reply("Done.")], flags={"mode": "plan"}) as person:
        await person.types("plan it", "enter")
        await person.sees("The plan is made")
        await person.types("", "enter")
        await person.sees("Done.")
        assert (project / "made.py").exists()


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("/help", "all keys, and how to change them"),
        ("/keys", "Shift-Enter"),
        ("/context", "What fills the window"),
        ("/tasks", "In the background"),
        ("/theme", "High contrast"),
        ("/model", "other"),
        ("/mode", "asks before edits and commands"),
    ],
)
async def test_a_command_shows_its_screen_and_escape_closes_it(home, project, typed, seen):
    async with at_work(project, size=(120, 40)) as person:
        await person.idle()
        await person.types(typed, "enter")
        await person.sees(seen)
        await person.types("", "escape")
        await person.until(lambda: not isinstance(person.app.screen, Modal))


async def test_another_model_answers_from_then_on(home, project):
    async with at_work(project) as person:
        await person.idle()
        await person.types("/model other", "enter")
        await person.until(lambda: person.app.desk.conversation.state.model == "other")


async def test_a_theme_is_kept_in_the_configuration(home, project):
    async with at_work(project) as person:
        await person.idle()
        await person.types("/theme light", "enter")
        await person.until(lambda: (home / "config.toml").exists())
        assert person.app.appearance.name == "light"
    async with at_work(project) as person:
        assert person.app.appearance.name == "light"


async def test_what_cannot_be_is_told_and_nothing_breaks(home, project):
    async with at_work(project) as person:
        await person.idle()
        for typed, seen in (
            ("/theme pink", "no theme"),
            ("/undo", "no turn"),
            ("/copy", "no answer"),
            ("/btw", "question"),
        ):
            await person.types(typed, "enter")
            await person.sees(seen)


async def test_clear_begins_anew_and_the_old_session_can_be_continued(home, project):
    async with at_work(project, [Reply("first answer")]) as person:
        await person.types("remember me", "enter")
        await person.sees("first answer")
        await person.idle()
        await person.types("/clear", "enter")
        await person.until(lambda: "first answer" not in person.screen)
        await person.idle()
    async with at_work(project, [Reply("second answer")], resume=list_sessions()[-1].id) as person:
        await person.sees("first answer")
        await person.types("again", "enter")
        await person.sees("second answer")


async def test_a_session_that_does_not_exist_leaves_a_new_one(home, project):
    async with at_work(project, [Reply("answer")], resume="20010101-nothing") as person:
        assert "/help, or F1" not in person.screen  # nothing flashes that an earlier session would take away
        await person.sees("This is a new session")
        assert "/help, or F1" in person.screen
        await person.types("hi", "enter")
        await person.sees("answer")


async def test_what_is_asked_for_while_the_session_opens_waits_and_then_runs(home, project):
    gate = asyncio.Event()

    class Gated(KimicodeApp):
        CSS_PATH: ClassVar = [Path(frame.__file__).parent / path for path in KimicodeApp.CSS_PATH]

        async def surround(self) -> None:
            await super().surround()
            await gate.wait()

    async with at_work(project, kind=Gated) as person:
        await person.types("/context", "enter")
        told = "/context runs once the session is open"
        await person.until(lambda: told in [notification.message for notification in person.app._notifications])
        assert "What fills the window" not in person.screen
        gate.set()
        await person.sees("What fills the window")


async def test_search_goes_through_the_transcript(home, project):
    async with at_work(project, [Reply("\n\n".join(f"line {number}" for number in range(100)))]) as person:
        await person.types("count", "enter")
        await person.sees("line 99")
        await person.types("", "ctrl+f", *"line 7", "enter")
        await person.sees("line 7")
        await person.types("", "escape")
        await person.until(lambda: person.app.focused is person.app.composer.editor)


async def test_without_any_model_the_first_run_asks_and_goes_on(home, project):
    async with ScriptedServer([Reply("It works.")]) as server:
        app = KimicodeApp(Wanted(project, trust=True, environ={"KIMICODE_HOME": str(home)}))
        async with app.run_test() as pilot:
            person = Person(app, pilot)
            await person.types("said before there was a model", "enter")
            await person.until(lambda: isinstance(app.screen, FirstRun))
            await person.types("", "down", "enter")
            await person.types(server.base_url, "enter", "enter", "enter")
            await person.sees("It works.")
    assert (home / "config.toml").stat().st_mode & 0o777 == 0o600


async def test_who_leaves_the_first_run_is_told_the_way_back_and_commands_say_what_is_missing(home, project):
    environ = {"PATH": os.environ["PATH"], "KIMICODE_HOME": str(home)}
    app = KimicodeApp(Wanted(project, trust=True, environ=environ))
    async with app.run_test(size=(80, 24)) as pilot:
        person = Person(app, pilot)
        await person.until(lambda: isinstance(app.screen, FirstRun))
        await person.types("", "escape")
        await person.sees("start again to be asked once more")
        await person.types("/diff", "enter")
        await person.sees("no session is open yet")


async def test_a_worker_that_fails_shows_what_to_do_and_the_app_lives(home, project):
    async def broken(face, argument):
        raise RuntimeError("a bug")

    async with at_work(project) as person:
        await person.idle()
        workers = person.app.workers  # one of them still reads what commands there are, and offers those
        await person.until(lambda: all(worker.is_finished for worker in workers if worker.group == "commands"))
        person.app.offer(Table((Command("boom", "fails", broken),)))
        await person.types("/boom", "enter")
        await person.until(lambda: isinstance(person.app.screen, CrashScreen))
        shown = await person.sees("RuntimeError: a bug")
        assert f"kimicode --resume {person.app.session_id}" in " ".join(shown.replace("│", " ").split())
        await person.types("", "escape")
        await person.until(lambda: not isinstance(person.app.screen, Modal))
    assert list((home / "crashes").iterdir())


async def test_ctrl_c_clears_and_twice_on_nothing_leaves(home, project):
    async with at_work(project) as person:
        await person.idle()
        await person.types("something", "ctrl+c")
        assert person.app.composer.draft.text == ""
        await person.types("", "ctrl+c")
        assert person.app.is_running
        await person.types("", "ctrl+c")
        await person.until(lambda: person.app.return_value is not None)
        assert person.app.return_value == 0


async def test_the_persons_own_commands_are_offered(home, project):
    (home / "commands").mkdir(parents=True)
    (home / "commands" / "greet.md").write_text("Say hello to $1.")
    async with at_work(project, [Reply("Hello Ada.")]) as person:
        await person.until(lambda: person.app.commands.find("greet"))
        await person.types("/greet Ada", "enter")
        await person.sees("Hello Ada.")
        assert "Say hello to Ada." in person.screen


@pytest.mark.parametrize("size", [(40, 15), (120, 40), (300, 100)])
async def test_it_fits_small_and_large_terminals(home, project, size):
    async with at_work(project, [Reply("# Title\n\n" + "text " * 20), EDIT], size=size) as person:
        await person.types("hi", "enter")
        await person.sees("text text")
        await person.idle()
        await person.types("again", "enter")
        await person.sees("1 Yes")
        await person.sees("4 No")


async def test_the_window_changes_its_size_while_an_answer_streams(home, project):
    async with at_work(project, [SLOW]) as person:
        await person.types("hi", "enter")
        await person.sees("word1 word2")
        for width, height in ((40, 15), (200, 50), (60, 20), (80, 24)) * 3:
            await person.pilot.resize_terminal(width, height)
        await person.sees(" word")  # by now the first ones may have left the window
