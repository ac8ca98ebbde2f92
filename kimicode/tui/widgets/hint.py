"""A line of keys and what they do: as many as there is room for, and always the way out, which stands last."""

import re
from collections.abc import Callable
from typing import Any

from rich.text import Text
from textual.screen import Screen
from textual.widget import Widget

from kimicode.tui.actions import ACTIONS
from kimicode.tui.keys import brief
from kimicode.tui.text.cells import crop, width
from kimicode.tui.text.sanitise import one_line

BETWEEN = " · "
_ACTION = re.compile(r"\{([\w.]+)\}")


def first_key(screen: Screen[Any], action: str) -> str:
    """The first key that an action has on a screen, as a hint names it; "" where it has none."""
    keys = [key for key, found in screen.active_bindings.items() if found.binding.id == action]
    order = next((each.keys for each in ACTIONS if each.name == action), ())
    first = min(keys, key=lambda key: order.index(key) if key in order else -1, default="")
    return brief(first) if first else ""


class Hint(Widget):
    """`keys` are pieces with BETWEEN between them; {picker.choose} stands for the key that this action has now."""

    def __init__(self, keys: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._keys = keys
        self._said = ""

    def guide(self, keys: str) -> None:
        """Show other keys."""
        self._keys, self._said = keys, ""
        self.refresh()

    def say(self, text: str) -> None:
        """Say something before the way out; "" brings the keys back."""
        self._said = one_line(text)
        self.refresh()

    def key_of(self, action: str) -> str:
        """The first key that an action has on this screen; "" where it has none."""
        return first_key(self.screen, action)

    def render(self) -> Text:
        way_out = self._keys.rpartition(BETWEEN)[2]
        return Text(
            fitted(BETWEEN.join([self._said, way_out]) if self._said else self._keys, self.size.width, self.key_of)
        )


def fitted(keys: str, room: int, key_of: Callable[[str], str]) -> str:
    """The pieces for which there are keys, and room in these cells: the last one first, then from the first one on."""
    pieces = []
    for piece in keys.split(BETWEEN):
        found = [key_of(name) for name in _ACTION.findall(piece)]
        if all(found):
            pieces.append(_ACTION.sub(lambda match: key_of(match[1]), piece))
    *others, way_out = pieces or [""]
    kept: list[str] = []
    for piece in others:
        if width(BETWEEN.join([*kept, piece, way_out])) > room:
            break
        kept.append(piece)
    if others and not kept:  # a word that is too long is better than none
        kept = [crop(others[0].rstrip(), max(0, room - width(BETWEEN + way_out)))]
    return crop(BETWEEN.join(piece for piece in [*kept, way_out] if piece), max(1, room))
