"""The screen that the prompt is on: a key is painted within the time of two of its frames."""

from functools import cached_property

from textual.screen import Screen
from textual.timer import Timer

PERIOD_S = 0.005
"""Textual's is 1/60 s, and a change that follows a paint waits for up to two of them: 33 ms, which typing shows. What
streams in comes 20 times a second at most, so a shorter one costs little."""


class PromptScreen(Screen[None]):
    """Textual's own screen but for its pace."""

    @cached_property
    def _update_timer(self) -> Timer:
        return self.set_interval(PERIOD_S, self._on_timer_update, pause=True)
