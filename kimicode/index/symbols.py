"""Symbols and references of one file by tree-sitter, within a time box; headings of Markdown; words of everything."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from kimicode.index import identifiers
from kimicode.index.facts import Columns, Definition, Facts
from kimicode.index.languages import MARKDOWN, grammar
from kimicode.index.parsing import matches, parse

if TYPE_CHECKING:
    from tree_sitter import Node

TIME_BOX_S = 1.0
"""For parsing one file. Hand-written files take a few milliseconds."""

LONGEST_SIGNATURE = 160
MOST_DEFINITIONS = 20_000
MOST_LINES = 200
"""On which a name is used in one file; generated tables use one thousands of times."""

_PACKED_LINE = 1_000
"""Bytes a line on average, beyond which a file was packed by a program."""

_HEADING = re.compile(rb"^(#{1,6})[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_FENCE = re.compile(rb"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
_VAGUE = frozenset({"variable", "constant", "type"})
"""Gives way where another pattern says more of the same name."""

_PARTS = frozenset({"name", "container"})
"""What a pattern captures beside the definition itself, which it calls by its kind."""

_PLAIN = frozenset({"variable", "constant"})
_TYPES = frozenset({"class", "interface", "enum", "scope"})
_SCOPES = frozenset({"class", "interface", "enum", "scope", "module", "function", "method", "section"})


class _Found(NamedTuple):
    """A definition by its bytes, before it is known what stands around it."""

    start: int
    end: int
    name: str
    kind: str
    line: int
    end_line: int
    signature: str
    container: str


def facts_of(data: bytes, language: str, time_box_s: float = TIME_BOX_S) -> Facts:
    """Everything the index keeps about a content. A parser that is not done in time leaves the words alone."""
    found = _read(data, language, time_box_s)
    definitions, uses = found or ((), ())
    symbols = tuple(zip(*definitions, strict=True))
    named = identifiers.words_in("\n".join(symbols[0]).encode()) if symbols else frozenset()
    others = identifiers.words_in(data) - named
    return Facts(language, symbols, uses, " ".join(named), " ".join(others), found is None)


def definitions_of(data: bytes, language: str, time_box_s: float = TIME_BOX_S) -> tuple[Definition, ...] | None:
    """The symbols alone; None where the parser was not done in time."""
    found = _read(data, language, time_box_s)
    return None if found is None else found[0]


def _read(data: bytes, language: str, time_box_s: float) -> tuple[tuple[Definition, ...], Columns] | None:
    """Definitions and uses; None if there was not enough time."""
    if language == MARKDOWN:
        return tuple(_headings(data)), ()
    if grammar(language) is None or is_packed(data):
        return (), ()
    return _parsed(data, language, time_box_s)


def is_packed(data: bytes) -> bool:
    """Whether a program made this of long lines: its names are not for people, and its symbols are not looked for."""
    return len(data) > 20_000 and data.count(b"\n") * _PACKED_LINE < len(data)


def _parsed(data: bytes, language: str, time_box_s: float) -> tuple[tuple[Definition, ...], Columns] | None:
    tree = parse(data, language, time_box_s)
    if tree is None:
        return None
    found: dict[int, _Found] = {}
    used: dict[int, Node] = {}
    for _, captures in matches(language, tree.root_node):
        if "reference" in captures:
            for node in captures["reference"]:
                used[node.start_byte] = node
        elif len(found) < MOST_DEFINITIONS:
            name = captures["name"][0]
            known = found.get(name.start_byte)
            if known is None or known.kind in _VAGUE:
                found[name.start_byte] = _definition(data, captures, name)
    return tuple(_contained(found)), _uses(data, used, found)


def _definition(data: bytes, captures: "dict[str, list[Node]]", name: "Node") -> _Found:
    kind = next(each for each in captures if each not in _PARTS)
    whole = captures[kind][0]
    text = _text(data, name)
    if kind == "variable" and text.isupper():
        kind = "constant"
    around = captures.get("container")
    return _Found(
        whole.start_byte,
        whole.end_byte,
        text,
        kind,
        name.start_point.row + 1,
        whole.end_point.row + 1,
        _signature(data, whole, kind),
        _text(data, around[0]) if around else "",
    )


def _signature(data: bytes, whole: "Node", kind: str) -> str:
    """The head of a definition on one line: up to its body, or where it has none, a declared function or one line."""
    start = whole.start_byte
    body = None if kind in _PLAIN else whole.child_by_field_name("body")
    head = data[start : min(body.start_byte if body else whole.end_byte, start + 4 * LONGEST_SIGNATURE)]
    if body is None and kind not in ("function", "method"):
        head = head.partition(b"\n")[0]
    text = " ".join(head.decode("utf-8", "replace").split()).rstrip(" {:=;")
    return text if len(text) <= LONGEST_SIGNATURE else text[: LONGEST_SIGNATURE - 1] + "…"


def _contained(found: dict[int, _Found]) -> Iterator[Definition]:
    """Each definition with the name of the one around it; a function in a class becomes a method."""
    around: list[_Found] = []
    for one in sorted(found.values(), key=lambda one: (one.start, -one.end)):
        while around and around[-1].end <= one.start:
            around.pop()
        outer = around[-1] if around else None
        kind = "method" if one.kind == "function" and outer and outer.kind in _TYPES else one.kind
        if kind != "scope":
            container = one.container or (outer.name if outer else "")
            yield Definition(one.name, kind, one.line, one.end_line, one.signature, container)
        if one.kind in _SCOPES:
            around.append(one)


def _uses(data: bytes, used: "dict[int, Node]", found: Iterable[int]) -> Columns:
    """Names, numbers of lines and lines, from uses by the byte at which they start.

    A definition's own name is no use of it, and neither are single letters.
    """
    lines: dict[bytes, list[int]] = {}
    for start in sorted(used.keys() - found):
        node = used[start]
        name, line = data[start : node.end_byte], node.start_point.row + 1
        known = lines.setdefault(name, [])
        if len(known) < MOST_LINES and (not known or known[-1] != line):
            known.append(line)
    lines = {name: each for name, each in lines.items() if len(name) > 1}
    if not lines:
        return ()
    names = [name.decode("utf-8", "replace") for name in lines]
    return tuple(names), tuple(map(len, lines.values())), tuple(",".join(map(str, each)) for each in lines.values())


def _text(data: bytes, node: "Node") -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _headings(data: bytes) -> Iterator[Definition]:
    """Sections of Markdown; what looks like a heading inside a code block is none."""
    visible = _FENCE.sub(lambda block: re.sub(rb"[^\n]", b" ", block[0]), data)
    headings = list(_HEADING.finditer(visible))
    last = data.count(b"\n") + 1
    lines = [visible.count(b"\n", 0, each.start()) + 1 for each in headings]
    around: list[tuple[int, str]] = []
    for place, (each, line) in enumerate(zip(headings, lines, strict=True)):
        depth, title = len(each[1]), each[2].decode("utf-8", "replace")[:LONGEST_SIGNATURE]
        around = [outer for outer in around if outer[0] < depth]
        later = (lines[i] - 1 for i in range(place + 1, len(headings)) if len(headings[i][1]) <= depth)
        signature = f"{'#' * depth} {title}"
        yield Definition(title, "section", line, next(later, last), signature, around[-1][1] if around else "")
        around.append((depth, title))
