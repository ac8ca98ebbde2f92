"""Which file refers to which, and how important that makes each, as arrays of numbers in a file beside the index.

Reading it takes milliseconds, making it seconds in a large tree: whoever is in a hurry takes the last one.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from kimicode.index.database import explained
from kimicode.index.rank import page_rank
from kimicode.index.store import Store
from kimicode.workspace import atomic

MOST_DEFINERS = 6
"""A name that more files define says little about which of them is meant."""

_MAGIC = b"kimicode graph 1\n"

_LINKS = """
WITH defined AS (SELECT DISTINCT name, content FROM symbol WHERE kind <> 'section'),
telling AS (SELECT name, count(*) AS definers FROM defined GROUP BY name HAVING definers <= ?)
SELECT reference.content, defined.content, sum(min(reference.count, 9) * 1.0 / telling.definers)
FROM telling CROSS JOIN defined USING(name) CROSS JOIN reference USING(name)
WHERE reference.content <> defined.content GROUP BY 1, 2 ORDER BY 1"""
"""CROSS keeps this order of the joins: from another one SQLite takes a minute for five thousand files."""

_CONTENTS = "SELECT DISTINCT content FROM file WHERE tree = ? AND content > 0 ORDER BY content"


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes are contents, by their ids in the index, ascending; `links[starts[i]:starts[i + 1]]` lead on from node i.

    `weights` of a node's links add up to 1. A rank of 1 is that of the average file.
    """

    generation: int
    contents: "array[int]"  # [nodes]
    starts: "array[int]"  # [nodes + 1]
    links: "array[int]"  # [links], places in `contents`
    weights: "array[float]"  # [links]
    ranks: "array[float]"  # [nodes]

    def place(self, content: int) -> int:
        """Where a content stands, or -1 for one that came later."""
        place = bisect_left(self.contents, content)
        return place if place < len(self.contents) and self.contents[place] == content else -1

    def rank(self, content: int) -> float:
        """PageRank; that of the average file for a content that came later."""
        place = self.place(content)
        return 1.0 if place < 0 else self.ranks[place]


def empty() -> Graph:
    return Graph(-1, array("q"), array("q", [0]), array("q"), array("f"), array("f"))


def make(store: Store) -> Graph:
    """The graph of the tree as the index knows it now. Raises DamagedIndex, DiskError."""
    generation = store.generation
    with explained():
        contents = array("q", (content for (content,) in store.connection.execute(_CONTENTS, (store.tree,))))
        rows = store.connection.execute(_LINKS, (MOST_DEFINERS,))
        starts, links, weights = _packed(contents, rows)
    return Graph(generation, contents, starts, links, weights, page_rank(starts, links, weights))


def up_to_date(store: Store) -> Graph:
    """The graph of this very generation, made and kept if need be. Raises DamagedIndex, DiskError."""
    kept = load(store)
    if kept.generation == store.generation:
        return kept
    made = make(store)
    save(store, made)
    return made


def load(store: Store) -> Graph:
    """The graph that was kept last; an empty one where there is none that can be read."""
    try:
        data = _file(store).read_bytes()
    except OSError:
        return empty()
    return _decoded(data) or empty()


def save(store: Store, graph: Graph) -> None:
    """Keep the graph for later; a disk that is full or read-only costs no more than the time to make it again."""
    arrays: list[array[int] | array[float]] = [graph.contents, graph.starts, graph.links, graph.weights, graph.ranks]
    head = array("q", (graph.generation, *(len(part) for part in arrays)))
    data = _MAGIC + sys.byteorder.encode() + b"".join(part.tobytes() for part in (head, *arrays))
    path = _file(store).resolve()
    try:
        before = path.read_bytes() if path.exists() else None
        atomic.write(path, data, before)
    except OSError:
        return


def _file(store: Store) -> Path:
    return store.folder / f"graph-{store.tree}.bin"


def _decoded(data: bytes) -> Graph | None:
    """None for what is not a whole graph of this version and kind of machine."""
    start = _MAGIC + sys.byteorder.encode()
    head = array("q")
    size = 6 * head.itemsize
    if not data.startswith(start) or len(data) < len(start) + size:
        return None
    head.frombytes(data[len(start) : len(start) + size])
    arrays: list[array[int] | array[float]] = [array("q"), array("q"), array("q"), array("f"), array("f")]
    ends = [len(start) + size]
    for count, part in zip(head[1:], arrays, strict=True):
        ends.append(ends[-1] + count * part.itemsize)
    if ends[-1] != len(data) or min(head[1:]) < 0:
        return None
    for (begin, end), part in zip(pairwise(ends), arrays, strict=True):
        part.frombytes(data[begin:end])
    return Graph(head[0], *arrays)  # type: ignore[arg-type]  # the kinds are those of the list above


def _packed(
    contents: Sequence[int], rows: Iterable[tuple[int, int, float]]
) -> "tuple[array[int], array[int], array[float]]":
    """Rows (from, to, weight), ordered by the first, as starts, links and weights; those of `contents` alone."""
    place = {content: number for number, content in enumerate(contents)}
    starts, links, weights = array("q", [0]), array("q"), array("f")
    for source, target, weight in rows:
        node, linked = place.get(source), place.get(target)
        if node is None or linked is None:  # of another work tree
            continue
        while len(starts) <= node:
            starts.append(len(links))
        links.append(linked)
        weights.append(weight)
    while len(starts) <= len(contents):
        starts.append(len(links))
    for begin, end in pairwise(starts):
        total = sum(weights[begin:end])
        for number in range(begin, end):
            weights[number] /= total
    return starts, links, weights
