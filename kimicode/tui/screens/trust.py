"""The question whether a folder is trusted, before anything of it is read.

Who is typing goes on typing: a key counts as an answer only after a moment without keys, and all others are kept.
"""

import time
from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from kimicode.config.trust import Answer
from kimicode.tui.palette import Look
from kimicode.tui.screens.modal import Modal
from kimicode.tui.text.sanitise import visible
from kimicode.tui.trusting import Question
from kimicode.tui.widgets.rows import Row, Rows

QUIET_S = 0.4


class TrustScreen(Modal[Answer]):
    """Ends with the answer, or with None where the person wants to leave. `typed` gets text that was no answer."""

    HINT = "1 2 3, or ↑↓ and Enter · Esc quits"

    def __init__(
        self,
        question: Question,
        look: Look,
        typed: Callable[[str], object],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(question.title, look)
        self._question, self._typed, self._clock = question, typed, clock
        self._values: list[Answer | None] = [*question.answers, None]
        self._quiet_since = clock()

    def body(self) -> ComposeResult:
        with VerticalScroll(id="words", can_focus=False):
            for words in self._question.words:
                yield Static(visible(words), markup=False)
        texts = [*self._question.answers.values(), "Quit"]
        rows = [Row(str(place), (f"{place + 1}  {text}",)) for place, text in enumerate(texts)]
        yield Rows(self.look.palette, rows, id="rows")

    def on_mount(self) -> None:
        self.query_one(Rows).move(1)  # Enter alone trusts nothing

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        early = self._clock() - self._quiet_since < QUIET_S
        text = event.character if event.is_printable else None
        if text is not None and (early or text not in "123"):
            self._quiet_since = self._clock()
            self._typed(text)
        elif early:
            self._quiet_since = self._clock()
        elif text is not None:
            self.dismiss(self._values[int(text) - 1])
        else:
            self._press(event.key)

    def _press(self, key: str) -> None:
        rows = self.query_one(Rows)
        if key in ("up", "down"):
            rows.move(-1 if key == "up" else 1)
        elif key == "enter" and rows.chosen:
            self._take(rows.chosen)
        elif key in ("escape", "ctrl+c", "ctrl+d"):
            self.dismiss(None)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._quiet_since = self._clock()
        self._typed(event.text)

    @on(Rows.Chosen)
    def _clicked(self, message: Rows.Chosen) -> None:
        self._take(message.row)

    def _take(self, row: Row) -> None:
        self.dismiss(self._values[int(row.value)])
