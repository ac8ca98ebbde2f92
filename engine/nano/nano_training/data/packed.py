"""Encoded episodes in a file: encoded once, read back at once."""

from array import array
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from nano_training.data.encode import Encoded


def write(path: Path, episodes: Iterable[Encoded]) -> int:
    """Write a compressed .npz, whole or not at all → how many episodes there were."""
    kept = list(episodes)
    names = sorted({one.prefix for one in kept})
    partial = path.with_name(f"{path.name}.partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    with partial.open("wb") as file:
        np.savez_compressed(
            file,
            names=np.array(names),
            prefixes=np.array([names.index(one.prefix) for one in kept], dtype=np.uint8),  # [episodes]
            lengths=np.array([len(one.tokens) for one in kept], dtype=np.int64),  # [episodes]
            tokens=np.frombuffer(b"".join(one.tokens.tobytes() for one in kept), dtype=np.uint16),  # [all tokens]
            weights=np.frombuffer(b"".join(one.weights for one in kept), dtype=np.uint8),  # [all tokens]
        )
    partial.replace(path)
    return len(kept)


def read(path: Path) -> list[Encoded]:
    """The episodes of a file, in their order. Raises OSError, and ValueError for a file of another kind."""
    with np.load(path, allow_pickle=False) as file:
        try:
            names, prefixes, lengths = file["names"].tolist(), file["prefixes"].tolist(), file["lengths"]
            tokens, weights = file["tokens"], file["weights"]
        except KeyError as error:
            raise ValueError(f"{path} holds no encoded episodes: {error}") from None
    ends = np.cumsum(lengths)  # [episodes]
    return [
        Encoded(names[prefix], array("H", tokens[end - length : end].tobytes()), weights[end - length : end].tobytes())
        for prefix, length, end in zip(prefixes, lengths.tolist(), ends.tolist(), strict=True)
    ]
