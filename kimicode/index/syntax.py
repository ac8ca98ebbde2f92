"""Does a text parse? The grammars of the index, asked for errors alone."""

import time
from pathlib import PurePath

from kimicode.index.languages import grammar, language_of

TIME_BOX_S = 0.5
_LARGEST = 500_000
"""Bytes beyond which nobody writes by hand."""


def first_error(path: PurePath, text: str) -> int:
    """The line, from 1, where the first part begins that does not parse; 0 where all does, or it cannot be told.

    Where an error begins is a guess: a bracket that was never closed may be seen at the end of the file.
    """
    data = text.encode("utf-8", "replace")
    loaded = grammar(language_of(path.name, data)) if len(data) <= _LARGEST else None
    if loaded is None:
        return 0
    from tree_sitter import Parser

    view, deadline = memoryview(data), time.monotonic() + TIME_BOX_S
    try:
        tree = Parser(loaded[0]).parse(
            lambda start, _: view[start:], progress_callback=lambda *_: time.monotonic() > deadline
        )
    except ValueError:  # what a cancelled parse raises
        return 0
    node = tree.root_node if tree.root_node.has_error else None
    while node is not None and not (node.is_error or node.is_missing):
        node = next((child for child in node.children if child.has_error), None)
    return 0 if node is None else node.start_point.row + 1
