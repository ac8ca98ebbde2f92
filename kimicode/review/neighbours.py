"""What lies elsewhere and matters for a place of a change: who uses what it changes, its tests, what it calls."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path, PurePosixPath
from typing import Literal

from kimicode.errors import ToolError
from kimicode.review.mentions import (
    IMPORTS,
    KEYWORDS,
    LONGEST_LINE,
    Imports,
    Mentions,
    Wanted,
    brings,
    imports_of,
    together,
)
from kimicode.review.scope import Kind, kind_of
from kimicode.workspace import reading
from kimicode.workspace.sandbox.secretfiles import named_like_a_secret

MOST_USERS, MOST_TESTS, MOST_CALLED = 4, 2, 5
"""Files for each place of a change."""

MOST_PLACES = 2
"""Of one file."""

MOST_LOOKED_AT = 60
"""Files that could use a name and are opened for a look."""

_TEXTS = r"""\"[^\"\n]*\" | '[^'\n]*' """
_ASIDE = rf"{_TEXTS} | //.* | ^\s*\*(?:\s.*)?$"
_ASIDE_HASHED = rf"{_TEXTS} | \#.*"
"""Strings and comments, as far as one line tells."""

_HASHED = (".py", ".pyi", ".rb", ".sh", ".bash")
_HEAD_ENDS = (":", "{", ";", "=>", ")")
_BRINGS = re.compile(IMPORTS)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Lines of another place, and why they are told: `name` is defined there, used there, or tested there."""

    kind: Literal["defined", "used", "tested"]
    name: str
    path: str
    lines: tuple[tuple[int, str], ...]


class Files:
    """The files of a tree as they are now, each read once."""

    def __init__(self, tree: Path) -> None:
        self._tree = tree
        self._texts: dict[str, str] = {}
        self._imports: dict[str, Imports] = {}
        self._lines: dict[str, list[str]] = {}

    def text(self, path: str) -> str:
        """Its text; "" for what cannot be read, and for what may hold secrets."""
        if path not in self._texts:
            secret = named_like_a_secret(PurePosixPath(path).name)
            self._texts[path] = "" if secret else _loaded(self._tree / path, path).decode("utf-8", "replace")
        return self._texts[path]

    def lines(self, path: str) -> list[str]:
        if path not in self._lines:
            parts = self.text(path).removesuffix("\n").split("\n")
            self._lines[path] = [line.removesuffix("\r") for line in parts]
        return self._lines[path]

    def knows(self, path: str, home: str, owner: str) -> bool:
        """Whether a file has to do with what `owner` has in the file `home`."""
        if path == home or together(path, home):
            return True
        if path not in self._imports:
            self._imports[path] = imports_of(self.text(path))
        return brings(self._imports[path], home) or (bool(owner) and self._says(path, owner))

    def uses(self, path: str, name: str) -> Iterator[int]:
        """The lines that use a name, and do not only bring it in, speak of it, or give it to something."""
        word = rf"(?<!\w){re.escape(name)}(?!\w)"
        means, defines = re.compile(word), re.compile(rf"\b{KEYWORDS}{word}")
        said = _ASIDE_HASHED if path.endswith(_HASHED) else _ASIDE
        names = re.compile(rf"{said} | (?:^|[{{(,])\s*{word}\s*(?::|=(?!=))", re.VERBOSE)
        for number, line in self._lines_with(path, name):
            aside = len(line) > LONGEST_LINE or _BRINGS.match(line) or defines.search(line)
            if not aside and means.search(names.sub("", line)):
                yield number

    def around(self, path: str, numbers: Sequence[int]) -> tuple[tuple[int, str], ...]:
        """These lines, each with what stands around it."""
        lines = self.lines(path)
        kept = {near for number in numbers for near in range(number - 2, number + 3)}
        return tuple((number, lines[number - 1]) for number in sorted(kept) if 0 < number <= len(lines))

    def head(self, path: str, number: int) -> tuple[tuple[int, str], ...]:
        """A definition's signature and the first lines below it."""
        lines = self.lines(path)[number - 1 : number + 9]
        ends = next((at for at, line in enumerate(lines) if line.rstrip().endswith(_HEAD_ENDS)), 0)
        return tuple(enumerate(lines[: ends + 4], number))

    def _says(self, path: str, word: str) -> bool:
        means = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
        return any(means.search(line) for _, line in self._lines_with(path, word))

    def _lines_with(self, path: str, name: str) -> Iterator[tuple[int, str]]:
        """Lines with a text in them, without a look at any other."""
        text, number, at = self.text(path), 1, 0
        while (found := text.find(name, at)) >= 0:
            number += text.count("\n", at, found)
            end = text.find("\n", found)
            end = len(text) if end < 0 else end
            yield number, text[text.rfind("\n", 0, found) + 1 : end]
            number, at = number + 1, end + 1


def neighbours(files: Files, wanted: Wanted, mentions: Mentions) -> tuple[Neighbour, ...]:
    """The best of them.

    Only what has to do with the very definition counts: a file that does not name its class or module means another.
    """
    users: list[Neighbour] = []
    tests: list[Neighbour] = []
    for name, owner in wanted.changed:
        for path, numbers in _ranked(files, wanted, name, owner, mentions.used.get(name, ())):
            kind: Literal["used", "tested"] = "tested" if kind_of(path) is Kind.TESTS else "used"
            chosen, most = (tests, MOST_TESTS) if kind == "tested" else (users, MOST_USERS)
            if len(chosen) < most and all(one.path != path for one in chosen):
                chosen.append(Neighbour(kind, name, path, files.around(path, numbers)))
    return (*_called(files, wanted, mentions), *users, *tests)


def _called(files: Files, wanted: Wanted, mentions: Mentions) -> Iterator[Neighbour]:
    """Heads of what is called and defined elsewhere, where there is no doubt which definition is meant."""
    count = 0
    for name in wanted.called:
        places = mentions.defined.get(name, {})
        if wanted.path in places or count == MOST_CALLED:
            continue
        meant = [path for path in places if _needs(wanted, path) and kind_of(path) is Kind.SOURCE]
        if len(meant) == 1 and len(places[meant[0]]) == 1:
            count += 1
            yield Neighbour("defined", name, meant[0], files.head(meant[0], places[meant[0]][0]))


def _needs(wanted: Wanted, path: str) -> bool:
    return together(path, wanted.path) or brings(wanted.imports, path)


def _ranked(
    files: Files, wanted: Wanted, name: str, owner: str, paths: Iterable[str]
) -> Iterator[tuple[str, list[int]]]:
    """Files that use a name, the nearest first, with lines that do. A private name is its own file's affair."""
    near = [path for path in paths if path == wanted.path or not name.startswith("_")]
    near.sort(key=lambda path: (-_shared(path, wanted.path), path))
    for path in near[:MOST_LOOKED_AT]:
        if files.knows(path, wanted.path, owner):
            seen = wanted.shown if path == wanted.path else frozenset()
            unseen = (number for number in files.uses(path, name) if number not in seen)
            if numbers := list(islice(unseen, MOST_PLACES)):
                yield path, numbers


def _shared(path: str, other: str) -> int:
    """How many names two paths have in common from the top; more than any for the same file."""
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(path.split("/"), other.split("/"), strict=False))
    return len(path) if path == other else sum(1 for _ in alike)


def _loaded(path: Path, name: str) -> bytes:
    try:
        return reading.load_real(path, name)
    except ToolError:
        return b""
