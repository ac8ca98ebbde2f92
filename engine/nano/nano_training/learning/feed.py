"""Where the loop's batches come from: worker processes by a plan, or random tokens to try the machine with."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from kimicode_engine.tokenizer import Tokenizer
from nano_training.data.batch import Batch, Shape
from nano_training.data.bpe import read_tokenizer
from nano_training.data.stream import Job, held_out, open_stream
from nano_training.learning.schedule import Phase, phase_at


class Batches(Protocol):
    """Batches without an end."""

    def mix(self, mixture: Mapping[str, float]) -> None:
        """Change the sources' shares."""

    def __iter__(self) -> Iterator[Batch]: ...


@dataclass(frozen=True, slots=True)
class Feed:
    """What a training reads, and what it is measured by."""

    batches: Batches
    phases: tuple[Phase, ...]
    held_out: list[Batch]
    tokenizer: Tokenizer | None


@dataclass(frozen=True, slots=True)
class Synthetic:
    """Rows that say a random text twice: what is learnt of them is to look back."""

    vocab: int
    prefix: int
    length: int
    rows: int
    seed: int

    def mix(self, mixture: Mapping[str, float]) -> None:
        """There is one source."""

    def __iter__(self) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(self.seed)
        prefix = torch.randint(1, self.vocab, (self.prefix,), generator=torch.Generator().manual_seed(0))
        while True:
            half = torch.randint(1, self.vocab, (self.rows, self.length // 2), generator=generator)
            weights = torch.zeros(self.rows, 2 * half.shape[1])
            weights[:, half.shape[1] :] = 1.0
            yield Batch(prefix, torch.cat((half, half), dim=1), weights)


@contextmanager
def open_feed(
    data: str, shape: Shape, *, vocab: int, seed: int, workers: int, measured: int, share: float = 0.0
) -> Iterator[Feed]:
    """`data`: the path of a plan, or "synthetic"; `measured`: episodes to measure by, at most; `share` of the run that
    is over already.

    Raises ValueError and OSError for a plan or files that cannot be read."""
    if data == "synthetic":
        length = shape.lengths[-1]
        made = Synthetic(vocab, max(1, length // 2), length, shape.rows(length), seed)
        other = iter(Synthetic(vocab, made.prefix, length, min(4, made.rows), seed + 1))
        yield Feed(made, (Phase(1.0, {}),), [next(other)], None)
        return
    # Reading a plan loads the whole agent, which trying the machine does not need.
    from nano_training.learning.plan import read_plan

    plan = read_plan(Path(data))
    job = Job(plan.sources, plan.tokenizer, plan.prefixes, seed, workers)
    with open_stream(job, plan.phases[phase_at(plan.phases, share)].mixture, shape) as stream:
        known = held_out(plan.held_out, stream.encoder, shape, measured) if plan.held_out else []
        yield Feed(stream, plan.phases, known, read_tokenizer(plan.tokenizer))
