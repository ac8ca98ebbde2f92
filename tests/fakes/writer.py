"""Somebody who writes: a composer and nothing else, keys in, messages out."""

import asyncio
import contextlib
from pathlib import Path

from textual import events
from textual.app import App
from textual.widgets import Static

from kimicode.tui import widgets
from kimicode.tui.composing.history import History
from kimicode.tui.composing.intent import CommandHint
from kimicode.tui.widgets.composer import Composer

COMMANDS = (CommandHint("help", "", "Help"), CommandHint("model", "[name]", "Choose"), CommandHint("mode", "[name]"))


class Told(App[None]):
    """A composer and nothing else; keeps what it tells."""

    CSS_PATH = Path(widgets.__file__).parent / "composer.tcss"
    CSS = "#above { height: 1fr; }"

    def __init__(self, folder):
        super().__init__()
        self.told = []
        self.composer = Composer(folder, History(folder / "history", folder), lambda: COMMANDS)

    def compose(self):
        yield Static(id="above")
        yield self.composer

    def on_mount(self):
        self.composer.focus()

    def on_composer_submitted(self, message):
        self.told.append(("sent", message.draft.expanded))

    def on_composer_steered(self, message):
        self.told.append(("steered", message.draft.expanded))

    def on_composer_shell_asked(self, message):
        self.told.append(("shell", message.command))

    def on_composer_command_asked(self, message):
        self.told.append(("command", message.name, message.argument))

    def on_composer_refused(self, message):
        self.told.append(("refused", message.reason))

    def on_composer_recall_asked(self):
        self.told.append(("recall",))

    def on_composer_escaped(self):
        self.told.append(("escaped",))

    def on_composer_quit_asked(self, message):
        self.told.append(("quit", message.at_once))


class Person:
    """Types into the composer. Keys are far apart, unless they are said to be a burst."""

    def __init__(self, app, pilot):
        self.app, self.pilot = app, pilot
        self.composer, self.editor = app.composer, app.composer.editor
        self.editor.marks_pastes = True
        self._now = 0.0

    async def keys(self, *keys, apart=1.0):
        for key in keys:
            event = events.Key(key, key if len(key) == 1 else {"space": " ", "enter": "\r"}.get(key))
            self._now += apart
            event.time = self._now
            self.app.post_message(event)
            await self.pilot.pause()

    async def types(self, text, apart=1.0):
        await self.keys(*("enter" if character == "\n" else character for character in text), apart=apart)

    async def bursts(self, text):
        """All keys at once, as a terminal without marks for pastes sends them."""
        self.editor.marks_pastes = False
        for character in text:
            key = "enter" if character == "\n" else character
            event = events.Key(key, "\r" if key == "enter" else key)
            self._now += 0.0001
            event.time = self._now
            self.app.post_message(event)
        await self.pilot.pause()
        await self.until(lambda: not self.editor.bursting)

    async def pastes(self, text):
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()

    async def until(self, condition):
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.01)
        await self.pilot.pause()

    @property
    def text(self):
        return self.editor.text

    @property
    def told(self):
        return self.app.told


@contextlib.asynccontextmanager
async def composing(folder, size=(80, 24)):
    app = Told(folder)
    async with app.run_test(size=size) as pilot:
        yield Person(app, pilot)
