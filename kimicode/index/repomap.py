"""The map of a repository: its most important files and in them the most important definitions, in so many tokens.

A definition counts by how many files refer to its name and by the PageRank of its own file, seen from everywhere and
from what the conversation is about; each further one of the same file counts less.
"""

import heapq
import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kimicode.index.database import explained
from kimicode.index.graph import Graph
from kimicode.index.search import Files, find
from kimicode.index.store import Store
from kimicode.workspace.encoding import shown_path

BYTES_PER_TOKEN = 3.5
"""As `llm/tokens.py` estimates; this folder does not know that one."""

FILES_PER_TOKEN = 0.025
"""So many files are looked into for each token: about twice as many as fit."""

CONSIDERED = 1_000
"""Files with the highest ranks; the rest could not come on the map."""

CROWDED = 0.7
"""How much less the next definition of a file counts: the eleventh an eighth of what it would count as the first."""

MOST_USES = 30
"""Beyond that a name is everywhere, and counting on would only take time."""

WIDEST = 110
NEARBY = 60.0
"""A file has 0.15 of the PageRank that starts there: it counts ten times as much, what it leads to about twice."""

FAVOUR = 5.0
"""And so much more itself, where the conversation names it or a search for the question finds it."""

SOUGHT = 10
NAMED = 8.0
"""A name that the conversation mentions counts so many times as much, and so does its file."""

_LESS = re.compile(
    r"(^|/)(tests?|testing|testdata|docs?|examples?|benchmarks?|vendor|_vendor|third_party)/|(^|/)test_|_test\."
)
_WORD = re.compile(r"[\w./+-]*\w")
_WRITTEN_AS_NAME = re.compile(r"\w_\w|[a-z0-9][A-Z]|^[A-Z]+[a-z]+[A-Z]")
_KINDS = {"class": 1.5, "interface": 1.5, "module": 0.6, "method": 0.7}
_UNTOLD = "'section', 'variable', 'constant'"

_SYMBOLS = f"""
SELECT symbol.content, symbol.name, name.text, kind, line, signature
FROM symbol JOIN name ON name.id = symbol.name WHERE symbol.content IN ({{}}) AND kind NOT IN ({_UNTOLD})"""

_USES = f"""
SELECT id,
    (SELECT count(*) FROM (SELECT 1 FROM reference WHERE name = id LIMIT {MOST_USES})),
    (SELECT count(*) FROM (SELECT 1 FROM symbol WHERE name = id AND kind NOT IN ({_UNTOLD}) LIMIT {MOST_USES}))
FROM name WHERE id IN ({{}})"""
"""By name: how many files refer to it, and how many definitions it has."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A definition on offer: its weight decides whether it is shown, file and line where."""

    weight: float
    path: str
    number: int
    text: str


def repository_map(
    store: Store, files: Files, graph: Graph, tokens: int, *, seen: Collection[str] = (), text: str = ""
) -> str:
    """The map in at most about `tokens` tokens; "" where nothing is defined.

    `seen` are paths in the conversation, `text` what the person asks: what it names, and the files that a search for it
    finds, come to the front. Raises DamagedIndex, DiskError.
    """
    paths, names = mentioned(text, files)
    found = find(store, files, graph, text, seen=seen).found[:SOUGHT]
    named = {symbol.path for name in names for symbol in store.definitions(name)}
    favoured = dict.fromkeys([*seen, *paths, *named], 1.0)
    for place, one in enumerate(found, 1):
        favoured[one.path] = favoured.get(one.path, 0.0) + 1 / place
    names += [symbol.name for one in found for symbol in one.symbols]
    weights = _weights(files, graph, favoured)
    numbers = heapq.nlargest(max(8, int(tokens * FILES_PER_TOKEN)), weights, key=lambda number: weights[number])
    lines = _lines(store, files, {number: weights[number] for number in numbers}, frozenset(names))
    chosen = _fitting(_spread(lines), tokens)
    by_path: defaultdict[str, list[_Line]] = defaultdict(list)
    for line in chosen:
        by_path[line.path].append(line)
    blocks = []
    for path, shown in by_path.items():  # in the order of the best line of each
        shown.sort(key=lambda line: line.number)
        blocks.append("\n".join([shown_path(path), *(line.text for line in shown)]))
    return "\n".join(blocks)


def mentioned(text: str, files: Files) -> tuple[list[str], list[str]]:
    """The files of the tree that a text names, and its words that are written as names in code are."""
    words = dict.fromkeys(_WORD.findall(text))
    paths = [word for word in words if word in files.ids]
    names = {part for word in words if word not in files.ids for part in re.findall(r"\w+", word)}
    return paths, sorted(name for name in names if _WRITTEN_AS_NAME.search(name))


def _weights(files: Files, graph: Graph, favoured: Mapping[str, float]) -> dict[int, float]:
    """How important files are, by id: those with the highest ranks, and what lies near the ones that are favoured."""
    nearby = files.around(favoured, graph)
    highest = heapq.nlargest(CONSIDERED, range(len(graph.ranks)), key=graph.ranks.__getitem__)
    contents = (graph.contents[place] for place in {*highest, *nearby})
    numbers = {number for content in contents for number in files.by_content.get(content, ())}
    numbers.update(files.ids[path] for path in favoured if path in files.ids)
    weights: dict[int, float] = {}
    for number in numbers or files.paths:  # without a graph all are alike
        path, place = files.paths[number], graph.place(files.contents[number])
        near = nearby.get(place, 0.0)
        rank = graph.ranks[place] if place >= 0 else 1.0
        weight = math.sqrt(rank) * (1 + NEARBY * near) * (0.3 if _LESS.search(path) and not near else 1.0)
        weights[number] = weight * (1 + FAVOUR * favoured.get(path, 0.0))
    return weights


def _lines(store: Store, files: Files, weights: dict[int, float], names: frozenset[str]) -> list[_Line]:
    """Every definition of these files."""
    contents = {files.contents[number]: number for number in weights}
    with explained():
        rows = store.connection.execute(_SYMBOLS.format(",".join(map(str, contents)))).fetchall()
        ids = ",".join({str(row[1]) for row in rows})
        shared = {each: uses / definers for each, uses, definers in store.connection.execute(_USES.format(ids))}
        lines = []
        for content, name_id, name, kind, line, signature in rows:
            number = contents[content]
            weight = weights[number] * _KINDS.get(kind, 1.0) * math.log2(1.5 + shared[name_id])
            weight *= 0.3 if name.startswith("_") else 1.0
            weight *= NAMED if name in names else 1.0
            text = signature if len(signature) <= WIDEST else signature[: WIDEST - 1] + "…"
            lines.append(_Line(weight, files.paths[number], int(line), f"  {line} {text}"))
        return lines


def _spread(lines: Iterable[_Line]) -> list[_Line]:
    """Best first, where each line of a file makes the next one of that file count less."""
    before: Counter[str] = Counter()
    spread = []
    for line in sorted(lines, key=lambda line: (-line.weight, line.path, line.number)):
        spread.append((line.weight / (1 + CROWDED * before[line.path]), line))
        before[line.path] += 1
    return [line for _, line in sorted(spread, key=lambda one: -one[0])]


def _fitting(lines: Sequence[_Line], tokens: int) -> list[_Line]:
    """The best lines that fit, where the first line of a file also costs its path."""
    room = tokens * BYTES_PER_TOKEN
    chosen: list[_Line] = []
    paths: set[str] = set()
    for line in lines:
        cost = len(line.text.encode("utf-8", "replace")) + 1
        cost += 0 if line.path in paths else len(line.path.encode("utf-8", "surrogateescape")) + 1
        if cost > room:
            break
        room -= cost
        paths.add(line.path)
        chosen.append(line)
    return chosen
