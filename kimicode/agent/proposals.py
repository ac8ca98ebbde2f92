"""Changes that a model wrote down as a code block instead of making them.

Small models find the fix and then answer with the new file in prose. Where such a block differs from a file that was
seen, the difference is the `strreplace` call that it meant. The loop offers it or, where a failing command shows that
work remains, makes it; a model that calls tools never comes here.
"""

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"```[^\n`]*\n(.*?)(?:```|\Z)", re.DOTALL)
LEAST_SHARE = 0.5
"""Of a block's lines, how many must stand in the file as they are."""
MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class Proposal:
    """A replacement of whole lines of one file; `old` occurs exactly once in it."""

    path: str
    old: str
    new: str

    @property
    def arguments(self) -> str:
        """As arguments of `strreplace`."""
        return json.dumps({"path": self.path, "old_str": self.old, "new_str": self.new}, ensure_ascii=False)


def proposal_in(text: str, root: Path, names: Iterable[str]) -> Proposal | None:
    """The best change of one of the files `names` (relative to `root`) that a code block of `text` implies, if any."""
    blocks = [block for block in FENCE.findall(text) if 2 <= block.count("\n") <= MOST_LINES]
    best: tuple[float, Proposal] | None = None
    for name in names if blocks else ():
        lines = _lines(root / name)
        for block in blocks if lines else ():
            found = _compare(name, lines, [line.rstrip() for line in block.strip("\n").split("\n")])
            if found is not None and (best is None or found[0] > best[0]):
                best = found
    return best[1] if best else None


def _lines(path: Path) -> list[str]:
    try:
        lines = [line.rstrip() for line in path.read_text("utf-8").rstrip("\n").split("\n")]
    except (OSError, UnicodeDecodeError):
        return []
    return lines if len(lines) <= MOST_LINES else []


def _compare(name: str, file: list[str], block: list[str]) -> tuple[float, Proposal] | None:
    matcher = difflib.SequenceMatcher(None, file, block, autojunk=False)
    matches = [m for m in matcher.get_matching_blocks() if any(line for line in file[m.a : m.a + m.size])]
    kept = sum(1 for m in matches for line in block[m.b : m.b + m.size] if line)
    share = kept / max(1, sum(1 for line in block if line))
    if not matches or share < LEAST_SHARE:
        return None
    first, last = matches[0].a, matches[-1].a + matches[-1].size
    changes = [
        _bounded(kind, span, first, last)
        for kind, *span in matcher.get_opcodes()
        # A block often shows a part of the file: what it leaves out before and after is not meant to go.
        if kind != "equal" and not (kind == "delete" and (span[1] <= first or span[0] >= last))
    ]
    if not changes or any(_elided(line) for line in block):
        return None
    return share, _span(name, file, block, (changes[0][0], changes[-1][1], changes[0][2], changes[-1][3]))


def _bounded(kind: str, span: list[int], first: int, last: int) -> tuple[int, int, int, int]:
    """At the block's edges a change may not take more lines of the file than it brings: the rest was left out."""
    i1, i2, j1, j2 = span
    if kind == "replace" and i1 >= last:
        i2 = min(i2, i1 + j2 - j1)
    elif kind == "replace" and i2 <= first:
        i1 = max(i1, i2 - (j2 - j1))
    return i1, i2, j1, j2


def _elided(line: str) -> bool:
    """`...` stands for code left out; such a block cannot replace anything."""
    return line.strip() in ("...", "# ...", "// ...", "# rest of the code", "# existing code")


def _span(name: str, file: list[str], block: list[str], span: tuple[int, int, int, int]) -> Proposal:
    i1, i2, j1, j2 = span
    whole = "\n".join(file)
    while i2 == i1 or whole.count("\n".join(file[i1:i2])) != 1:
        if i1 > 0:
            i1 -= 1
            if j1 > 0:
                j1 -= 1
        elif i2 < len(file):
            i2 += 1
            j2 = min(j2 + 1, len(block))
        else:
            break
    return Proposal(name, "\n".join(file[i1:i2]), "\n".join(block[j1:j2]))
