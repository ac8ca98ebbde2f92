"""From streamed pieces to events: which part begins, what it adds (at most 20 times a second), when it ends."""

import time
from collections.abc import Callable
from typing import Literal

from kimicode.events import Emit, PartCompleted, PartDiscarded, PartStarted, PartUpdated
from kimicode.messages import Piece, TextPiece, ThinkingPiece, ToolCallPiece

PAINT_INTERVAL = 0.05
"""Seconds between two updates of one part."""

Kind = Literal["text", "thinking", "tool_call"]


class PartStream:
    """One answer of the model on its way to the frontends. `prefix` makes part ids unique within the session."""

    def __init__(self, emit: Emit, prefix: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._emit = emit
        self._prefix = prefix
        self._clock = clock
        self._count = 0
        self._open: tuple[Kind, int] | None = None
        self._pending: list[str] = []
        self._painted = 0.0
        self.text: list[str] = []
        """The answer's text so far, kept for an interrupt."""
        self._lost = ""

    def on_piece(self, piece: Piece) -> None:
        key, added = _describe(piece)
        if key != self._open:
            self.close()
            self._count += 1
            self._open = key
            name = piece.name if isinstance(piece, ToolCallPiece) else ""
            self._emit(PartStarted(self._id, key[0], name))
        self._pending.extend(added)
        if key[0] == "text":
            self.text.extend(added)
        if self._clock() - self._painted >= PAINT_INTERVAL:
            self._flush()

    def close(self) -> None:
        """The open part is whole."""
        if self._open is not None:
            self._flush()
            self._emit(PartCompleted(self._id))
            self._open = None

    def discard(self, reason: str) -> None:
        """The request failed: what was shown of it does not count."""
        self.close()
        for number in range(1, self._count + 1):
            self._emit(PartDiscarded(f"{self._prefix}.{number}", reason))
        self._prefix += "'"
        self._count = 0
        self._lost = "".join(self.text) or self._lost
        self.text.clear()

    @property
    def seen(self) -> str:
        """What the person has read of it: of this request, or of the last one that failed and brought some."""
        return ("".join(self.text) or self._lost).strip()

    @property
    def _id(self) -> str:
        return f"{self._prefix}.{self._count}"

    def _flush(self) -> None:
        delta = "".join(self._pending)
        self._pending.clear()
        self._painted = self._clock()
        if delta:
            self._emit(PartUpdated(self._id, delta))


def _describe(piece: Piece) -> tuple[tuple[Kind, int], list[str]]:
    if isinstance(piece, ToolCallPiece):
        return ("tool_call", piece.index), piece.arguments
    if isinstance(piece, ThinkingPiece):
        return ("thinking", 0), piece.fragments
    assert isinstance(piece, TextPiece)
    return ("text", 0), piece.fragments
