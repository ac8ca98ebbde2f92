"""Does a text parse? The grammars of the index, asked for errors alone."""

from pathlib import PurePath

from kimicode.index.languages import language_of
from kimicode.index.parsing import parse

TIME_BOX_S = 0.5
_LARGEST = 500_000
"""Bytes beyond which nobody writes by hand."""


def first_error(path: PurePath, text: str) -> int:
    """The line, from 1, where the first part begins that does not parse; 0 where all does, or it cannot be told.

    Where an error begins is a guess: a bracket that was never closed may be seen at the end of the file.
    """
    data = text.encode("utf-8", "replace")
    tree = parse(data, language_of(path.name, data), TIME_BOX_S) if len(data) <= _LARGEST else None
    if tree is None:
        return 0
    node = tree.root_node if tree.root_node.has_error else None
    while node is not None and not (node.is_error or node.is_missing):
        node = next((child for child in node.children if child.has_error), None)
    return 0 if node is None else node.start_point.row + 1
