"""One answer's parser: a fold from tokens to pieces. It never shows a marker nor half a character, and never raises."""

from collections.abc import Collection

from kimicode_engine.output import Content, Piece, Reasoning
from kimicode_engine.parsers.stops import StopScanner
from kimicode_engine.parsers.thinking import THINK_BEGIN, THINK_END, Thinking
from kimicode_engine.parsers.tool_calls import (
    ARGUMENT_BEGIN,
    CALL_BEGIN,
    CALL_END,
    MARKERS,
    SECTION_BEGIN,
    SECTION_END,
    Calls,
    Prose,
)
from kimicode_engine.tokenizer import StreamDecoder, Tokenizer

_TAGS = frozenset({THINK_BEGIN, THINK_END})


class AnswerParser:
    """Takes an answer's tokens in order; how they are grouped into steps makes no difference.

    With `tools` false nothing may be called, yet a model may try: its markers go, and the id and arguments are shown
    as content, since an answer that vanishes helps nobody. `plain` (/v1/completions) knows neither thinking nor tools:
    tags and tool markers are shown, because who writes raw prompts parses raw answers. `names` are the declared tools;
    they decide between readings of an unusual id. Call ids count from `first_call`."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        thinking: bool,
        tools: bool,
        first_call: int = 0,
        stop: tuple[str, ...] = (),
        plain: bool = False,
        names: Collection[str] = (),
    ) -> None:
        self._tokenizer = tokenizer
        self._decoder = StreamDecoder(tokenizer)
        self._thinking = Thinking(thinking and not plain)
        self._tools = tools
        self._plain = plain
        self._prose = Prose()
        self._calls = Calls(first_call, names)
        self._stops = StopScanner(stop)

    @property
    def stopped(self) -> str | None:
        """The stop string that ended the visible answer, if one did."""
        return self._stops.hit

    @property
    def reasoning_tokens(self) -> int:
        """Tokens of thinking so far, with the tag that ends it."""
        return self._thinking.tokens

    @property
    def calls(self) -> int:
        """Tool calls that began so far."""
        return self._calls.count

    def feed(self, token: int) -> list[Piece]:
        """The pieces that one more token completes. Nothing after a stop string."""
        if self.stopped is not None:
            return []
        self._thinking.count()
        name = self._tokenizer.name_of(token)
        if name is None:
            return self._text(self._decoder.feed(token))
        return [*self._text(self._decoder.finish()), *self._control(name, token in self._tokenizer.end_ids)]

    def finish(self) -> list[Piece]:
        """The answer is over: what was held back. A call whose id is incomplete is dropped."""
        if self.stopped is not None:
            return []
        pieces = self._text(self._decoder.finish())
        return pieces if self._calls.open else [*pieces, *self._pause(self._prose.flush())]

    def _text(self, text: str) -> list[Piece]:
        if not text:
            return []
        if self._plain:
            return self._say(text)
        if not self._calls.open:
            return self._say(self._prose.feed(text))
        pieces = self._calls.feed(text)
        stray = self._calls.overflow()
        return pieces if stray is None else self._say(self._prose.feed(stray))

    def _control(self, name: str, ends: bool) -> list[Piece]:
        if self._plain:
            return self._say(name) if name in MARKERS or name in _TAGS else []
        if self._calls.in_arguments and name in _TAGS:
            return self._calls.feed(name)  # a file that a tool writes may hold the tags
        if name in _TAGS:
            return self._tag(name)
        if name in MARKERS:
            return self._marker(name) if self._tools else self._undeclared(name)
        return self._calls.end() if ends else []

    def _tag(self, name: str) -> list[Piece]:
        pieces = [*self._calls.end(), *self._pause(self._prose.flush())]
        if name == THINK_BEGIN:
            self._thinking.begin()
        else:
            self._thinking.end()
        return pieces

    def _undeclared(self, name: str) -> list[Piece]:
        if name not in (SECTION_BEGIN, CALL_BEGIN):
            return []
        pieces = self._pause(self._prose.before_call())
        self._thinking.end()
        return pieces

    def _marker(self, name: str) -> list[Piece]:
        if name == ARGUMENT_BEGIN:
            return self._calls.arguments()
        pieces: list[Piece] = []
        if self._calls.open:
            pieces += self._calls.end()
            self._prose.after_call()
        if name in (SECTION_BEGIN, CALL_BEGIN):
            pieces += self._pause(self._prose.before_call())
            self._thinking.end()
        if name == CALL_BEGIN:
            self._calls.begin()
        elif name in (SECTION_BEGIN, SECTION_END, CALL_END):
            self._prose.after_call()
        return pieces

    def _say(self, text: str) -> list[Piece]:
        if not text:
            return []
        if self._thinking.active:
            return [Reasoning(text)]
        visible = self._stops.feed(text)
        return [Content(visible)] if visible else []

    def _pause(self, text: str) -> list[Piece]:
        """The last text before something else begins: stop strings do not reach across."""
        pieces = self._say(text)
        rest = self._stops.flush()
        return [*pieces, Content(rest)] if rest else pieces
