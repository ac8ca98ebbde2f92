"""Where the person writes: an editor with history, completion, drafts that outlive a crash, and what sending means."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from textual import on
from textual.app import ComposeResult, SuspendNotSupported
from textual.containers import Container
from textual.message import Message
from textual.timer import Timer
from textual.widgets import TextArea

from kimicode.tui.actions import bindings
from kimicode.tui.composing.draft import Draft, DraftFile
from kimicode.tui.composing.history import History
from kimicode.tui.widgets.assisted import AssistedEditor
from kimicode.tui.widgets.editor import Editor

if TYPE_CHECKING:
    from kimicode.tui.composing.intent import CommandHint

SAVED_AFTER = 0.5
"""Seconds after a change until the draft is on the disk."""


class Composer(Container):
    """The input. The app sets `working` while a turn runs and `queued` to how many prompts wait."""

    BINDINGS = bindings("composer")

    class Submitted(Message):
        """A prompt to send, or to queue while the agent works."""

        def __init__(self, draft: Draft) -> None:
            super().__init__()
            self.draft = draft

    class Steered(Message):
        """A prompt that goes into the running turn at once."""

        def __init__(self, draft: Draft) -> None:
            super().__init__()
            self.draft = draft

    class ShellAsked(Message):
        """`!command`."""

        def __init__(self, command: str) -> None:
            super().__init__()
            self.command = command

    class CommandAsked(Message):
        """`/name argument`, of a command that exists; an alias comes as the command's name."""

        def __init__(self, name: str, argument: str) -> None:
            super().__init__()
            self.name = name
            self.argument = argument

    class Refused(Message):
        """Something did not happen and the text stays as it is; `reason` is for the person."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    class RecallAsked(Message):
        """The prompt that was queued last is wanted back: answer with `load`."""

    class Escaped(Message):
        """Escape, with nothing open here."""

    class QuitAsked(Message):
        """Ctrl-C or, with `at_once`, Ctrl-D in an empty composer."""

        def __init__(self, at_once: bool) -> None:
            super().__init__()
            self.at_once = at_once

    def __init__(
        self, root: Path, history: History, commands: "Callable[[], Sequence[CommandHint]]", *, placeholder: str = ""
    ) -> None:
        super().__init__()
        self.input = AssistedEditor(root, history, commands, placeholder=placeholder)
        self.input.completion.frame = self
        self.working = False
        self.queued = 0
        self._file: DraftFile | None = None
        self._saving: Timer | None = None

    def compose(self) -> ComposeResult:
        yield self.input

    def focus(self, scroll_visible: bool = True) -> Self:
        """Focus the editor."""
        self.editor.focus(scroll_visible)
        return self

    # --- what stands here -----------------------------------------------------------------------------------

    @property
    def editor(self) -> Editor:
        """The text field itself."""
        return self.input.editor

    @property
    def draft(self) -> Draft:
        """What is being written."""
        return self.input.draft

    def load(self, draft: Draft) -> None:
        """Put a draft in place of what stands here; undo brings that back."""
        self.input.load(draft)

    def restore(self, draft: Draft) -> None:
        """Give back a draft that could not be sent, before what was written since."""
        since = self.editor.text
        text = self.editor.attachments.adopt(draft)
        self.editor.put_text(f"{text}\n{since}" if since.strip() else text)

    def keep_draft_in(self, path: Path) -> None:
        """Save the draft there from now on; what a crash left there comes back."""
        if self._file and self._file.path == path:
            return
        self._file = DraftFile(path)
        left = self._file.load()
        if left and not self.editor.text:
            self.load(left)
        elif left:
            self.input.history.remember(left)

    @on(TextArea.Changed)
    def save_soon(self, event: TextArea.Changed) -> None:
        """Write the draft once the person pauses."""
        event.stop()
        if self._file and not self._saving:
            self._saving = self.set_timer(SAVED_AFTER, self.save_draft)

    def save_draft(self) -> None:
        """Write the draft now."""
        self._saving = None
        if self._file:
            with contextlib.suppress(OSError):  # a full disk is told of by the session's journal
                self._file.save(self.draft)

    def on_unmount(self) -> None:
        self.save_draft()

    # --- sending --------------------------------------------------------------------------------------------

    def action_submit(self) -> None:
        """Send what stands here; after a backslash begin a new line instead."""
        self._send(self.Submitted)

    def action_steer(self) -> None:
        """Send into the running turn; while nothing runs, just send."""
        self._send(self.Steered if self.working else self.Submitted)

    def on_editor_refused(self, event: Editor.Refused) -> None:
        event.stop()
        self.post_message(self.Refused(event.reason))

    def _send(self, message: type[Submitted] | type[Steered]) -> None:
        if self.input.searching:
            return
        editor = self.editor
        if editor.line_before_cursor.endswith("\\"):
            editor.action_delete_left()
            editor.action_newline()
            return
        draft = self.draft
        if not draft:
            return
        from kimicode.tui.composing import intent

        wish = intent.read(draft, self.input.proposer.commands)
        match wish:
            case intent.Unknown(reason):
                self.post_message(self.Refused(reason))
                return
            case intent.Prompt(prompt):
                self.post_message(message(prompt))
            case intent.Shell(command):
                self.post_message(self.ShellAsked(command))
            case intent.Command(name, argument):
                self.post_message(self.CommandAsked(name, argument))
        self.input.history.add(self.input.take_out())
        self.save_draft()

    # --- other keys -----------------------------------------------------------------------------------------

    def action_older(self) -> None:
        """The prompt before; what is queued comes back first."""
        if self.queued and not self.editor.text:
            self.post_message(self.RecallAsked())
        else:
            self.input.step(1)

    def action_newer(self) -> None:
        """The prompt after, and in the end what was being written."""
        self.input.step(-1)

    def action_search_history(self) -> None:
        """Search the prompts of before."""
        self.input.search()

    def action_complete(self) -> None:
        """Complete the word at the cursor."""
        self.input.complete()

    def action_clear(self) -> None:
        """Copy what is selected; else clear; else ask to quit. What is cleared is found in the history."""
        editor = self.editor
        if editor.selected_text:
            from kimicode.tui import clipboard

            if warning := clipboard.copy(self.app, editor.selected_text):
                self.post_message(self.Refused(warning))
        elif self.input.searching:
            self.input.end_search()
        elif editor.text:
            self.input.clear()
        else:
            self.post_message(self.QuitAsked(at_once=False))

    def action_end_of_input(self) -> None:
        """Ask to quit, or delete to the right."""
        if self.editor.text:
            self.editor.action_delete_right()
        else:
            self.post_message(self.QuitAsked(at_once=True))

    def action_escape(self) -> None:
        """End a search, else tell the app."""
        if self.input.searching:
            self.input.end_search()
        else:
            self.post_message(self.Escaped())

    def action_paste_image(self) -> None:
        """Insert the image from the clipboard."""
        self.run_worker(self._paste_image(), group="image", exclusive=True)

    async def _paste_image(self) -> None:
        from kimicode.tui.composing import images

        try:
            self.editor.paste_image(await images.from_clipboard())
        except images.ImageRefused as error:
            self.post_message(self.Refused(str(error)))

    def action_external_editor(self) -> None:
        """Write in an editor of one's own."""
        self.run_worker(self._write_outside(), group="editor", exclusive=True)

    async def _write_outside(self) -> None:
        from kimicode.tui.composing import external

        draft, text, failure = self.draft, "", ""
        try:
            words = external.command()
            # the loop runs on, so the agent works on; only nothing is painted into the other program
            with self.app.batch_update(), self.app.suspend(), _interrupts_elsewhere():
                try:
                    text = await asyncio.to_thread(external.edit, draft.expanded, words)
                except external.EditorFailed as error:
                    failure = str(error)  # told once the screen is back
        except (external.EditorFailed, SuspendNotSupported) as error:
            failure = str(error)
        if failure:
            self.post_message(self.Refused(failure))
        else:
            self.editor.put_text(self.editor.attachments.folded(text))


@contextlib.contextmanager
def _interrupts_elsewhere() -> Iterator[None]:
    """Ctrl-C in the other program is for it; our process group gets it too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
