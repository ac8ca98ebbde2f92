"""Calls the person when they are needed and look elsewhere; and the terminal's title. Every text is made harmless."""

import time
from collections.abc import Callable, Mapping
from typing import Literal

from kimicode.tui.state import State
from kimicode.tui.text.sanitise import one_line

Way = Literal["bell", "desktop", "off"]
BEL = "\x07"
PAUSE_S = 3.0
"""Between two calls; what comes sooner is the same thing to the person."""
LONG_TURN_S = 5.0
"""A turn that took less was waited for."""
LONGEST = 120
_SAVE_TITLE, _RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"


def protocol_of(environ: Mapping[str, str]) -> str:
    """The notification that the terminal understands: "9", "99" or "777"; "" for one that only rings.

    From the terminals' own documents: kitty has OSC 99, iTerm2, WezTerm and ghostty OSC 9, foot and urxvt OSC 777.
    """
    if environ.get("TMUX") or environ.get("STY"):
        return ""  # a multiplexer passes on the bell alone
    program, term = environ.get("TERM_PROGRAM", ""), environ.get("TERM", "")
    if environ.get("KITTY_WINDOW_ID") or "kitty" in term:
        return "99"
    if program in ("iTerm.app", "WezTerm", "ghostty"):
        return "9"
    return "777" if term.startswith(("foot", "rxvt")) else ""


class Notifier:
    """`write` sends to the terminal. `focused` is None until the terminal said whether it has the focus."""

    def __init__(
        self, write: Callable[[str], None], environ: Mapping[str, str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.way: Way = "bell"
        self.focused: bool | None = None
        self._write = write
        self._protocol = protocol_of(environ)
        self._clock = clock
        self._called = -PAUSE_S
        self._title = ""
        self._before = State()

    def watch(self, state: State) -> None:
        """Call where this state, after the last one, needs the person."""
        before, self._before = self._before, state
        if len(state.asking) > len(before.asking):
            self.call(f"asks: {state.asking[-1].question}")
        elif state.phase == "failed" and before.phase != "failed":
            self.call(state.problem.text if state.problem else "not connected")
        elif before.busy and not state.busy and state.phase == "idle" and not (state.queue and not state.held):
            if state.problem is not None:
                self.call(state.problem.text)
            elif self._clock() - before.began >= LONG_TURN_S:
                self.call("is done")

    def call(self, text: str) -> None:
        """Ring or notify, unless the person looks, wants no calls, or was called a moment ago."""
        now = self._clock()
        if self.way == "off" or self.focused or now - self._called < PAUSE_S:
            return
        self._called = now
        said = one_line(f"kimicode {text}", LONGEST)
        messages = {
            "9": f"\x1b]9;{said}{BEL}",
            "99": f"\x1b]99;;{said}\x1b\\",
            "777": f"\x1b]777;notify;kimicode;{said.replace(';', ',')}{BEL}",
        }
        self._write(messages.get(self._protocol, BEL) if self.way == "desktop" else BEL)

    def title(self, text: str) -> None:
        """The window's title; the first one puts the terminal's own aside."""
        said = one_line(text, LONGEST)
        if said == self._title:
            return
        save = "" if self._title else _SAVE_TITLE
        self._title = said
        self._write(f"{save}\x1b]2;{said}{BEL}")

    def restore(self) -> None:
        """Give the terminal its title back."""
        if self._title:
            self._title = ""
            self._write(_RESTORE_TITLE)
