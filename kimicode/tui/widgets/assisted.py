"""An editor with proposals above it and the prompts of before behind its arrow keys."""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Static, TextArea

from kimicode.tui.actions import bindings
from kimicode.tui.composing import completing
from kimicode.tui.composing.draft import Draft
from kimicode.tui.composing.history import History, Walk
from kimicode.tui.widgets.completion import Completion
from kimicode.tui.widgets.editor import Editor

if TYPE_CHECKING:  # loaded when a word is to be completed
    from kimicode.tui.composing.intent import CommandHint
    from kimicode.tui.composing.proposing import Proposer


class AssistedEditor(Container):
    """The editor and its list; a node of its own, so that the list's keys come before those of the composer."""

    BINDINGS = bindings("completion")

    def __init__(
        self, root: Path, history: History, commands: "Callable[[], Sequence[CommandHint]]", *, placeholder: str = ""
    ) -> None:
        super().__init__()
        self.editor = Editor(root, placeholder=placeholder)
        self._placeholder = placeholder
        self.completion = Completion()
        self._root, self._commands = root, commands
        self.history = history
        self._walk: Walk | None = None
        self._word: completing.Word | None = None
        self._proposed_for: tuple[tuple[int, int], str] | None = None
        """Where the cursor was in which text when the list was made: its news of the editor comes a moment later."""
        self._dismissed: tuple[int, int] | None = None
        """Line and start of a word that shall have no proposals."""
        self._searched: list[Draft] | None = None
        self._put_aside = Draft()
        self.may_look = True
        """Whether the folder may be looked at for files to propose: not before its trust is settled."""

    def compose(self) -> ComposeResult:
        yield self.completion
        yield Static("›", classes="composer--prompt")
        yield self.editor

    def focus(self, scroll_visible: bool = True) -> Self:
        """Focus the editor."""
        self.editor.focus(scroll_visible)
        return self

    @cached_property
    def proposer(self) -> "Proposer":
        """What can be completed."""
        from kimicode.tui.composing.files import ProjectFiles
        from kimicode.tui.composing.proposing import Proposer

        return Proposer(self._root, ProjectFiles(self._root), self._commands())

    @property
    def draft(self) -> Draft:
        """What is being written; during a search, what was put aside for it."""
        return self.editor.draft if self._searched is None else self._put_aside

    @property
    def searching(self) -> bool:
        """Whether the history is being searched."""
        return self._searched is not None

    def load(self, draft: Draft) -> None:
        """Put a draft in place of what stands here; undo brings that back. No list opens for it."""
        self.editor.put(draft)
        self._dismissed = (0, 0)

    # --- history --------------------------------------------------------------------------------------------

    def step(self, by: int) -> None:
        """Go `by` prompts back, or forth with a negative number; in the end comes what was being written."""
        if self._searched is not None:
            return
        if self._walk is None:
            self._walk = Walk([Draft(), *self.history.drafts()])
        if (draft := self._walk.step(self.draft, by)) is not None:
            self.load(draft)

    def search(self) -> None:
        """Search the prompts of before by what is typed; again: the next one."""
        if self._searched is not None:
            self.completion.move(1)
            return
        self._put_aside = self.draft
        self._searched = self.history.drafts()
        self.add_class("-searching")
        self.editor.placeholder = "Words of a prompt of before · Esc goes back"
        self.editor.put_text("")
        self._propose()

    def end_search(self, draft: Draft | None = None) -> None:
        """Go on with a draft that was found, or else with the one that was put aside."""
        self._searched = None
        self.remove_class("-searching")
        self.editor.placeholder = self._placeholder
        self.load(self._put_aside if draft is None else draft)
        self.completion.hide()

    def take_out(self) -> Draft:
        """Empty the editor for good; returns what stood there. A walk through the history is over."""
        draft = self.draft
        self._walk = None
        self.editor.empty()
        return draft

    def clear(self) -> None:
        """Empty the editor; undo and the history bring back what stood there."""
        self.history.remember(self.draft)
        self._walk = None
        self.editor.put_text("")

    # --- completion -----------------------------------------------------------------------------------------

    def on_text_area_changed(self) -> None:
        self._propose()

    def on_text_area_selection_changed(self, event: TextArea.SelectionChanged) -> None:
        event.stop()
        self._propose()

    def complete(self) -> None:
        """Complete the word at the cursor, a path of a shell command too."""
        self._dismissed = None
        self._propose(paths=True)
        if self.completion.size_of_list == 1:
            self._take()

    def action_next(self) -> None:
        """The next proposal."""
        self._open_list().move(1)

    def action_previous(self) -> None:
        """The proposal before."""
        self._open_list().move(-1)

    def action_accept(self) -> None:
        """Take the proposal."""
        self._open_list()
        self._take()

    def action_take(self) -> None:
        """Take the proposal. What is complete already, or is a command without arguments, goes on to be sent."""
        chosen, word = self._open_list().chosen, self._word
        self._take()
        if chosen is None or word is None or self.searching:
            return
        ends = word.kind == "command" and not self.proposer.takes_argument(chosen.value)
        if ends or self.proposer.is_whole(word, chosen.value):
            raise SkipAction

    def action_close(self) -> None:
        """No proposals for this word; no search any more."""
        self._open_list()
        if self._searched is not None:
            self.end_search()
        elif self._word:
            self._dismissed = (self.editor.cursor_location[0], self._word.start)
        self.completion.hide()

    def on_completion_taken(self, event: Completion.Taken) -> None:
        event.stop()
        self._take()

    def _open_list(self) -> Completion:
        """The list, if its keys are for it: keys that came as a burst are text. It fits what stands here by now."""
        if self._proposed_for != (self.editor.cursor_location, self.editor.text):
            self._propose()
        if not self.completion.chosen or self.editor.bursting:
            raise SkipAction
        return self.completion

    def _propose(self, *, paths: bool = False) -> None:
        self._proposed_for = (self.editor.cursor_location, self.editor.text)
        if self._searched is not None:
            from kimicode.tui.composing import proposing

            self.completion.show(proposing.past(self._searched, self.editor.text))
            return
        editor = self.editor
        row, _ = editor.cursor_location
        going_on = paths or (self._word is not None and self._word.kind == "path")
        shell = going_on and editor.document.get_line(0).startswith("!")
        word = completing.word_at(editor.line_before_cursor, row, shell=shell)
        if word is None or (row, word.start) != self._dismissed:
            self._dismissed = None
        looks = word is not None and word.kind in ("file", "path")
        hidden = self._dismissed or not editor.selection.is_empty or (looks and not self.may_look)
        self._word = None if hidden else word
        self.completion.show(self.proposer.propose(self._word) if self._word else ())
        if self._word and self._word.kind == "file" and self.proposer.files.stale:
            self.run_worker(self._refresh_files(), group="files")

    async def _refresh_files(self) -> None:
        await self.proposer.files.refresh()
        if self._word and self._word.kind == "file":
            self._propose()

    def _take(self) -> None:
        chosen, word = self.completion.chosen, self._word
        if not chosen:
            return
        if self._searched is not None:
            self.end_search(self._searched[int(chosen.value)])
        elif word:
            if word.kind == "file":
                self.proposer.files.used(chosen.value)
            self.completion.hide()
            self.editor.complete(word.start, completing.inserted(word.kind, chosen.value))
            self._word = None  # a path goes on with the next Tab, so that Enter runs the command
            self._propose()
