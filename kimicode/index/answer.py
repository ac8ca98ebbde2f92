"""What the `search` tool answers: where a name is defined and used, or the files that a question is about."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePath

from kimicode.errors import ToolError
from kimicode.index.graph import Graph
from kimicode.index.grep import grep
from kimicode.index.identifiers import pieces, words_of
from kimicode.index.search import Files, Finding, Found, find
from kimicode.index.store import Store, Symbol
from kimicode.workspace import reading

MOST_FILES, LINES_PER_FILE, LINES_SHOWN, MOST_DEFINITIONS, FOLDERS = 10, 4, 2, 8, 3
WIDEST = 160
"""Characters of a line."""

READ = 200_000
"""Bytes of a file that are looked through for lines to show."""

_IMPORTS = re.compile(r"(from|import|use|using|require|#include|package)\b")
_TESTS = re.compile(r"(^|/)tests?/|(^|/)test_|_test\.|\.(test|spec)\.")
_APART = r"(?:\.|::|->|#)"
_NAME = re.compile(rf"(?:[\w$]+{_APART})*?(?:(?P<owner>[\w$]+){_APART})?(?P<name>[A-Za-z_$][\w$]*)(?:\(\))?")

_CODE = re.compile(r"[(){}\[\]=<>;]")
"""What nobody writes in a question: such a text is meant as it is."""

Numbered = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file with the lines that matter there."""

    path: str
    lines: tuple[Numbered, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Best first. `files` and `uses` count everything, what is shown and what is not."""

    definitions: tuple[Symbol, ...]
    entries: tuple[Entry, ...]
    files: int
    uses: int = 0
    more_definitions: int = 0
    folders: tuple[str, ...] = ()
    """Where the best of the files are that are not shown."""
    cut: bool = False
    """There were so many lines that the search ended early: the numbers are lower limits."""
    loose: bool = False
    """The text as it stands is nowhere: the entries have some of its words."""


@dataclass(frozen=True, slots=True)
class Place:
    """What an answer is made from. `below` is a folder or file to stay in, `seen` the paths in the conversation."""

    root: Path
    store: Store
    files: Files
    graph: Graph
    below: str = ""
    seen: Collection[str] = ()

    def holds(self, path: str) -> bool:
        return not self.below or path == self.below or path.startswith(self.below + "/")

    def weight(self, path: str, lines: int = 1) -> float:
        """What a file with so many lines of interest counts among others of its kind."""
        importance = math.sqrt(self.files.importance(path, self.graph))
        return math.log2(1 + lines) * importance / (2 if _TESTS.search(path) else 1)


def answer(place: Place, query: str) -> Answer:
    """To a name, a text, or a question in words. Raises ToolError, DamagedIndex, DiskError."""
    text = query.strip().strip("\"'`")
    name = _NAME.fullmatch(text)
    of_name = _of_name(place, name["name"], name["owner"] or "") if name else None
    if of_name:
        return of_name
    finding = _finding(place, text)
    quoted = len(text) < len(query.strip())
    nowhere = not any(one.whole for one in finding.found)
    unknown = len(words_of(text)) <= 1 and nowhere
    literal = bool(text) and (unknown or quoted or bool(_CODE.search(text)))
    if literal:
        exact = by_pattern(place, text, regex=False)
        if exact.entries or unknown:
            return exact
    return replace(_of_words(place, text, finding), loose=literal or (name is not None and nowhere))


def _finding(place: Place, text: str) -> Finding:
    return find(place.store, place.files, place.graph, text, below=place.below, seen=place.seen)


def by_pattern(place: Place, pattern: str, *, regex: bool = True) -> Answer:
    """All lines that match, by file, important files first. Raises ToolError."""
    inside = [path for path in place.files.ids if place.holds(path)]
    found = grep(place.root, pattern, inside, below=place.below, regex=regex)
    lines: defaultdict[str, list[Numbered]] = defaultdict(list)
    for line in found.lines:
        lines[line.path].append((line.number, _shown(line.text)))
    paths = sorted(lines, key=lambda path: (-place.weight(path, len(lines[path])), path))
    entries = tuple(Entry(path, tuple(lines[path][:LINES_PER_FILE])) for path in paths[:MOST_FILES])
    return Answer((), entries, len(paths), len(found.lines), folders=_folders(paths[MOST_FILES:]), cut=found.cut)


def headline(symbol: Symbol) -> str:
    """A symbol on one line, with the class around it."""
    return f"{symbol.signature} (in {symbol.container})" if symbol.container else symbol.signature


def _of_name(place: Place, name: str, owner: str) -> Answer | None:
    """Definitions, then the files that use the name, then those that only mention it; None for an unknown name.

    What `owner` has (a class, a module) comes first, and what uses both.
    """
    definitions = [symbol for symbol in place.store.definitions(name) if place.holds(symbol.path)]
    uses: defaultdict[str, list[int]] = defaultdict(list)
    for reference in place.store.references(name):
        if place.holds(reference.path):
            uses[reference.path].append(reference.line)
    if not (definitions or uses):
        return None
    definitions.sort(
        key=lambda symbol: (not _belongs(symbol, owner), -place.weight(symbol.path), symbol.path, symbol.line)
    )
    with_owner = {reference.path for reference in place.store.references(owner)} if owner else set()
    using = sorted(uses, key=lambda path: (path not in with_owner, -place.weight(path, len(uses[path])), path))
    known = {symbol.path for symbol in definitions} | uses.keys()
    entries = [_uses(place, path, uses[path]) for path in using[:MOST_FILES]]
    if len(entries) < MOST_FILES:
        word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        whole = "".join(pieces(name)[-1:])  # a name's last word is all of it
        mentioning = [one.path for one in _finding(place, whole).found if one.path not in known]
        entries += [_matching(place, path, word) for path in mentioning[: MOST_FILES - len(entries)]]
    return Answer(
        tuple(definitions[:MOST_DEFINITIONS]),
        tuple(entry for entry in entries if entry.lines),
        len(using),
        sum(map(len, uses.values())),
        max(0, len(definitions) - MOST_DEFINITIONS),
        _folders(using[MOST_FILES:]),
    )


def _belongs(symbol: Symbol, owner: str) -> bool:
    """Whether a definition lies in the class or the module that stands before its name."""
    return bool(owner) and owner in (symbol.container, PurePath(symbol.path).stem)


def _uses(place: Place, path: str, numbers: Sequence[int]) -> Entry:
    """Lines that use a name; those that only import it where there are no others."""
    entry = _entry(path, _text(place, path).split("\n"), numbers, LINES_PER_FILE + 1)
    telling = [line for line in entry.lines if not _IMPORTS.match(line[1])]
    return Entry(path, tuple(telling or entry.lines)[:LINES_PER_FILE])


def _of_words(place: Place, text: str, finding: Finding) -> Answer:
    """The files that fit best; those that hold the very text come first."""
    exact = [_holding(place, one.path, text.lower()) for one in finding.found if one.whole]
    literal = {entry.path: entry for entry in exact if entry.lines}
    rest = [one for one in finding.found if one.path not in literal]
    more = [_telling(place, one, finding.stems) for one in rest[: max(0, MOST_FILES - len(literal))]]
    left = [one.path for one in rest[len(more) :]]
    return Answer((), (*islice(literal.values(), MOST_FILES), *more), finding.count, folders=_folders(left))


def _telling(place: Place, found: Found, stems: Sequence[str]) -> Entry:
    """The symbols that fit the question, or else the first lines that have its rarest words."""
    if found.symbols:
        return Entry(found.path, tuple((symbol.line, headline(symbol)) for symbol in found.symbols))
    text = _text(place, found.path)
    lower = text.lower()
    starts = [start for each in stems if (start := lower.find(each)) >= 0][:LINES_SHOWN]
    return _entry(found.path, text.split("\n"), sorted({lower.count("\n", 0, start) + 1 for start in starts}))


def _holding(place: Place, path: str, text: str) -> Entry:
    """The lines that hold a lower-case text."""
    whole = _text(place, path)
    if text not in whole.lower():  # of most files that is all there is to do
        return Entry(path, ())
    lines = whole.split("\n")
    return _entry(path, lines, [number for number, line in enumerate(lines, 1) if text in line.lower()])


def _matching(place: Place, path: str, searched: re.Pattern[str]) -> Entry:
    text = _text(place, path)
    found = islice(searched.finditer(text), 4 * LINES_PER_FILE)
    return _entry(path, text.split("\n"), list(dict.fromkeys(text.count("\n", 0, one.start()) + 1 for one in found)))


def _entry(path: str, lines: Sequence[str], numbers: Sequence[int], most: int = LINES_PER_FILE) -> Entry:
    """The first of these lines; numbers beyond the end are of a file that has become shorter."""
    chosen = [number for number in numbers[:most] if number <= len(lines)]
    return Entry(path, tuple((number, _shown(lines[number - 1])) for number in chosen))


def _shown(line: str) -> str:
    text = line.strip()
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _text(place: Place, path: str) -> str:
    """The beginning of a file as it is now; "" where it is gone or can no longer be read."""
    try:
        data = reading.load_real(place.root / path, path)
    except ToolError:
        return ""
    return data[:READ].decode("utf-8", "replace")


def _folders(paths: Sequence[str]) -> tuple[str, ...]:
    """The folders, two levels deep at most, with most of these files."""
    tops = Counter("/".join(path.split("/")[:-1][:2]) for path in paths)
    return tuple(folder for folder, _ in tops.most_common(FOLDERS) if folder)
