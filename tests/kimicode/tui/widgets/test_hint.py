"""Lines of keys: what fits, and always the way out; as the keys are bound."""

from hypothesis import given
from hypothesis import strategies as st
from textual.app import App

from kimicode.tui.screens.picker import Picker
from kimicode.tui.screens.sessions import SessionPicker
from kimicode.tui.text.cells import width
from kimicode.tui.widgets.hint import fitted
from kimicode.tui.widgets.rows import Row
from tests.fakes.stage import LOOK, Stage, text_of

KEYS = {"screen.close": "Esc", "sessions.rename": "Ctrl-R", "sessions.delete": "", "picker.choose": "Enter"}


@given(st.integers(10, 200))
def test_the_way_out_stands_at_every_width(room):
    line = fitted(SessionPicker.HINT, room, lambda action: KEYS.get(action, "Tab"))
    assert line.endswith("Esc closes")
    assert width(line) <= room


def test_what_has_no_key_is_left_out_and_what_does_not_fit_goes_from_the_back():
    def key_of(action):
        return KEYS.get(action, "Tab")

    assert fitted(SessionPicker.HINT, 100, key_of) == "Enter opens · Tab all folders · Ctrl-R renames · Esc closes"
    assert fitted(SessionPicker.HINT, 50, key_of) == "Enter opens · Tab all folders · Esc closes"
    assert fitted("something long to say · {screen.close} closes", 24, key_of) == "something … · Esc closes"


async def test_the_persons_own_keys_work_on_screens_and_are_shown_there(tmp_path):
    app: App[None] = Stage(picker := Picker("Which?", [Row("a", ("a",)), Row("b", ("b",))], LOOK))
    app.set_keymap({"picker.next": "ctrl+n", "picker.choose": "f2", "screen.close": "f3"})
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "F2 chooses · type to search · F3 closes" in text_of(app)
        await pilot.press("down", "escape", "enter")
        assert app.screen is picker
        await pilot.press("ctrl+n", "f2")
        assert app.outcome == "b"
