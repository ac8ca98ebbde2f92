"""Parts of an answer on their way into the document: text that closes block by block, thoughts, calls being written."""

from dataclasses import dataclass, field
from typing import Literal

from kimicode.tui.content import Call, Markdown, Thinking
from kimicode.tui.text.tail import Tail
from kimicode.tui.transcript.document import Block, Document

Kind = Literal["text", "thinking", "tool_call"]


@dataclass(slots=True)
class Stream:
    """One part. `blocks` are those it has made so far; `began` is in Unix seconds; a `hidden` one makes none."""

    document: Document
    kind: Kind
    began: float = 0.0
    name: str = ""
    hidden: bool = False
    seconds: float | None = None
    """How long it took, once it is whole."""
    blocks: list[Block] = field(default_factory=list)
    _tail: Tail = field(default_factory=Tail)
    _deltas: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self._deltas)

    def feed(self, delta: str) -> None:
        """More of the part."""
        self._deltas.append(delta)
        if self.kind == "text":
            self._close(self._tail.feed(delta))
            if self._tail.content.source.strip():
                self._show(self._tail.content)
        elif self.hidden:
            return
        elif self.kind == "tool_call":
            self._show(Call("", self.name, self.text, "writing"))
        elif (text := self.text).strip():
            self._show(Thinking(text))

    def finish(self, now: float) -> None:
        """The part is whole, or nothing more will come."""
        if self.seconds is not None:
            return
        self.seconds = max(0.0, now - self.began)
        if self.kind == "text":
            self._close(self._tail.finish())
        elif self.kind == "thinking" and self.blocks:
            self._show(Thinking(self.text, self.seconds))

    def discard(self) -> None:
        """What was shown of the part vanishes."""
        for block in self.blocks:
            self.document.remove(block)
        self.blocks.clear()

    @property
    def _last(self) -> Block | None:
        return self.blocks[-1] if self.blocks else None

    def _close(self, closed: list[Markdown]) -> None:
        for content in closed:
            if content.source.strip():
                self._show(content)

    def _show(self, content: Markdown | Thinking | Call) -> None:
        """In the open block, or in a new one if the last was closed."""
        last = self._last
        if last is None or (isinstance(last.content, Markdown) and not last.content.open):
            last = self.document.append(content, recorded=True)
            self.blocks.append(last)
        elif last.content != content:
            self.document.replace(last, content)
        last.live = self._tail.lines if isinstance(content, Markdown) and content.open else None


def show_text(document: Document, text: str) -> None:
    """An answer that comes at once."""
    stream = Stream(document, "text")
    stream.feed(text)
    stream.finish(0.0)
