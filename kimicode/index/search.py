"""The files that a question is about, best first, from the index alone: no file is read.

A file counts by the rare words of the question that it has (the inverse document frequency of BM25), more where they
are in defined names or in its path, still more where one name has several of them, and by its PageRank. How often a
word comes in it is left out: that found nothing more on our questions and took much longer (see README.md).
"""

import heapq
import json
import math
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from kimicode.index.database import explained
from kimicode.index.graph import Graph
from kimicode.index.identifiers import pieces, words_of
from kimicode.index.rank import near
from kimicode.index.store import Store, Symbol

NAMES, PATH, SYMBOL = 1.0, 3.0, 2.0
"""Beside 1 for a word anywhere: in a defined name, in the path, and together in one name."""

PRIOR = 0.05
"""The exponent of PageRank: a tenth more for a file that is seven times as important."""

NEARBY = 3.0
"""A file that the conversation is about counts half as much again: PageRank gives it 0.15 of what starts there."""

MOST_WORDS = 24
SOME, MANY = 300, 1_000
"""Once rare words have named SOME files, a word that MANY have names no more: it only tells which of them have it."""

WEIGHED, LOOKED_INTO = 200, 20
"""So many files have their importance counted in, and of those so many their symbols compared with the question."""

COMMON, TELLING = 0.7, 0.5
"""A name counts that has a word rarer than this, and at least half as rare as the rarest: `test` alone says nothing."""

MOST_TELLING = 3
SYMBOLS_SHOWN = 4
_ENDINGS = ("ing", "ed", "es", "s", "e")

_FILES = """
SELECT id, path, coalesce(content, -id) FROM file WHERE tree = ? AND (content IS NOT NULL OR skipped = 'pending')"""
"""Files that wait to be read can be found by their paths."""

_SYMBOLS = """
SELECT symbol.content, name.text, kind, line, end_line, signature, container
FROM symbol CROSS JOIN name ON name.id = symbol.name WHERE symbol.content IN ({}) AND ({})"""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of the tree by their ids, with their contents; a number below 0 for one that was not read yet.

    Made once for each generation of the index.
    """

    generation: int
    paths: Mapping[int, str]
    ids: Mapping[str, int]
    contents: Mapping[int, int]
    by_content: Mapping[int, Sequence[int]]

    @classmethod
    def of(cls, store: Store) -> "Files":
        """Raises DamagedIndex, DiskError."""
        generation = store.generation
        with explained():
            rows = store.connection.execute(_FILES, (store.tree,)).fetchall()
            numbers, raw, contents = zip(*rows, strict=True) if rows else ((), (), ())
            # Decoding each path would take longer than all the rest.
            paths = os.fsdecode(b"\0".join(raw)).split("\0") if rows else []
            if len(paths) != len(rows):
                raise ValueError("a path with a NUL")
        by_content: defaultdict[int, list[int]] = defaultdict(list)
        for number, content in zip(numbers, contents, strict=True):
            by_content[content].append(number)
        return cls(
            generation,
            dict(zip(numbers, paths, strict=True)),
            dict(zip(paths, numbers, strict=True)),
            dict(zip(numbers, contents, strict=True)),
            by_content,
        )

    def importance(self, path: str, graph: Graph) -> float:
        """PageRank of a path; 1 is that of the average file."""
        number = self.ids.get(path)
        return 1.0 if number is None else graph.rank(self.contents[number])

    def is_below(self, number: int, below: str) -> bool:
        """Whether a file is the one that is called `below`, or in that folder."""
        path = self.paths[number]
        return path == below or path.startswith(below + "/")

    def has_below(self, content: int, below: str) -> bool:
        """Whether any file with this content is there."""
        return any(self.is_below(number, below) for number in self.by_content[content])

    def around(self, paths: Iterable[str], graph: Graph) -> dict[int, float]:
        """PageRank as seen from these paths, by place in the graph; they share a mass of 1."""
        known = (graph.place(self.contents[self.ids[path]]) for path in paths if path in self.ids)
        seeds = [place for place in known if place >= 0]
        return near(graph.starts, graph.links, graph.weights, seeds) if seeds else {}


@dataclass(frozen=True, slots=True)
class Found:
    """A file, how well it fits, and the symbols that made it fit, in the order of its lines."""

    path: str
    score: float
    symbols: tuple[Symbol, ...]
    whole: bool
    """It has every word of the question."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The best files, how many have any word of the question at all, and its words without endings, rarest first."""

    found: list[Found]
    count: int
    stems: list[str]


def find(
    store: Store, files: Files, graph: Graph, question: str, *, below: str = "", seen: Collection[str] = ()
) -> Finding:
    """The best LOOKED_INTO files for a question.

    `below` is a folder or file to stay in; `seen` are paths in the conversation, whose neighbours come first among
    equals. Raises DamagedIndex, DiskError.
    """
    rarity, tally = _tally(store, files, words_of(question)[:MOST_WORDS])
    total = sum(rarity.values())
    count, fitting = _likely(files, tally, below)
    prior = _prior(files, graph, seen)
    factors = {number: covered / total * prior(number) for number, (_, covered) in fitting.items()}
    worth = {number: fitting[number][0] * factor for number, factor in factors.items()}
    best = sorted(worth, key=lambda number: (-worth[number], files.paths[number]))[:LOOKED_INTO]
    told = _symbols(store, files, best, rarity)
    found = []
    for number in best:
        weight, symbols = told.get(files.contents[number], (0.0, ()))
        path = files.paths[number]
        score, covered = fitting[number]
        score = (score + SYMBOL * weight) * factors[number]
        placed = tuple(replace(symbol, path=path) for symbol in symbols)
        found.append(Found(path, score, placed, covered > 0.999 * total))
    found.sort(key=lambda one: -one.score)
    stems = list(dict.fromkeys(stem(word) for word in sorted(rarity, key=lambda word: -rarity[word])))
    return Finding(found, count, stems)


@dataclass(frozen=True, slots=True)
class _Word:
    """How many contents have a word, and the files whose path has it."""

    text: str
    having: int
    in_path: list[int]


@dataclass(frozen=True, slots=True)
class _Tally:
    """What the words of a question add up to.

    By content: the rarity of the words that it has, and of those in names that it defines. By file: what the words of
    its path count, and the rarity of those that only its path has.
    """

    covered: defaultdict[int, float]
    named: defaultdict[int, float]
    in_path: defaultdict[int, float]
    only_path: defaultdict[int, float]


def _tally(store: Store, files: Files, texts: Sequence[str]) -> tuple[dict[str, float], _Tally]:
    """How rare each word is, and what they add up to. Rare words come first, since they decide what is looked at."""
    tally = _Tally(defaultdict(float), defaultdict(float), defaultdict(float), defaultdict(float))
    rarity: dict[str, float] = {}
    rare: list[str] = []
    for word in sorted((_word(store, text) for text in texts), key=lambda word: word.having + len(word.in_path)):
        rarity[word.text] = weight = _rarity(word.having, len(files.paths))
        within = ""
        if len(tally.covered) >= SOME and word.having >= MANY:
            # SQLite intersects: handing over what common words name, and counting it, was half of the time.
            within = f" AND ({' OR '.join(rare)})"
        else:
            rare.append(f'"{word.text}"')
        having = _ids(store, "words", f'"{word.text}"{within}')
        for content in having:
            tally.covered[content] += weight
        for content in _ids(store, "words", f'names:"{word.text}"{within}'):
            tally.named[content] += NAMES * weight
        if word.in_path:
            _add_paths(files, tally, word, weight, set(having))
    return rarity, tally


def _add_paths(files: Files, tally: _Tally, word: _Word, rare: float, having: Collection[int]) -> None:
    """Count a word in paths; `rare` is its rarity in the contents that are `having` it."""
    limited = len(tally.covered) >= SOME and len(word.in_path) >= MANY
    worth = PATH * _rarity(len(word.in_path), len(files.paths))
    for number in word.in_path:
        content = files.contents.get(number)
        if content is None or (limited and content not in tally.covered):
            continue
        tally.in_path[number] += worth
        if content not in having:
            tally.only_path[number] += rare / 2
            tally.covered[content] += 0.0


def _likely(files: Files, tally: _Tally, below: str) -> tuple[int, dict[int, tuple[float, float]]]:
    """How many files have any of the words; of the WEIGHED that fit best their scores and the rarity they cover."""
    covered, named, in_path, only_path = tally.covered, tally.named, tally.in_path, tally.only_path
    worth = {content: rare * rare for content, rare in covered.items() if content in files.by_content}
    for content in named.keys() & worth.keys():
        worth[content] += named[content] * covered[content]
    inside = [content for content in worth if files.has_below(content, below)] if below else worth
    first = heapq.nlargest(WEIGHED, inside, key=worth.__getitem__)
    numbers = {number for content in first for number in files.by_content[content]} | in_path.keys()
    fitting = {}
    for number in numbers:
        content = files.contents[number]
        whole = covered[content] + only_path.get(number, 0.0)
        fitting[number] = covered[content] + named.get(content, 0.0) + in_path.get(number, 0.0), whole
    if below:
        fitting = {number: fit for number, fit in fitting.items() if files.is_below(number, below)}
    best = heapq.nlargest(WEIGHED, fitting, key=lambda number: fitting[number][0] * fitting[number][1])
    return len(worth), {number: fitting[number] for number in best}


def _word(store: Store, text: str) -> _Word:
    with explained():
        statement = "SELECT count(*) FROM words WHERE words MATCH ?"
        (having,) = store.connection.execute(statement, (f'"{text}"',)).fetchone()
    return _Word(text, having, _ids(store, "path_words", f'"{text}"'))


def _rarity(having: int, total: int) -> float:
    """The inverse document frequency of BM25 (Robertson and Sparck Jones), never below 0."""
    return math.log(1 + (total - having + 0.5) / (having + 0.5))


def _ids(store: Store, table: str, query: str) -> list[int]:
    with explained():
        # As one JSON text they come in half the time.
        statement = f"SELECT json_group_array(rowid) FROM {table} WHERE {table} MATCH ?"
        (told,) = store.connection.execute(statement, (query,)).fetchone()
    ids: list[int] = json.loads(told)
    return ids


def _prior(files: Files, graph: Graph, seen: Collection[str]) -> Callable[[int], float]:
    """The factor by which a file counts more or less, whatever is asked."""
    nearby = files.around(seen, graph)

    def prior(number: int) -> float:
        place = graph.place(files.contents[number])
        rank = graph.ranks[place] if place >= 0 else 1.0
        return float(max(rank, 0.1) ** PRIOR) * (1 + NEARBY * nearby.get(place, 0.0))

    return prior


def _symbols(
    store: Store, files: Files, numbers: Sequence[int], rarity: Mapping[str, float]
) -> dict[int, tuple[float, tuple[Symbol, ...]]]:
    """By content: the rarity of the words that one name has together, and the symbols with the best names."""
    stems: dict[str, float] = {}
    nowhere = _rarity(0, len(files.paths))
    for word, rare in rarity.items():
        if rare < nowhere:
            stems[stem(word)] = max(rare, stems.get(stem(word), 0.0))
    rarest = max(stems.values(), default=0.0)
    rare_first = sorted(stems, key=lambda each: -stems[each])[:MOST_TELLING]
    telling = [each for each in rare_first if stems[each] > max(COMMON, rarest * TELLING)]
    contents = ",".join({str(files.contents[number]) for number in numbers})
    having = " OR ".join(["name.text LIKE ?"] * len(telling)) or "FALSE"
    with explained():
        statement = _SYMBOLS.format(contents, having)
        rows = store.connection.execute(statement, [f"%{each}%" for each in telling]).fetchall()
    weighed: defaultdict[int, list[tuple[float, bool, int, int, Any]]] = defaultdict(list)
    known: dict[str, float] = {}
    for place, row in enumerate(rows):
        content, name, kind, line = row[:4]
        weight = known.get(name)
        if weight is None:
            weight = known[name] = sum(stems[each] for each in stems_of(name) if each in stems)
        if weight:
            weighed[content].append((-weight, kind == "variable", line, place, row))
    told = {}
    for content, symbols in weighed.items():
        first = heapq.nsmallest(SYMBOLS_SHOWN, symbols)
        shown = [Symbol(row[1], row[2], "", *row[3:]) for *_, row in first]
        told[content] = -first[0][0], tuple(sorted(shown, key=lambda symbol: symbol.line))
    return told


@lru_cache(maxsize=100_000)
def stems_of(name: str) -> frozenset[str]:
    return frozenset(map(stem, pieces(name)))


def stem(word: str) -> str:
    """A word without its ending, roughly: enough to know `opened` in `open`."""
    return next((word[: -len(end)] for end in _ENDINGS if word.endswith(end) and len(word) > len(end) + 2), word)
