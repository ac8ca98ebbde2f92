"""PageRank by power iteration over arrays, and the part of it near a few files, by pushing."""

from array import array
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from itertools import pairwise

DAMPING = 0.85
ROUNDS = 15
"""After that many the order of the first hundred files no longer changes."""

RESIDUE = 5e-4
"""What is left at a file below which it is not passed on: at most 1 / ((1 - DAMPING) * RESIDUE) files are visited."""


def page_rank(starts: Sequence[int], links: Sequence[int], weights: Sequence[float]) -> "array[float]":
    """[nodes] ranks, on average 1; `links[starts[i]:starts[i + 1]]` lead on from node i, with weights that add up to 1.

    Brin and Page 1998. A file that refers to nothing hands its rank to all alike.
    """
    nodes = len(starts) - 1
    ranks = [1.0] * nodes
    spans = [(node, begin, end) for node, (begin, end) in enumerate(pairwise(starts)) if begin < end]
    for _ in range(ROUNDS):
        following = [0.0] * nodes
        for node, begin, end in spans:
            share = DAMPING * ranks[node]
            for target, weight in zip(links[begin:end], weights[begin:end], strict=True):
                following[target] += share * weight
        left = (nodes - sum(following)) / max(1, nodes)
        ranks = [rank + left for rank in following]
    return array("f", ranks)


def near(
    starts: Sequence[int], links: Sequence[int], weights: Sequence[float], seeds: Iterable[int]
) -> dict[int, float]:
    """PageRank as seen from `seeds`, which share a mass of 1: nodes that it reaches, approximately.

    The forward push of Andersen, Chung and Lang 2006; its cost depends on RESIDUE, not on the size of the graph.
    """
    chosen = list(dict.fromkeys(seeds))
    waiting = deque(chosen)
    residue = defaultdict(float, {seed: 1 / len(chosen) for seed in chosen})
    ranks: defaultdict[int, float] = defaultdict(float)
    while waiting:
        node = waiting.popleft()
        mass = residue.pop(node, 0.0)
        if mass < RESIDUE:
            continue
        ranks[node] += (1 - DAMPING) * mass
        begin, end = starts[node], starts[node + 1]
        for target, weight in zip(links[begin:end], weights[begin:end], strict=True):
            before = residue[target]
            residue[target] = before + DAMPING * mass * weight
            if before < RESIDUE <= residue[target]:
                waiting.append(target)
    return dict(ranks)
