"""The end of an answer while it is streamed: a chunk costs what it brings, in the middle of a long code block, too."""

from dataclasses import replace
from itertools import zip_longest

from kimicode.tui.content import Markdown
from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.text.blocks import CODE_TAB, code_margin, distance
from kimicode.tui.text.flow import Margin, flow
from kimicode.tui.text.highlight import one_line
from kimicode.tui.text.markdown import Splitter, language
from kimicode.tui.text.render import answer_margin, render
from kimicode.tui.text.sanitise import visible


class Tail:
    """Feed it the deltas of an answer: each returned piece is one closed `Markdown`, rendered once and for all.

    `lines` shows what is open below them; a line that did not change is the same object as before. The finished lines
    of an open fence are highlighted one by one and kept; once the fence is closed, `render` takes it as a whole.
    """

    def __init__(self) -> None:
        self._splitter = Splitter()
        self._first = True
        self._shown: list[Line] = []
        self._code: _OpenCode | None = None

    @property
    def content(self) -> Markdown:
        """What is open, as a block; its source may be empty."""
        return Markdown(self._splitter.rest, open=True, first=self._first)

    def feed(self, delta: str) -> list[Markdown]:
        """Add to the answer; returns what this closes."""
        return self._closed(self._splitter.feed(delta))

    def finish(self) -> list[Markdown]:
        """The answer ends here; returns what is left of it. The next delta begins a new answer."""
        closed = self._closed(self._splitter.finish())
        self._first = True
        return closed

    def lines(self, width: int, look: Look) -> list[Line]:
        """The lines of the open piece. The list is the caller's."""
        if self._splitter.fence is not None:
            if self._code is None or not self._code.fits(width, look):
                self._code = _OpenCode(self._splitter, self._first, width, look)
            return self._code.lines()
        shown = zip_longest(render(self.content, width, look), self._shown)
        self._shown = [before if line == before else line for line, before in shown if line]
        return list(self._shown)

    def _closed(self, pieces: list[str]) -> list[Markdown]:
        closed = []
        for piece in pieces:
            closed.append(Markdown(piece, first=self._first))
            self._first = self._first and not piece.strip()
            self._code, self._shown = None, []
        return closed


class _OpenCode:
    """The lines of an open fence for one width and look."""

    def __init__(self, splitter: Splitter, first: bool, width: int, look: Look) -> None:
        assert splitter.fence is not None
        self._splitter = splitter
        self._width, self._look = width, look
        self._language = language(splitter.fence["info"])
        self._mark: str = splitter.fence["mark"]
        self._indent = splitter.fence.start("mark")
        self._lines: list[Line] = []
        above = next(index for index, line in enumerate(splitter.lines) if line.strip(" \t\r\n"))
        if above and not first:
            self._lines.append(distance(answer_margin(look, first)))
        self._done = above + 1
        self._margin = code_margin(answer_margin(look, first), look)

    def fits(self, width: int, look: Look) -> bool:
        return self._width == width and self._look == look

    def lines(self) -> list[Line]:
        finished = self._splitter.lines
        for line in finished[self._done :]:
            self._lines += self._painted(line.removesuffix("\n"), self._margin)
        self._done = len(finished)
        unfinished = self._splitter.unfinished
        # marks alone are about to end the fence
        if unfinished.strip().strip(self._mark[0]):
            return self._lines + self._painted(unfinished, replace(self._margin))
        return list(self._lines)

    def _painted(self, line: str, margin: Margin) -> list[Line]:
        text = visible(line.removesuffix("\r"), CODE_TAB)
        text = text[min(self._indent, len(text) - len(text.lstrip(" "))) :]
        base = self._look.palette.code_block
        runs = one_line(text, self._language, self._look.palette.syntax, base) if self._language else [(text, base)]
        return flow(runs, self._width, margin, base if base.bgcolor else None)
