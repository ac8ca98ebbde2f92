"""Textual's terminal driver for Linux and macOS, with an input thread that sleeps until there is input.

Textual's own wakes ten times a second, parses pastes letter by letter, and waits for ever for a paste's end."""

import codecs
import os
import select
import sys
import time
from collections.abc import Iterator

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from kimicode.tui import replies
from kimicode.tui.replies import Replies

PASTE_PATIENCE = 1.0
"""Seconds of silence after which a paste counts as over though its end was not seen (the marker can get lost)."""
ESCAPE_PATIENCE = 0.05
"""Seconds after which an escape alone is the key; the sequences of other keys come in one piece, also over SSH."""
_READ = 64 * 1024
_ALT_ENTER = "\x1b[13;3u"
"""As the kitty protocol writes it. Textual takes what other terminals send, escape and return, for a plain Enter."""


class InputReader:
    """Bytes of the terminal to Textual's events. Pastes are cut out here; the parser gets the rest."""

    def __init__(self, parser: XTermParser | None = None) -> None:
        self._parser = parser or XTermParser()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._pasted: list[str] | None = None
        self._held = ""
        """The beginning of what may be a marker, cut by the end of a read."""
        self._heard = 0.0
        self._paused = False
        self._replies = Replies()

    @property
    def patience(self) -> float | None:
        """Seconds until `tick` may have something to say; None: only input brings something new."""
        if self._pasted is not None:
            return PASTE_PATIENCE
        if self._replies.certain:
            return replies.PATIENCE
        return (
            ESCAPE_PATIENCE if self._held or self._replies.waiting or self._parser._timeout_time is not None else None
        )

    def feed(self, data: bytes, now: float | None = None) -> Iterator[Message]:
        """Events of some bytes, in order."""
        before_this, self._heard = self._heard, time.monotonic() if now is None else now
        self._paused = self._heard - before_this > ESCAPE_PATIENCE
        text = self._held + self._decode(data)
        self._held = ""
        while text:
            if self._pasted is None:
                before, marker, text = text.partition(BRACKETED_PASTE_START)
                if not marker:
                    before, self._held = _without_beginning(before, BRACKETED_PASTE_START)
                yield from self._keys(before)
                self._pasted = [] if marker else None
            else:
                before, marker, text = text.partition(BRACKETED_PASTE_END)
                if not marker:
                    before, self._held = _without_beginning(before, BRACKETED_PASTE_END)
                self._pasted.append(before)
                if marker:
                    yield self._paste()

    def tick(self, now: float | None = None) -> Iterator[Message]:
        """Events that came about by waiting: an escape key, a paste that was never ended."""
        now = time.monotonic() if now is None else now
        if self._pasted is not None:
            if now - self._heard >= PASTE_PATIENCE:
                self._pasted.append(self._held)
                self._held = ""
                yield self._paste()
            return
        if now - self._heard >= (replies.PATIENCE if self._replies.certain else ESCAPE_PATIENCE):
            held, self._held = self._held, ""
            yield from self._parsed(self._replies.release() + held)
            if self._parser._timeout_time is not None:
                self._parser._timeout_time = 0.0  # it has waited long enough here
            yield from self._parser.tick()

    def _keys(self, text: str) -> Iterator[Message]:
        for piece in self._replies.sift(text, paused=self._paused):
            if isinstance(piece, Message):
                yield piece
            else:
                yield from self._parsed(piece)

    def _parsed(self, text: str) -> Iterator[Message]:
        if text:
            yield from self._parser.feed(text.replace("\x1b\r", _ALT_ENTER))

    def _paste(self) -> Message:
        text = "".join(self._pasted or ())
        self._pasted = None
        return events.Paste(text.replace("\x00", ""))


def _without_beginning(text: str, marker: str) -> tuple[str, str]:
    """The text without the longest beginning of the marker at its end, and that beginning."""
    for size in range(min(len(marker) - 1, len(text)), 0, -1):
        if text.endswith(marker[:size]):
            return text[:-size], text[-size:]
    return text, ""


class TerminalDriver(LinuxDriver):
    """What the app runs on in a real terminal."""

    def _get_terminal_size(self) -> tuple[int, int]:
        """Columns and rows as the terminal has them now; exported COLUMNS and LINES would be of another time."""
        try:
            size = os.get_terminal_size(sys.__stderr__.fileno() if sys.__stderr__ else self.fileno)
        except OSError:
            return super()._get_terminal_size()
        return (size.columns, size.lines) if size.columns and size.lines else super()._get_terminal_size()

    def start_application_mode(self) -> None:
        """As Textual does it, and ask what the terminal is like; nobody waits for the answers."""
        self._woken, self._waker = os.pipe()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self.input_tty and os.environ.get("TERM_PROGRAM") != "Apple_Terminal":  # it would print a part of that
            self.write(replies.QUESTIONS)
            self.flush()

    def run_input_thread(self) -> None:
        """Wait for input, without a clock while nothing is pending, and post its events until the app stops."""
        reader = InputReader(XTermParser(self._debug))
        try:
            while not self.exit_event.is_set():
                ready, _, _ = select.select([self.fileno, self._woken], [], [], reader.patience)
                if self.fileno in ready:
                    data = os.read(self.fileno, _READ)
                    if not data:  # the terminal is gone
                        self._app.call_later(self._app.exit)
                        return
                    self._post(reader.feed(data))
                elif not ready:
                    self._post(reader.tick())
        except OSError:  # EIO: the terminal was closed under us
            self._app.call_later(self._app.exit)

    def disable_input(self) -> None:
        """Wake the input thread, which then ends; everything else as Textual does it."""
        if not self.exit_event.is_set():
            self.exit_event.set()
            if self._key_thread is not None:
                os.write(self._waker, b"x")
                self._key_thread.join()
                self._key_thread = None
            for end in (self._woken, self._waker):  # here, where nobody else uses them any more
                if end >= 0:
                    os.close(end)
            self._woken = self._waker = -1
            self.exit_event.clear()
        super().disable_input()

    def _post(self, messages: Iterator[Message]) -> None:
        for message in messages:
            self.process_message(message)

    def _enable_mouse_support(self) -> None:
        """Clicks, wheel and drags; not every movement, of which a terminal sends hundreds a second."""
        if self._mouse:
            self.write("\x1b[?1000h\x1b[?1002h\x1b[?1006h")
            self.flush()

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write("\x1b[?1000l\x1b[?1002l\x1b[?1006l")
            self.flush()

    _woken = -1
    _waker = -1
