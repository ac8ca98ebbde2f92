"""Byte pair encoding (Sennrich et al., arXiv 1508.07909), learnt from counted pieces; the engine's tokenizer of it."""

import base64
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import regex  # type: ignore[import-untyped]

from kimicode_engine.checkpoint.tiny_tokenizer import CONTROL
from kimicode_engine.tokenizer import PATTERN, RANKS, Tokenizer

DIGITS = b"0123456789"

Pair = tuple[bytes, bytes]


def read_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer that `write_tokenizer` wrote there, without a checkpoint's config. Raises OSError."""
    lines = (folder / RANKS).read_text("ascii").split("\n")[256:]
    return tokenizer([base64.b64decode(line.split()[0]) for line in lines if line])


def tokenizer(learnt: Sequence[bytes]) -> Tokenizer:
    """The engine's tokenizer of the single bytes, `learnt`, and Kimi's control tokens."""
    ranks = {token: rank for rank, token in enumerate([*(bytes((byte,)) for byte in range(256)), *learnt])}
    return Tokenizer(ranks, {len(ranks) + offset: name for name, (offset, _) in CONTROL.items()})


def count(texts: Iterable[str]) -> Counter[bytes]:
    """How often each piece stands in the texts, cut as the engine's tokenizer cuts them."""
    split = regex.compile(PATTERN, regex.V1)
    pieces: Counter[str] = Counter()
    for text in texts:
        pieces.update(split.findall(text))
    return Counter({piece.encode(): seen for piece, seen in pieces.items()})


def scaled(words: Mapping[bytes, int], total: float) -> dict[bytes, int]:
    """The counts, brought to about `total` together; none becomes 0."""
    factor = total / max(1, sum(words.values()))
    return {word: max(1, round(seen * factor)) for word, seen in words.items()}


def learn(words: Mapping[bytes, int], merges: int) -> list[bytes]:
    """At most `merges` tokens, the most frequent pair first. Digits stay single: numbers are then read by place.

    Only the words that hold the best pair are looked at again, so that a corpus of a million words takes seconds."""
    spelled = [[word[at : at + 1] for at in range(len(word))] for word in words]
    weights = list(words.values())
    counts: Counter[Pair] = Counter()
    places: defaultdict[Pair, set[int]] = defaultdict(set)
    for index, parts in enumerate(spelled):
        for pair in pairwise(parts):
            counts[pair] += weights[index]
            places[pair].add(index)
    heap = [(-seen, pair) for pair, seen in counts.items() if _joins(pair)]
    heapq.heapify(heap)
    learnt: dict[bytes, None] = {}
    while heap and len(learnt) < merges:
        seen, best = heapq.heappop(heap)
        if -seen != counts[best]:
            if counts[best] > 0:
                heapq.heappush(heap, (-counts[best], best))
            continue
        learnt[best[0] + best[1]] = None
        for pair in _merge_everywhere(best, spelled, weights, counts, places):
            if _joins(pair):
                heapq.heappush(heap, (-counts[pair], pair))
    return list(learnt)


def _joins(pair: Pair) -> bool:
    return pair[0][-1] not in DIGITS and pair[1][0] not in DIGITS


def _merge_everywhere(
    best: Pair,
    spelled: list[list[bytes]],
    weights: Sequence[int],
    counts: Counter[Pair],
    places: defaultdict[Pair, set[int]],
) -> set[Pair]:
    """Merge a pair in every word that holds it → the pairs that there are more of now."""
    grown: set[Pair] = set()
    for index in places.pop(best):
        before, after = spelled[index], merged(spelled[index], best)
        for pair in pairwise(before):
            counts[pair] -= weights[index]
        for pair in pairwise(after):
            counts[pair] += weights[index]
            places[pair].add(index)
        grown.update(pair for pair in pairwise(after) if best[0] + best[1] in pair)
        spelled[index] = after
    counts[best] = 0
    return grown


def merged(parts: Sequence[bytes], pair: Pair) -> list[bytes]:
    """The parts of a word with each such pair made one, from the left."""
    out: list[bytes] = []
    at = 0
    while at < len(parts):
        step = 2 if tuple(parts[at : at + 2]) == pair else 1
        out.append(b"".join(parts[at : at + step]))
        at += step
    return out
