"""Live output of a running command for the person: cleaned, at most 20 times a second, at most 64 KB in all."""

import asyncio
import codecs
from collections.abc import Callable

from kimicode.workspace.output import clean

INTERVAL_S = 0.05
LIMIT = 64 * 1024 - 64
_ESCAPE_WINDOW = 256


class LiveReport:
    """Gathers output and hands it to `report` at a bounded pace. Belongs to the running event loop."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._room = LIMIT
        self._timer: asyncio.TimerHandle | None = None

    def write(self, chunk: bytes) -> None:
        if self._room <= 0:
            return
        text = self._decoder.decode(chunk[: self._room])
        self._room -= len(chunk)
        self._pending += text
        if self._room <= 0:
            self._pending += "\n[more output follows; it is not shown live]\n"
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL_S, self._flush)

    def close(self) -> None:
        """Report what is pending, and nothing more from now on."""
        self._room = 0
        if self._timer is not None:
            self._timer.cancel()
        self._flush()

    def _flush(self) -> None:
        self._timer = None
        text, self._pending = self._pending, ""
        escape = text.rfind("\x1b", max(0, len(text) - _ESCAPE_WINDOW)) if self._room > 0 else -1
        if escape >= 0 and clean(text[escape:] + "a") != clean(text[escape:]) + "a":
            # An escape sequence that is not complete yet waits for its rest.
            text, self._pending = text[:escape], text[escape:]
        if shown := clean(text):
            self._report(shown)
