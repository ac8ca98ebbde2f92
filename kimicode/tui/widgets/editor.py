"""The text field of the composer: readline's keys, pastes and images as labels that are one unit, grapheme by grapheme.

What is sent, completed and remembered is the composer's business."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.actions import SkipAction
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import Location, Selection

from kimicode.tui.actions import bindings
from kimicode.tui.composing import pasting, units
from kimicode.tui.composing.burst import ENTER, SETTLED, Burst
from kimicode.tui.composing.completing import inserted
from kimicode.tui.composing.draft import Attachments, Draft

if TYPE_CHECKING:
    from kimicode.messages import Image


class Editor(TextArea, inherit_bindings=False):
    """A text of many lines. `root` is the folder that dropped files are named from."""

    BINDINGS = bindings("editor")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"editor--label"}

    class Refused(Message):
        """Something could not be pasted; `reason` is for the person."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    def __init__(self, root: Path, *, placeholder: str = "") -> None:
        self.attachments = Attachments()  # before Textual asks where the cursor may stand
        super().__init__(placeholder=placeholder, compact=True, highlight_cursor_line=False)
        self.set_reactive(TextArea.cursor_blink, False)
        self.set_reactive(TextArea.match_cursor_bracket, False)
        self._root = root
        self._burst = Burst()
        self.marks_pastes = False
        """Whether the terminal says what was pasted: then what comes fast as keys was typed."""
        self._cut = ""

    @property
    def draft(self) -> Draft:
        """What stands here, with what its labels stand for; what is still held back included."""
        self.settle()
        return self.attachments.draft(self.text)

    @property
    def bursting(self) -> bool:
        """Whether keys are held back that may be a paste."""
        return bool(self._burst.held)

    @property
    def line_before_cursor(self) -> str:
        row, column = self.cursor_location
        return self.document.get_line(row)[:column]

    def put(self, draft: Draft) -> None:
        """Replace everything by a draft, the cursor at its end; undo brings back what was there."""
        self.put_text(self.attachments.adopt(draft))

    def put_text(self, text: str) -> None:
        """The same with text whose labels are known here."""
        self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
        self.move_cursor(self.document.end)

    def empty(self) -> None:
        """Forget everything, undo included: what stood here was sent."""
        self.load_text("")
        self.attachments = Attachments()

    def complete(self, start: int, text: str) -> None:
        """Replace the part of the cursor's line from column `start` to the cursor."""
        row, column = self.cursor_location
        rest = self.document.get_line(row)[column:]
        text = text.rstrip(" ") if rest.startswith(" ") else text
        self.replace(text, (row, start), (row, column), maintain_selection_offset=False)

    # --- pastes ---------------------------------------------------------------------------------------------

    def paste(self, text: str) -> None:
        """Insert pasted text: dropped files by their names, images and large texts as labels."""
        text = pasting.clean(text)
        if files := pasting.dropped(text):
            text = "".join(map(self._named, files))
        elif pasting.large(text):
            text = self.attachments.add_paste(text)
        self._insert(text)

    def paste_image(self, image: "Image") -> None:
        """Insert an image's label."""
        self._insert(self.attachments.add_image(image) + " ")

    def settle(self) -> None:
        """Insert the keys that were held back; an Enter that may have to be obeyed stays."""
        if not self.bursting or self._burst.entered:
            return
        lead, text = self._burst.lead, self._burst.release()
        if lead and self.line_before_cursor.endswith(lead):
            row, column = self.cursor_location
            self.selection = Selection((row, column - len(lead)), (row, column))
            text = lead + text
        self.paste(text)
        if text.endswith(ENTER) and ENTER not in text[:-1]:
            self.post_message(self.Refused("That Enter came with a paste: once more sends"))

    def _named(self, path: Path) -> str:
        from kimicode.tui.composing import images

        try:
            if image := images.load(path):
                return self.attachments.add_image(image) + " "
        except images.ImageRefused as error:
            self.post_message(self.Refused(str(error)))
        with contextlib.suppress(ValueError):
            path = path.relative_to(self._root)
        return inserted("file", f"{path}/" if path.is_dir() else str(path)).rstrip(" ") + " "

    def _insert(self, text: str) -> None:
        if text and (result := self._replace_via_keyboard(text, *self.selection)):
            self.move_cursor(result.end_location)

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.marks_pastes = True
        self.settle()
        self.paste(event.text)

    async def _on_key(self, event: events.Key) -> None:
        typed = {"enter": ENTER, "ctrl+j": "\n", "tab": "\t"}.get(event.key) or (
            event.character if event.is_printable else None
        )
        if self._burst.is_over(event.time) or not typed:
            await self._obey_enter()
        if typed and not self.marks_pastes and self._burst.takes(typed, event.time):
            event.stop()
            event.prevent_default()
            if len(self._burst.held) == 1:
                self.set_timer(SETTLED, self._ask_for_end)
            return
        self.settle()
        if event.key == "enter":
            event.prevent_default()  # TextArea would begin a new line; the bindings decide
        # Here, before the next key: the app would come to it behind the letters that already wait for this editor.
        if not event.is_printable and await self.app._check_bindings(event.key):
            event.stop()
            event.prevent_default()

    async def _obey_enter(self) -> None:
        """An Enter that was held back is a key after all."""
        if self._burst.entered:
            self._burst.release()
            if self.has_focus:  # elsewhere it would answer a question that came up meanwhile
                await self.app._check_bindings("enter")

    def _ask_for_end(self) -> None:
        # on a busy machine keys may wait in the queues of app and widget: they come first
        self.app.call_later(self.call_later, self._end_burst, self._burst.last)

    async def _end_burst(self, last: float) -> None:
        if self._burst.last == last:
            await self._obey_enter()
            self.settle()
        elif self.bursting:
            self.set_timer(SETTLED, self._ask_for_end)

    # --- places for the cursor ------------------------------------------------------------------------------

    def clamp_visitable(self, location: Location) -> Location:
        """The nearest place where the cursor may stand."""
        row, column = super().clamp_visitable(location)
        return row, units.nearest(self.document.get_line(row), column, self.attachments)

    def get_cursor_left_location(self) -> Location:
        """Before the unit to the left."""
        row, column = super().get_cursor_left_location()
        return row, units.around(self.document.get_line(row), column, self.attachments)[0]

    def get_cursor_right_location(self) -> Location:
        """Behind the unit to the right."""
        row, column = self.selection.end
        line = self.document.get_line(row)
        if column >= len(line):
            return super().get_cursor_right_location()
        return row, units.around(line, column, self.attachments)[1]

    def get_cursor_word_left_location(self) -> Location:
        """Before the word or label to the left; from a line's start to the end of the one above."""
        row, column = self.selection.end
        if column == 0:
            return super().get_cursor_left_location()
        return row, units.word_left(self.document.get_line(row), column, self.attachments)

    def get_cursor_word_right_location(self) -> Location:
        """Behind the word or label to the right; from a line's end to the start of the one below."""
        row, column = self.selection.end
        line = self.document.get_line(row)
        if column >= len(line):
            return super().get_cursor_right_location()
        return row, units.word_right(line, column, self.attachments)

    # --- keys -----------------------------------------------------------------------------------------------

    def action_newline(self) -> None:
        """Begin a new line."""
        self._replace_via_keyboard("\n", *self.selection)

    def action_cursor_up(self, select: bool = False) -> None:
        """One line up; from the first one the key goes on to whoever else wants it."""
        if not select and self.navigator.is_first_wrapped_line(self.cursor_location):
            raise SkipAction
        super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """One line down; from the last one the key goes on to whoever else wants it."""
        if not select and self.navigator.is_last_wrapped_line(self.cursor_location):
            raise SkipAction
        super().action_cursor_down(select)

    def action_word_left(self) -> None:
        """One word to the left."""
        self.move_cursor(self.get_cursor_word_left_location())

    def action_word_right(self) -> None:
        """One word to the right."""
        self.move_cursor(self.get_cursor_word_right_location())

    def action_line_start(self) -> None:
        """To the start of the line; in an empty text the key goes on."""
        if not self.text:
            raise SkipAction
        self.action_cursor_line_start()

    def action_line_end(self) -> None:
        """To the end of the line; in an empty text the key goes on."""
        if not self.text:
            raise SkipAction
        self.action_cursor_line_end()

    def action_kill_to_end(self) -> None:
        """Cut to the end of the line, or the line break that stands at the cursor."""
        row, column = self.cursor_location
        size = len(self.document.get_line(row))
        self._kill((row, size) if column < size else (row + 1, 0))

    def action_kill_to_start(self) -> None:
        """Cut to the start of the line, or the line break before it."""
        row, column = self.cursor_location
        self._kill((row, 0) if column or not row else (row - 1, len(self.document.get_line(row - 1))))

    def action_kill_word_left(self) -> None:
        """Cut the word to the left."""
        self._kill(self.get_cursor_word_left_location())

    def action_kill_word_right(self) -> None:
        """Cut the word to the right."""
        self._kill(self.get_cursor_word_right_location())

    def action_yank(self) -> None:
        """Insert what was cut last."""
        self._insert(self._cut)

    def action_select_left(self) -> None:
        """Select to the left."""
        self.action_cursor_left(select=True)

    def action_select_right(self) -> None:
        """Select to the right."""
        self.action_cursor_right(select=True)

    def action_select_up(self) -> None:
        """Select upwards."""
        self.action_cursor_up(select=True)

    def action_select_down(self) -> None:
        """Select downwards."""
        self.action_cursor_down(select=True)

    def _kill(self, to: Location) -> None:
        start, end = sorted(self.selection if not self.selection.is_empty else (self.cursor_location, to))
        cut = self.get_text_range(start, self.clamp_visitable(end))
        if cut:
            self._cut = cut
            self.history.checkpoint()  # a step of its own for undo
            self._delete_via_keyboard(start, end)

    # --- painting -------------------------------------------------------------------------------------------

    def get_line(self, line_index: int) -> Text:
        """A line with its labels set off."""
        line = super().get_line(line_index)
        for start, end in self.attachments.spans(line.plain):
            line.stylize(self.get_component_rich_style("editor--label"), start, end)
        return line

    def render_lines(self, crop: Region) -> list[Strip]:
        """Paint, and put the terminal's own cursor where ours is: input methods open their window there."""
        if self.has_focus:
            self._cursor_offset = self.wrapped_document.location_to_offset(self.cursor_location)
            self.app.cursor_position = self.cursor_screen_offset
        return super().render_lines(crop)
