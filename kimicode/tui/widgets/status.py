"""The status line: what matters most of the state, as much as the width holds."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from kimicode.tui.palette import Look, Palette
from kimicode.tui.state import State
from kimicode.tui.text.cells import crop, width
from kimicode.tui.text.sanitise import one_line

TICK_S = 0.25
ACTIVITY = 9
"""Cells at the left edge that the spinner and the seconds have for themselves."""
GAP = "  "
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_SPINNER = "|/-\\"
_NEARLY_FULL = 0.8
LONGEST_MODEL = 28
"""Cells of a model's name."""
UNSAID = ("", "none", "bubblewrap", "seatbelt")
"""What confines commands as well as can be, or is told otherwise."""
_STAYS = 1
"""Parts of this rank or a lower one never go; what is too long of them is cut."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the line; of too many, those of the highest rank go first, and the two lowest stay."""

    text: str
    style: Style
    rank: int


class StatusLine(Widget):
    """Painted when the state changes; while something works, also its own first cells, four times a second."""

    def __init__(
        self,
        look: Look,
        *,
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._look = look
        self._clock = clock
        self._state = State()
        self._timer: Timer | None = None
        self._ticks = 0

    @property
    def look(self) -> Look:
        return self._look

    @look.setter
    def look(self, look: Look) -> None:
        self._look = look
        self.refresh()

    def show(self, state: State) -> None:
        """Paint another state, if it differs in what the line shows."""
        before, self._state = self._state, state
        if _signature(before, self._look) != _signature(state, self._look):
            self.refresh()
        if _animated(state) and self._timer is None:
            self._timer = self.set_interval(TICK_S, self._tick)
        elif not _animated(state) and self._timer is not None:
            self._timer.stop()
            self._timer = None

    def on_unmount(self) -> None:
        if self._timer is not None:
            self._timer.stop()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 1

    def render_line(self, y: int) -> Strip:
        room = self.size.width
        style = self.rich_style
        activity = self._activity()
        left = [Segment(activity, self._look.palette.accent)] if activity else []
        chosen = fitted(parts_of(self._state, self._look), room - len(activity))
        for place, part in enumerate(chosen):
            left.append(Segment((GAP if place else "") + part.text, part.style))
        return Strip(left).apply_style(style).adjust_cell_length(room, style)

    def _tick(self) -> None:
        self._ticks += 1
        self.refresh(Region(0, 0, ACTIVITY, 1))

    def _activity(self) -> str:
        if not _animated(self._state):
            return ""
        frames = _ASCII_SPINNER if self._look.ascii else _SPINNER
        seconds = max(0, int(self._clock() - self._state.began)) if self._state.busy else 0
        took = f"{seconds // 60}:{seconds % 60:02}" if seconds >= 60 else f"{seconds}s"
        return f"{frames[self._ticks % len(frames)]} {took}".ljust(ACTIVITY)[:ACTIVITY]


def _animated(state: State) -> bool:
    """Something works; what waits for the person does not move."""
    return (state.busy and not state.asking) or state.phase == "opening"


def _signature(state: State, look: Look) -> object:
    return _animated(state), parts_of(state, look)


def fitted(parts: Sequence[Part], room: int) -> list[Part]:
    """The parts that fit `room` cells with gaps between, in their order; of those that stay the longest gives way."""
    kept = list(parts)
    while _cells(kept) > room and (last := max(kept, key=lambda part: part.rank)).rank > _STAYS and len(kept) > 1:
        kept.remove(last)
    over = _cells(kept) - room
    if over <= 0:
        return kept
    longest = max(kept, key=lambda part: width(part.text))
    left = max(0, width(longest.text) - over)
    if not left:
        return fitted(kept[:-1], room)
    kept[kept.index(longest)] = replace(longest, text=crop(longest.text, left))
    return kept


def _cells(parts: Sequence[Part]) -> int:
    return sum(width(part.text) for part in parts) + len(GAP) * (len(parts) - 1)


def parts_of(state: State, look: Look) -> tuple[Part, ...]:
    """What there is to say, from left to right."""
    palette = look.palette
    told = (
        (_doing(state), _doing_style(state, palette), 0),
        (state.mode, _mode_style(state, palette), 2),
        ("no sandbox" if state.sandbox == "none" else "", palette.warning, 1),
        (_model(state), palette.text, 4),
        (_context(state), palette.warning if state.share >= _NEARLY_FULL else palette.muted, 3),
        (_cost(state), palette.muted, 5),
        (_branch(state), palette.muted, 6),
        (f"{len(state.queue)} queued" if state.queue else "", palette.muted, 7),
        (f"{state.jobs} task{'s' * (state.jobs > 1)}" if state.jobs else "", palette.muted, 8),
        (f"{state.speed:.0f} tok/s" if state.speed else "", palette.muted, 9),
        (f"{state.steps} steps" if state.busy and state.steps > 1 else "", palette.muted, 10),
        (one_line(state.sandbox) if state.sandbox not in UNSAID else "", palette.muted, 11),
    )
    return tuple(Part(text, style, rank) for text, style, rank in told if text)


def _doing(state: State) -> str:
    if state.asking:
        return "waits for your answer"
    if state.doing:
        return one_line(state.doing)
    words = {"opening": "opening", "compacting": "compacting", "failed": "not connected"}
    return words.get(state.phase, "")


def _doing_style(state: State, palette: Palette) -> Style:
    return palette.error if state.phase == "failed" else palette.warning if state.asking else palette.muted


def _mode_style(state: State, palette: Palette) -> Style:
    return {"auto": palette.warning, "yolo": palette.error}.get(state.mode, palette.accent)


def _model(state: State) -> str:
    """Without the folders or the maker that servers put before a name."""
    name = crop(one_line(state.model).rstrip("/").rpartition("/")[2], LONGEST_MODEL)
    return name + ("" if state.thinking or not name else " instant")


def _context(state: State) -> str:
    return f"{state.share:.0%} context" if state.window else ""


def _cost(state: State) -> str:
    price = state.usage.price
    if state.price_limit is not None:
        return f"${price or 0.0:.2f} of ${state.price_limit:.2f}"
    return f"${price:.2f}" if price else ""


def _branch(state: State) -> str:
    return one_line(state.branch) + (f" +{state.dirty}" if state.dirty else "") if state.branch else ""
