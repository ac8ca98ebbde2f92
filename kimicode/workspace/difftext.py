"""The change of one file as a unified diff for the person, with the lines counted."""

from difflib import SequenceMatcher

from kimicode.events import Diff
from kimicode.workspace.document import Document
from kimicode.workspace.excerpt import cut

CONTEXT = 3
LONGEST = 400
_QUADRATIC = 25_000_000
"""Above this product of line counts the changed part is shown as replaced whole: matching lines would take seconds."""

Opcode = tuple[str, int, int, int, int]


def compare(path: str, before: Document | None, after: Document | None) -> Diff:
    """The diff between two states of a file, None where it does not exist. Line endings count, but are not shown."""
    old, new = _split(before), _split(after)
    groups = list(_hunks(old, new))
    body = [line for group in groups for line in _render(group, old, new)]
    added = sum(j2 - j1 for group in groups for tag, _, _, j1, j2 in group if tag != "equal")
    removed = sum(i2 - i1 for group in groups for tag, i1, i2, _, _ in group if tag != "equal")
    source = "/dev/null" if before is None else f"a/{path}"
    target = "/dev/null" if after is None else f"b/{path}"
    lines = [f"--- {source}", f"+++ {target}", *body]
    if len(lines) > LONGEST:
        lines = [*lines[: LONGEST - 1], f"... {len(lines) - LONGEST + 1} more lines"]
    return Diff(path, "\n".join(lines), added, removed, created=before is None)


def _split(document: Document | None) -> list[str]:
    if document is None or not document.raw:
        return []
    lines = document.raw.split("\n")
    return [line + "\n" for line in lines[:-1]] + lines[-1:] * bool(lines[-1])


def _hunks(old: list[str], new: list[str]) -> list[list[Opcode]]:
    """Grouped opcodes. The equal head and tail are not matched, so that a small edit of a large file is cheap."""
    if old == new:
        return []
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    stop, new_stop = len(old) - tail, len(new) - tail
    before, after = min(head, CONTEXT), min(tail, CONTEXT)
    return _grouped(
        [
            ("equal", head - before, head, head - before, head),
            *_middle(old[head:stop], new[head:new_stop], head),
            ("equal", stop, stop + after, new_stop, new_stop + after),
        ]
    )


def _middle(old: list[str], new: list[str], offset: int) -> list[Opcode]:
    if len(old) * len(new) > _QUADRATIC:
        codes: list[Opcode] = [("replace", 0, len(old), 0, len(new))]
    else:
        codes = list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())
    return [(tag, i1 + offset, i2 + offset, j1 + offset, j2 + offset) for tag, i1, i2, j1, j2 in codes]


def _grouped(codes: list[Opcode]) -> list[list[Opcode]]:
    """Split where more lines are equal than two contexts hold."""
    groups: list[list[Opcode]] = [[]]
    for tag, i1, i2, j1, j2 in codes:
        if tag == "equal" and i2 - i1 > 2 * CONTEXT:
            groups[-1].append((tag, i1, i1 + CONTEXT, j1, j1 + CONTEXT))
            groups.append([])
            i1, j1 = i2 - CONTEXT, j2 - CONTEXT
        groups[-1].append((tag, i1, i2, j1, j2))
    return groups


def _common(first: list[str], second: list[str]) -> int:
    for count, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return count
    return min(len(first), len(second))


def _render(group: list[Opcode], old: list[str], new: list[str]) -> list[str]:
    (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
    lines = [f"@@ -{_extent(i1, i2)} +{_extent(j1, j2)} @@"]
    for tag, a1, a2, b1, b2 in group:
        if tag == "equal":
            lines += _marked(" ", old[a1:a2])
        else:
            lines += _marked("-", old[a1:a2]) + _marked("+", new[b1:b2])
    return lines


def _extent(start: int, stop: int) -> str:
    count = stop - start
    first = start + 1 if count else start  # the format names the line before an empty range
    return str(first) if count == 1 else f"{first},{count}"


def _marked(mark: str, lines: list[str]) -> list[str]:
    shown = []
    for line in lines:
        shown.append(mark + cut(line.removesuffix("\n").removesuffix("\r")))
        if not line.endswith("\n"):
            shown.append("\\ No newline at end of file")
    return shown
