"""What is on the screen: the widgets, their colours, the search and the reading keys, and what a fault does.

`app` puts the session behind it.
"""

import asyncio
import importlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Static

from kimicode import paths
from kimicode.errors import ExitCode
from kimicode.tui.actions import bindings
from kimicode.tui.composing.history import History
from kimicode.tui.driver import TerminalDriver
from kimicode.tui.palette import Look
from kimicode.tui.promptly import PromptScreen
from kimicode.tui.replies import BackgroundTold
from kimicode.tui.text.sanitise import visible
from kimicode.tui.themes import APPEARANCES, Appearance, choose, configured
from kimicode.tui.transcript.document import Document
from kimicode.tui.wanted import Wanted
from kimicode.tui.widgets.composer import Composer
from kimicode.tui.widgets.status import StatusLine
from kimicode.tui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from kimicode.tui.commands.table import Table
    from kimicode.tui.composing.intent import CommandHint
    from kimicode.tui.crash import Crash
    from kimicode.tui.keys import KeyMap
    from kimicode.tui.transcript.archive import Archive
    from kimicode.tui.widgets.around import Around
    from kimicode.tui.widgets.search import SearchBar


class Frame(App[int]):
    """Knows no session. A subclass fills `document` and says what `session_id` and `leave` are."""

    TITLE = "kimicode"
    CSS_PATH: ClassVar = ["widgets/composer.tcss", "widgets/around.tcss", "app.tcss"]
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = "Editor"
    BINDINGS: ClassVar[list[BindingType]] = bindings("app")

    def __init__(self, wanted: Wanted, document: Document) -> None:
        no_colour, in_browser = (bool(wanted.environ.get(name)) for name in ("NO_COLOR", "TEXTUAL_DRIVER"))
        super().__init__(driver_class=None if in_browser else TerminalDriver, ansi_color=True if no_colour else None)
        self.wanted = wanted
        self.around: Around | None = None
        self.crash: Crash | None = None
        self._first = document
        for each in APPEARANCES.values():
            self.register_theme(each.theme)
        self._theme: str = wanted.flags.get("theme") or configured(wanted.environ, paths.config_file())
        self._light: bool | None = None
        """Whether the terminal's background is light, once it has said so."""
        self.appearance = choose(self._theme, wanted.environ)
        self._dress()

    def _dress(self) -> None:
        """Put the theme on before the styles are read. Textual's own watcher comes later and has them read twice."""
        theme = self.appearance.theme
        self.set_reactive(App.theme, theme.name)
        classes = {f"-theme-{theme.name}": True, "-dark-mode": theme.dark, "-light-mode": not theme.dark}
        self.update_classes(classes, update=False)
        self._refresh_truecolor_filter(self.ansi_theme)
        self.stylesheet.set_variables(self.get_css_variables())

    def get_default_screen(self) -> PromptScreen:
        return PromptScreen(id="_default")

    def compose(self) -> ComposeResult:
        folder = self.wanted.folder
        with Container(id="view"):
            yield Transcript(self._first, self.look)
            yield Static(id="new-lines", markup=False)
        yield Container(id="above")
        yield Composer(folder, History(paths.data_dir() / "prompts.jsonl", folder), self._hints)
        yield StatusLine(self.look)

    def on_mount(self) -> None:
        told_otherwise = not isinstance(self._driver, TerminalDriver) or "TMUX" in self.wanted.environ
        self.composer.editor.marks_pastes = told_otherwise
        # What Textual believes to be on the screen is not there any more once another program had it.
        self.app_resume_signal.subscribe(self, lambda app: self.action_repaint())

    @cached_property
    def commands(self) -> "Table":
        """What can be typed behind a slash."""
        from kimicode.tui.commands.table import Table

        return Table()

    @cached_property
    def key_map(self) -> "KeyMap":
        """The keys as they are bound."""
        from kimicode.tui.keys import KeyMap

        return KeyMap.default()

    async def surround(self) -> None:
        """Put search, plan, question and queue above the composer; behind the first paint, see there."""
        around = await asyncio.to_thread(importlib.import_module, "kimicode.tui.widgets.around")
        self.around = around.Around(self.look, self.query_one(StatusLine), self.write, self.wanted.environ)
        await self.around.mount(self.query_one("#above"))

    @property
    def composer(self) -> Composer:
        return self.query_one(Composer)

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)

    @property
    def session_id(self) -> str:
        return ""

    def leave(self) -> None:
        """End the app."""
        self.exit(0)

    def show(self, document: Document, archive: "Archive | None") -> None:
        """Another session's blocks, in a transcript of their own."""
        old = self.transcript
        new = Transcript(document, self.look)
        self.query_one("#view").mount(new, before=old)
        old.remove()
        if archive is not None:
            new.attach(archive)
        self._mark_new_lines(0)

    def offer(self, commands: "Table") -> None:
        """These can be typed from now on."""
        self.commands = commands
        self.composer.input.proposer.commands = self._hints()

    def _hints(self) -> "Sequence[CommandHint]":
        from kimicode.tui.composing.intent import CommandHint

        return [CommandHint(each.name, each.argument, each.summary, each.aliases) for each in self.commands.commands]

    # --- colours and words ----------------------------------------------------------------------------------

    @property
    def look(self) -> Look:
        return Look(self.appearance.palette)

    def wear_theme(self, setting: str) -> None:
        """What a setting means here; `auto` follows the terminal from now on."""
        self._theme = setting
        self.wear(choose(setting, self.wanted.environ, self._light))

    def on_background_told(self, message: BackgroundTold) -> None:
        self._light = message.light
        if choose(self._theme, self.wanted.environ, self._light) is not self.appearance:
            self.wear_theme(self._theme)

    def on_pastes_marked(self) -> None:
        self.composer.editor.marks_pastes = True

    def wear(self, appearance: Appearance) -> None:
        """Other colours, at once."""
        self.appearance = appearance
        self.theme = appearance.name
        self.transcript.look = self.look
        if self.around is not None:
            self.around.set_look(self.look)

    def say(self, text: str) -> None:
        """A word on the side that goes away by itself."""
        self.notify(visible(text), timeout=3, markup=False)

    def copy(self, text: str) -> None:
        """To the clipboard, and say so."""
        from kimicode.tui import clipboard

        self.say(clipboard.copy(self, text) or f"Copied {len(text):,} characters")

    def write(self, sequence: str) -> None:
        """To the terminal itself, past the screen."""
        if self._driver is not None:
            self._driver.write(sequence)

    def on_app_focus(self) -> None:
        self._focused(True)

    def on_app_blur(self) -> None:
        self._focused(False)

    def _focused(self, focused: bool) -> None:
        if self.around is not None:
            self.around.notifier.focused = focused

    # --- reading --------------------------------------------------------------------------------------------

    def action_unfold(self) -> None:
        self.transcript.fold_all()

    def action_plan(self) -> None:
        if self.around is not None:
            self.around.plan.toggle()

    def action_search(self) -> None:
        if self.around is not None:
            self.around.search.open()

    def action_scroll_up(self) -> None:
        self.transcript.scroll_pages(-1)

    def action_scroll_down(self) -> None:
        self.transcript.scroll_pages(1)

    def action_scroll_home(self) -> None:
        self.transcript.scroll_to_start()

    def action_scroll_end(self) -> None:
        self.transcript.follow()

    def action_repaint(self) -> None:
        self.write("\x1b[2J")
        self.refresh(layout=True)

    def action_suspend(self) -> None:
        self.action_suspend_process()

    def on_search_bar_sought(self, message: "SearchBar.Sought") -> None:
        if not self.transcript.search(message.text, backwards=message.backwards) and message.text:
            self.bell()

    def on_search_bar_closed(self) -> None:
        self.transcript.search("")
        self.composer.focus()

    @on(Transcript.NewLines)
    def _new_lines(self, message: Transcript.NewLines) -> None:
        self._mark_new_lines(message.count)

    def _mark_new_lines(self, count: int) -> None:
        mark = self.query_one("#new-lines", Static)
        mark.display = count > 0
        mark.update(f"↓ {count:,} new line{'s' * (count != 1)}")

    @on(events.Click, "#new-lines")
    def _follow(self) -> None:
        self.transcript.follow()

    @on(Transcript.Selected)
    def _selected(self, message: Transcript.Selected) -> None:
        self.copy(message.text)

    @on(Transcript.LinkClicked)
    def _open_link(self, message: Transcript.LinkClicked) -> None:
        self.open_url(message.url)

    # --- faults ---------------------------------------------------------------------------------------------

    def fault(self, error: BaseException) -> None:
        """Something failed that no widget depends on."""
        from textual.worker import WorkerFailed

        self._handle_exception(WorkerFailed(error))

    def _handle_exception(self, error: Exception) -> None:
        """Textual's door for whatever nobody caught. Its own trace would print the values of variables, keys too."""
        from textual.worker import WorkerFailed

        from kimicode.tui.crash import crash

        worker = isinstance(error, WorkerFailed)
        if self.crash is None:
            self.crash = crash(error.error if isinstance(error, WorkerFailed) else error, self.session_id)
            if worker and self.is_running:  # the widgets still work
                self._tell_of_crash(self.crash)
                return
        if not worker:
            self._return_code = int(ExitCode.INFRASTRUCTURE)
            self._exception = error
            self._exception_event.set()
            self._close_messages_no_wait()

    @work(group="crash")
    async def _tell_of_crash(self, crash: "Crash") -> None:
        from kimicode.tui.screens.crashed import CrashScreen

        if await self.push_screen_wait(CrashScreen(crash, self.look)):
            self.leave()
