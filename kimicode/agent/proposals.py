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
from pathlib import Path, PurePath

from kimicode.errors import ToolError
from kimicode.workspace import reading
from kimicode.workspace.syntax import broken_by

FENCE = re.compile(r"```(?!json)[^\n`]*\n(.*?)(?:```|\Z)", re.DOTALL)
HEAD = re.compile(r"\s*(?:async\s+)?(?:def|class|func|fn|function)\s+\w+")
TESTS = re.compile(r"(?:^|/)(?:tests?/|test_|conftest\.py)|_test\.\w+$|\.(?:test|spec)\.\w+$")
"""Tests are changed by a call or not at all."""
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
        lines = [] if TESTS.search(name) else _lines(root / name)
        for text_block in blocks if lines else ():
            block = _without_title([line.rstrip() for line in text_block.strip("\n").split("\n")], name)
            start, stop = _scope(lines, block)
            found = _compare(name, lines, block, start, stop)
            if found is not None and (best is None or found[0] > best[0]) and not _breaks(found[1], lines):
                best = found
    return best[1] if best else None


def _lines(path: Path) -> list[str]:
    try:
        lines = [line.rstrip() for line in reading.load_real(path, path.name).decode().rstrip("\n").split("\n")]
    except (ToolError, UnicodeDecodeError):
        return []
    return lines if len(lines) <= MOST_LINES else []


def _without_title(block: list[str], name: str) -> list[str]:
    """Models like to begin a block with a comment that names the file."""
    first = block[0].lstrip("#/*- ")
    return block[1:] if first != block[0] and PurePath(name).name in first else block


def _breaks(proposal: Proposal, lines: list[str]) -> bool:
    """The change would bring a syntax error into the file: then it was not meant like this."""
    before = "\n".join(lines) + "\n"
    return bool(broken_by(PurePath(proposal.path), before, before.replace(proposal.old, proposal.new, 1)))


def _scope(file: list[str], block: list[str]) -> tuple[int, int]:
    """The lines of the file that a block is about: one function or class where it shows just that, else all."""
    heads = [line for line in block if HEAD.match(line)]
    if not heads or heads[0] != block[0] or any(_indent(line) <= _indent(heads[0]) for line in block[1:] if line):
        return 0, len(file)
    name = HEAD.match(heads[0])
    starts = [i for i, line in enumerate(file) if (found := HEAD.match(line)) and name and found[0] == name[0]]
    if len(starts) != 1:
        return 0, len(file)
    depth = _indent(file[starts[0]])
    after = (i for i in range(starts[0] + 1, len(file)) if file[i] and _indent(file[i]) <= depth)
    stop = next(after, len(file))
    while stop > starts[0] + 1 and not file[stop - 1]:
        stop -= 1
    return starts[0], stop


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _compare(name: str, whole: list[str], block: list[str], start: int, stop: int) -> tuple[float, Proposal] | None:
    """Lines `start` to `stop` of a file against a block; how much of the block stood there, and what changes."""
    file = whole[start:stop]
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
        if kind != "equal"
        and not (kind == "delete" and (span[1] <= first or span[0] >= last))
        and any([*file[span[0] : span[1]], *block[span[2] : span[3]]])  # blank lines alone are no change
    ]
    if not changes or any(_elided(line) for line in block):
        return None
    i1, i2, j1, j2 = changes[0][0], changes[-1][1], changes[0][2], changes[-1][3]
    return share, _span(name, whole, block, (start + i1, start + i2, j1, j2))


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
    """The change with as many of the file's own lines around it as it takes to fit one place."""
    i1, i2, j1, j2 = span
    first, last = i1, i2
    whole = "\n".join(file)
    while (last == first or whole.count("\n".join(file[first:last])) != 1) and (first > 0 or last < len(file)):
        if first > 0:
            first -= 1
        else:
            last += 1
    new = [*file[first:i1], *block[j1:j2], *file[i2:last]]
    return Proposal(name, "\n".join(file[first:last]), "\n".join(new))
