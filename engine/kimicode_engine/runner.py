"""Computes the logits of a step. What runs it knows no model, and the model knows no requests: here they meet."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import torch

from kimicode_engine.batch import build
from kimicode_engine.cache.latent import LatentCache, Placement
from kimicode_engine.graphs import DecodeGraphs
from kimicode_engine.limits import PAGE
from kimicode_engine.model.kimi import Kimi
from kimicode_engine.request import SamplingParams
from kimicode_engine.sampling import Draw, SamplingState, sample
from kimicode_engine.sequence import Part

CPU = torch.device("cpu")
KINDS = (
    SamplingParams(1, temperature=0.0),
    SamplingParams(1),
    SamplingParams(1, top_p=0.95),
    SamplingParams(1, top_k=20),
)
"""Each is drawn by kernels of its own."""
FEW = 4
"""Tokens of a step that are computed as single ones are, on a CPU."""


class Runner(Protocol):
    """Whatever gives logits for the parts of a step: a model, or a script."""

    @property
    def vocab_size(self) -> int:
        """How many logits a row has."""

    @property
    def draw(self) -> Draw | None:
        """What draws tokens of these logits where they are; None leaves it to PyTorch and the CPU."""

    def run(self, parts: Sequence[Part]) -> torch.Tensor:
        """Compute `parts`; logits [n, vocab] fp32, a row for each part that samples, in their order."""


class ModelRunner:
    """Runs a model over its cache; decoding steps as CUDA graphs where the model's kernels can be captured."""

    def __init__(
        self,
        model: Kimi,
        cache: LatentCache,
        device: torch.device,
        *,
        graphs: bool = True,
        token_threads: int | None = None,
    ) -> None:
        """`token_threads`: how many compute a step of FEW tokens at most on a CPU; None: as many as all others."""
        self._model = model
        self._cache = cache
        self._device = device
        self._token_threads = token_threads
        self._graphs: DecodeGraphs | None = None
        if graphs and device.type == "cuda" and model.capturable:
            pages = min(cache.pages, -(-model.config.window // PAGE))
            self._graphs = DecodeGraphs(self._decode, pages=pages, device=device)

    @property
    def vocab_size(self) -> int:
        """How many logits a row has."""
        return self._model.config.vocab_size

    @property
    def draw(self) -> Draw | None:
        """See Runner."""
        return self._model.draw

    @torch.inference_mode()
    def warm(self, rows: int) -> None:
        """Capture decoding steps of up to so many rows and compile what draws tokens, where there are such things: it
        takes seconds now, not at a first answer."""
        if self._graphs:
            self._graphs.warm(rows)
        if self.draw:
            logits = torch.zeros(1, self.vocab_size, device=self._device)  # [1, vocab]
            for params in KINDS:
                sample(logits, [SamplingState(params, ())], [None], self.draw)

    @torch.inference_mode()
    def run(self, parts: Sequence[Part]) -> torch.Tensor:
        """See Runner. The parts' latents are in the cache afterwards."""
        if self._graphs and self._graphs.fits(parts):
            batch = build(parts, CPU)
            logits = self._graphs.run(batch.tokens, batch.positions, batch.placement)  # [D, vocab]
            return logits if len(batch.logit_rows) == len(parts) else logits[batch.logit_rows.to(self._device)]
        batch = build(parts, self._device)
        few = self._device.type == "cpu" and len(batch.tokens) <= FEW
        with _threads(self._token_threads if few else None):
            return self._model.forward(batch.tokens, batch.positions, batch.placement, self._cache, batch.logit_rows)

    def _decode(
        self, tokens: torch.Tensor, positions: torch.Tensor, placement: Placement, rows: torch.Tensor
    ) -> torch.Tensor:
        return self._model.forward(tokens, positions, placement, self._cache, rows)


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Let torch compute with so many threads; None: with as many as it does."""
    if count is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
