"""What a file defines, as it is on the disk now: a line for each definition, indented as they lie in one another."""

from collections.abc import Iterable, Sequence

from kimicode.index.facts import Definition
from kimicode.index.languages import language_of
from kimicode.index.reading import text_of
from kimicode.index.symbols import TIME_BOX_S, definitions_of, is_packed

MOST = 150
WIDEST = 120
_DETAILS = frozenset({"variable", "constant"})

NONE = "[no definitions found; use view]"
PACKED = "[a program packed this file into long lines: its definitions are not looked for; use search with path]"
CUT_OFF = "[not read to its end within {:g} s: what it defines is not known; use bash: grep -n]"


def outline(path: str, data: bytes, time_box_s: float = TIME_BOX_S) -> str:
    """Lines such as "12-40 class Store", or why there are none. `path` decides on the language.

    In a long file values are left out first, then what lies deepest, and the last line says so.
    """
    text = text_of(data) or b""
    definitions = definitions_of(text, language_of(path, text), time_box_s)
    if definitions is None:
        return CUT_OFF.format(time_box_s)
    if not definitions:
        return PACKED if is_packed(text) else NONE
    return _listed(definitions)


def _listed(definitions: Sequence[Definition]) -> str:
    placed = list(_placed(definitions))
    shown = placed
    if len(shown) > MOST:
        shown = [(depth, one) for depth, one in shown if one.kind not in _DETAILS]
    deepest = max((depth for depth, _ in shown), default=0)
    while len(shown) > MOST and deepest:
        shown = [(depth, one) for depth, one in shown if depth < deepest]
        deepest -= 1
    lines = [_line(depth, one) for depth, one in shown[:MOST]]
    left_out = len(placed) - len(lines)
    return "\n".join([*lines, *([f"[{left_out} more definitions are not shown]"] if left_out else [])])


def _placed(definitions: Sequence[Definition]) -> Iterable[tuple[int, Definition]]:
    """Each definition with the number of those around it."""
    around: list[Definition] = []
    for one in sorted(definitions, key=lambda one: (one.line, -one.end_line)):
        while around and around[-1].end_line < one.end_line:
            around.pop()
        yield len(around), one
        if one.end_line > one.line and one.kind not in _DETAILS:
            around.append(one)


def _line(depth: int, one: Definition) -> str:
    lines = f"{one.line}-{one.end_line}" if one.end_line > one.line else str(one.line)
    signature = one.signature if len(one.signature) <= WIDEST else one.signature[: WIDEST - 1] + "…"
    return f"{'  ' * depth}{lines} {signature}"
