"""Choosing: searching, moving, the mouse, and leaving without a choice."""

import pytest

from kimicode.tui.screens.picker import Picker
from kimicode.tui.screens.themes import ThemePicker
from kimicode.tui.widgets.rows import Row
from tests.fakes.stage import LOOK, Stage, text_of

FRUIT = [Row("a", ("apple", "3 d")), Row("b", ("banana", "4 d")), Row("c", ("cherry pie", "5 d"), marked=True)]


async def test_the_present_row_is_chosen_first_and_enter_takes_it():
    app = Stage(Picker("Fruit", FRUIT, LOOK))
    async with app.run_test() as pilot:
        assert "› cherry pie" in text_of(app)
        await pilot.press("up", "enter")
    assert app.outcome == "b"


async def test_every_typed_word_narrows_the_rows():
    app = Stage(Picker("Fruit", FRUIT, LOOK))
    async with app.run_test() as pilot:
        await pilot.press(*"pie 5")
        assert "banana" not in text_of(app)
        await pilot.press("enter")
    assert app.outcome == "c"


async def test_where_nothing_matches_enter_takes_nothing():
    app = Stage(Picker("Fruit", FRUIT, LOOK))
    async with app.run_test() as pilot:
        await pilot.press(*"zz", "enter")
        assert "Nothing matches" in text_of(app)
        assert app.outcome == "still open"
        await pilot.press("escape")
    assert app.outcome is None


async def test_a_click_takes_a_row():
    app = Stage(Picker("Fruit", FRUIT, LOOK))
    async with app.run_test() as pilot:
        await pilot.click("Rows", offset=(3, 1))
        await pilot.pause()
    assert app.outcome == "b"


async def test_rows_cannot_drive_the_terminal():
    app = Stage(Picker("Fruit", [Row("x", ("evil \x1b]0;title\x07 name\nsecond", "\x9b2J"))], LOOK))
    async with app.run_test():
        shown = text_of(app)
        assert "\x1b" not in shown
        assert "\x9b" not in shown
        assert "␛]0;title" in shown


@pytest.mark.parametrize("size", [(40, 15), (80, 24), (300, 100)])
async def test_a_thousand_rows_fit_any_terminal(size):
    rows = [
        Row(str(number), (f"session number {number} " + "漢字" * 20, "12 min", "100 steps", "$1.00"))
        for number in range(1000)
    ]
    app = Stage(Picker("Many", rows, LOOK))
    async with app.run_test(size=size) as pilot:
        await pilot.press("pagedown", "pagedown", "up")
        assert "session number 19" in text_of(app)
        await pilot.press(*"999", "enter")
    assert app.outcome == "999"


async def test_themes_are_tried_on_and_taken_off_again():
    worn = []
    app = Stage(ThemePicker("dark", LOOK, worn.append))
    async with app.run_test() as pilot:
        await pilot.press("down")
        await pilot.press("escape")
    assert [each.name for each in worn][-2:] == ["light", "dark"]
    assert app.outcome is None


async def test_the_theme_that_is_chosen_is_told():
    app = Stage(ThemePicker("dark", LOOK, lambda appearance: None))
    async with app.run_test() as pilot:
        await pilot.press(*"contrast", "enter")
    assert app.outcome == "contrast"
