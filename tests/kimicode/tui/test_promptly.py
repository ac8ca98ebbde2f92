"""The prompt's screen paints at its own pace: Textual still asks the hook that says so."""

from textual.app import App
from textual.widgets import Static

from kimicode.tui.promptly import PERIOD_S, PromptScreen


class Counting(PromptScreen):
    """Counts how often its own timer painted."""

    painted = 0

    def _on_timer_update(self):
        self.painted += 1
        super()._on_timer_update()


class Told(App[None]):
    """One line of text."""

    def get_default_screen(self):
        return Counting()

    def compose(self):
        yield Static("before")


async def test_a_change_is_painted_by_the_quicker_timer():
    async with Told().run_test() as pilot:
        screen = pilot.app.screen
        before = screen.painted
        pilot.app.query_one(Static).update("after")
        while screen.painted == before:
            await pilot.pause()
        assert screen._update_timer._interval == PERIOD_S
        assert "after" in "".join(segment.text for strip in screen._compositor.render_strips() for segment in strip)
