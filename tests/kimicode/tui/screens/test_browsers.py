"""Looking: help, changes and what fills the window, at any size."""

import pytest

from kimicode.agent.context import Context, Share
from kimicode.events import Diff, ToolCompleted, TurnStarted
from kimicode.tui.changes import Changes
from kimicode.tui.commands.table import Table
from kimicode.tui.keys import KeyMap
from kimicode.tui.screens.context import context_lines
from kimicode.tui.screens.diff import DiffScreen
from kimicode.tui.screens.help import help_screen
from kimicode.tui.screens.reader import Reader
from tests.fakes.stage import LOOK, Stage, text_of

PATCH = "--- a/parse.py\n+++ b/parse.py\n@@ -1,2 +1,2 @@\n def parse():\n-    return 1\n+    return 2\n"
SIZES = [(40, 15), (80, 24), (120, 40), (300, 100)]


def changed() -> Changes:
    changes = Changes()
    for turn, path in (("t1", "old.py"), ("t2", "parse.py")):
        changes.feed(TurnStarted(turn, "x"))
        changes.feed(ToolCompleted(turn, "strreplace", False, (), Diff(path, PATCH, 1, 1), 0.1, {}))
    return changes


@pytest.mark.parametrize("size", SIZES)
async def test_help_shows_commands_keys_and_documents(size):
    app = Stage(help_screen(Table().usages(), KeyMap.default(), LOOK))
    async with app.run_test(size=size) as pilot:
        assert "/help" in text_of(app)
        await pilot.press("down")
        assert "Shift-Enter" in text_of(app)
        await pilot.press("down")
        assert "kimicode --continue" in text_of(app)
        await pilot.press("end", "home", "pagedown", "escape")
    assert app.outcome is None


async def test_help_opens_at_a_topic():
    app = Stage(help_screen(Table().usages(), KeyMap.default(), LOOK, "modes"))
    async with app.run_test(size=(120, 40)):
        assert "auto-edit" in text_of(app)


@pytest.mark.parametrize("size", SIZES)
async def test_changes_are_browsed_by_file(size):
    app = Stage(DiffScreen(changed(), LOOK))
    async with app.run_test(size=size) as pilot:
        shown = text_of(app)
        assert "old.py" in shown
        assert "return 2" in shown
        await pilot.press("down", "s")
        assert "return 2" in text_of(app)
        await pilot.press("tab")
        shown = text_of(app)
        assert "the last turn" in shown
        assert "old.py" not in shown


async def test_without_changes_it_says_so():
    app = Stage(DiffScreen(Changes(), LOOK))
    async with app.run_test() as pilot:
        assert "nothing" in text_of(app)
        await pilot.press("down", "up", "s", "tab", "escape")
    assert app.outcome is None


@pytest.mark.parametrize("width", [20, 40, 80, 120, 300])
@pytest.mark.parametrize("used", [0, 50, 1000, 2000])
def test_the_picture_of_the_window_fits_any_width(width, used):
    context = Context(1000, used, 850, (Share("tools", 30), Share("answers", 20)) if used else ())
    lines = context_lines(context, LOOK, width)
    bar = lines[1].text
    assert len(bar) == width
    assert bar.count("█") == min(width, round(width * used / 1000))


async def test_the_window_is_read():
    context = Context(1000, 500, 850, (Share("tools", 30), Share("answers", 20)))
    app = Stage(Reader("Context", lambda width: context_lines(context, LOOK, width), LOOK))
    async with app.run_test() as pilot:
        shown = text_of(app)
        assert "500 of 1,000 tokens, 50%" in shown
        assert shown.index("tools") < shown.index("answers")
        await pilot.press("q")
    assert app.outcome is None
