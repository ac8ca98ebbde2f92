"""Sources of episodes for worker processes: one that counts, one that fails, one that dies."""

import os
import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from nano_training.data.encode import Encoded, Encoder


@dataclass(frozen=True, slots=True)
class Counting:
    """Episodes of `length` tokens, all of them `token`; the last one is learnt."""

    token: int
    length: int = 100

    def episodes(self, encoder: Encoder, rng: random.Random) -> Iterator[Encoded]:
        while True:
            length = rng.randint(self.length // 2, self.length)
            yield Encoded("default", array("H", [self.token] * length), bytes([1] * (length - 1) + [2]))


@dataclass(frozen=True, slots=True)
class Failing:
    """One whose second episode cannot be made."""

    dies: bool = False

    def episodes(self, encoder: Encoder, rng: random.Random) -> Iterator[Encoded]:
        yield Encoded("default", array("H", [1]), b"\2")
        if self.dies:
            os._exit(9)
        raise LookupError("no bug is left")
