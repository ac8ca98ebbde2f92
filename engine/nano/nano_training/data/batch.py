"""Episodes of similar length side by side: what the model reads in one step."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from nano_training.data.encode import Encoded

STEP = 128


@dataclass(frozen=True, slots=True)
class Shape:
    """How batches are cut: about so many tokens each, rows of `lengths` alone; longer episodes lose their end.

    A length always comes with the same number of rows, so that what is compiled for it fits again."""

    tokens: int
    lengths: tuple[int, ...]
    context: float = 0.1
    """What a token of a file or of a test's output weighs as a target; one that the model writes weighs 1."""
    decision: float = 3.0
    """What a token weighs by which an edit is chosen."""

    @classmethod
    def multiples(cls, tokens: int, longest: int = 4096, step: int = STEP) -> "Shape":
        """Rows of every multiple of `step` up to `longest`."""
        return cls(tokens, tuple(range(step, longest + 1, step)))

    @property
    def weights(self) -> tuple[float, ...]:
        """By kind of target, see `targets`."""
        return 0.0, self.context, 1.0, self.decision

    def length(self, tokens: int) -> int:
        """The length of the row for so many tokens."""
        return next((length for length in self.lengths if length >= tokens), self.lengths[-1])

    def rows(self, length: int) -> int:
        """How many rows of a length a batch has."""
        return max(1, self.tokens // length)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Rows that all begin with the same constant tokens, which stand before them once."""

    prefix: torch.Tensor
    """[P] int64."""
    tokens: torch.Tensor
    """[B, T] int64: what follows the prefix, padded with zeros behind."""
    weights: torch.Tensor
    """[B, T] fp32: what each token weighs as a target; 0 for padding."""


def batches(episodes: Iterable[Encoded], prefixes: Mapping[str, Sequence[int]], shape: Shape) -> Iterator[Batch]:
    """Batches in the order in which they become full; what is left at the end comes in smaller ones.

    `prefixes` are the constant tokens by name."""
    waiting: defaultdict[tuple[str, int], list[Encoded]] = defaultdict(list)
    for episode in episodes:
        length = shape.length(len(episode.tokens))
        rows = waiting[episode.prefix, length]
        rows.append(episode)
        if len(rows) == shape.rows(length):
            yield collate(rows, length, prefixes[episode.prefix], shape.weights)
            rows.clear()
    for (name, length), rows in waiting.items():
        if rows:
            yield collate(rows, length, prefixes[name], shape.weights)


def collate(rows: Sequence[Encoded], length: int, prefix: Sequence[int], by_kind: Sequence[float]) -> Batch:
    """The batch of these episodes in rows of one length, weights by kind of target; in pinned memory where there is a
    CUDA device."""
    tokens = np.zeros((len(rows), length), dtype=np.int64)  # [B, T]
    kinds = np.zeros((len(rows), length), dtype=np.uint8)  # [B, T]
    for row, episode in enumerate(rows):
        kept = min(length, len(episode.tokens))
        tokens[row, :kept] = np.frombuffer(episode.tokens, dtype=np.uint16, count=kept)
        kinds[row, :kept] = np.frombuffer(episode.weights, dtype=np.uint8, count=kept)
    weights = np.array(by_kind, dtype=np.float32)[kinds]  # [B, T]
    batch = Batch(torch.tensor(prefix), torch.from_numpy(tokens), torch.from_numpy(weights))
    return pinned(batch) if torch.cuda.is_available() else batch


def pinned(batch: Batch) -> Batch:
    """The same in memory from which a copy to the device does not wait."""
    return Batch(batch.prefix.pin_memory(), batch.tokens.pin_memory(), batch.weights.pin_memory())
