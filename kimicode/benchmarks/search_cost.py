"""How long a search takes in a large tree, by kind of query, and how long the map does.

`python -m kimicode.benchmarks.search_cost TREE INDEX [--queries N] [--out FILE]`; `index_corpus` makes trees.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from kimicode.index import graph
from kimicode.index.answer import Place, answer, by_pattern
from kimicode.index.build import refresh
from kimicode.index.identifiers import pieces
from kimicode.index.repomap import repository_map
from kimicode.index.search import Files
from kimicode.index.store import Store

MAP_TOKENS = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure one tree and print a line for each kind."""
    parser = argparse.ArgumentParser(prog="python -m kimicode.benchmarks.search_cost", description=__doc__)
    parser.add_argument("tree", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("--queries", type=int, default=100, help="of each kind")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    store = Store.open(options.index, options.tree)
    refresh(store, options.tree, None)
    figures = measure(store, options.tree, options.queries)
    store.close()
    for name, told in figures.items():
        print(f"{name:24} {told}")
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def measure(store: Store, root: Path, count: int) -> dict[str, Any]:
    """Milliseconds by kind; every kind is asked a few times before, as in a session that goes on."""
    begun = time.perf_counter()
    made = graph.make(store)
    making = time.perf_counter() - begun
    graph.save(store, made)
    place = Place(root, store, Files.of(store), made)
    names = _names(store, 3 * count)
    texts = [" ".join(pieces(name)[:-1]) for name in names]
    questions = [" ".join(texts[i : i + 3]) for i in range(count)]
    kinds: dict[str, tuple[Callable[[str], object], list[str]]] = {
        "a name": (lambda query: answer(place, query), names[:count]),
        "a few words": (lambda query: answer(place, query), texts[:count]),
        "a question of ten words": (lambda query: answer(place, query), questions),
        "a pattern": (lambda query: by_pattern(place, rf"\w+ {query}\w*\("), [n[:6] for n in names[: count // 10]]),
        "map": (lambda text: repository_map(store, place.files, made, MAP_TOKENS), questions[: count // 5]),
        "map for a question": (
            lambda text: repository_map(store, place.files, made, MAP_TOKENS, text=text),
            questions[: count // 5],
        ),
        "files, anew": (lambda text: Files.of(store), questions[: count // 10]),
        "graph, loaded": (lambda text: graph.load(store), questions[: count // 10]),
    }
    figures: dict[str, Any] = {"files": len(place.files.paths), "graph, made (ms)": round(making * 1e3)}
    for kind, (ask, queries) in kinds.items():
        figures[kind] = _timed(ask, queries)
    return figures


def _names(store: Store, count: int) -> list[str]:
    """Names of two words or more, mixed but always the same."""
    rows = store.connection.execute("SELECT text FROM name WHERE id IN (SELECT name FROM symbol) ORDER BY text")
    told = [text for (text,) in rows if len(pieces(text)) > 2]
    return Random(1).sample(told, min(count, len(told)))


def _timed(ask: Callable[[str], object], queries: Sequence[str]) -> dict[str, float]:
    """Milliseconds; `cpu_p95` is what this process computed, which other programs of the machine lengthen less."""
    for query in queries[:5]:
        ask(query)
    times, cpu = [], []
    for query in queries:
        begun, computed = time.perf_counter(), time.process_time()
        ask(query)
        times.append((time.perf_counter() - begun) * 1e3)
        cpu.append((time.process_time() - computed) * 1e3)
    return {"p50": _share(times, 0.5), "p95": _share(times, 0.95), "cpu_p95": _share(cpu, 0.95)}


def _share(times: Sequence[float], share: float) -> float:
    return round(sorted(times)[int(len(times) * share)], 1)


if __name__ == "__main__":
    raise SystemExit(main())
