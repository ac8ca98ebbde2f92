"""What tells a finding again after lines moved, words changed and code was indented anew."""

import dataclasses
import hashlib
from collections.abc import Sequence

from kimicode.review.findings import Category, Finding
from kimicode.review.texts import Read, Texts

_DIGITS = 16


def fingerprint(path: str, symbol: str, category: Category, code: Sequence[str], ordinal: int = 0) -> str:
    """16 hex digits for a fault of this kind in these lines, whatever whitespace is in them.

    `ordinal` counts the same lines further up in the same symbol. After a rename, `path` may be the name before.
    """
    place = (path, symbol, category, str(ordinal), *_essence(code))
    return hashlib.sha256("\0".join(place).encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]


def stamped(finding: Finding, read: Read, *, path: str = "", name: str = "") -> Finding:
    """The finding with its fingerprint. Blocks where `read` does.

    `path` is where its side is read, if not at `finding.path`: the old side of a renamed file. `name` is the path that
    goes into the fingerprint, if not `finding.path`: the one that an earlier review knew.
    """
    texts, path = Texts(read), path or finding.path
    lines = texts.lines(path, finding.side) or ()
    code = _essence(lines[finding.first - 1 : finding.last])
    above = [line for line in _occurrences(lines, code) if line < finding.first]
    # A file is parsed only where the same lines stand in it twice.
    ordinal = sum(texts.symbol(path, finding.side, line) == finding.symbol for line in above)
    stamp = fingerprint(name or finding.path, finding.symbol, finding.category, code, ordinal)
    return dataclasses.replace(finding, fingerprint=stamp)


def _essence(code: Sequence[str]) -> tuple[str, ...]:
    """Lines without any whitespace; blank ones are none."""
    return tuple(filter(None, ("".join(line.split()) for line in code)))


def _occurrences(lines: Sequence[str], code: tuple[str, ...]) -> list[int]:
    """The numbers of lines at which the same code begins."""
    bare = [(number, text) for number, line in enumerate(lines, 1) if (text := "".join(line.split()))]
    size = len(code)
    starts = (at for at, (_, text) in enumerate(bare) if code and text == code[0])
    return [bare[at][0] for at in starts if tuple(text for _, text in bare[at : at + size]) == code]
