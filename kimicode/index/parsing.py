"""Trees of source text by tree-sitter: each within its time, one at a time in a process, and other threads go on."""

import threading
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from kimicode.index.languages import grammar

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, QueryCursor, Tree


class _Desk:
    """Where texts lie while they are parsed.

    Only a parser that fetches its text asks whether to go on (given bytes, it holds up every thread until it is done),
    but tree-sitter 0.26.1 never lets go of what it fetched. So all texts lie in the same memory, one after the other.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._page = bytearray()

    def lay(self, data: bytes) -> memoryview:
        """The text in the shared memory, until the next one comes."""
        if len(self._page) < len(data):
            self._page = bytearray(max(len(data), 2 * len(self._page)))
        self._page[: len(data)] = data
        return memoryview(self._page)[: len(data)]


_desk = _Desk()
_PLAIN = bytes.maketrans(bytes(range(0x80, 0x100)), b"x" * 0x80)


def parse(data: bytes, language: str, seconds: float) -> "Tree | None":
    """The tree of a text; None if that takes more of the processor's time, or where there is no grammar."""
    parser = _parser(language)
    if parser is None:
        return None
    if language == "bash":  # its scanner (0.25.1) can crash the process on characters beyond ASCII
        data = data.translate(_PLAIN)
    with _desk.lock:
        view = _desk.lay(data)
        try:
            return parser.parse(lambda start, _: view[start:], progress_callback=_box(seconds))
        except ValueError:  # what a cancelled parse raises
            parser.reset()
            return None


def _box(seconds: float) -> Callable[[int, bool], bool]:
    """Says whether this thread has used so much of the processor's time; what other programs take is not counted.

    It is asked millions of times in a build: a closure costs half as much as an object, and the thread's own clock,
    which is slow to read, is looked at only when it may be late.
    """
    end, doubtful, now = time.thread_time() + seconds, time.monotonic() + seconds, time.monotonic

    def is_over(_at: int, _failed: bool) -> bool:
        nonlocal doubtful
        if now() < doubtful:
            return False
        left = end - time.thread_time()
        doubtful = now() + left
        return left <= 0

    return is_over


def matches(language: str, node: "Node") -> "list[tuple[int, dict[str, list[Node]]]]":
    """What our query for a language finds below a node.

    It has no deadline: it takes a third of the parser's time, always in step with the file's size, and the binding
    crashes where it is given a progress callback (tree-sitter 0.26.1).
    """
    cursor = _cursor(language)
    if cursor is None:
        return []
    with _desk.lock:
        return cursor.matches(node)


@cache
def _parser(language: str) -> "Parser | None":
    loaded = grammar(language)
    if loaded is None:
        return None
    from tree_sitter import Parser

    return Parser(loaded[0])


@cache
def _cursor(language: str) -> "QueryCursor | None":
    loaded = grammar(language)
    if loaded is None:
        return None
    from tree_sitter import QueryCursor

    return QueryCursor(loaded[1])
