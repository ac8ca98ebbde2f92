"""Tokens of rows of logits in PyTorch and NumPy, greedy or by inverse CDF: for a CPU, and for devices without kernels.

A uniform number in [0, 1) for each row is all the chance there is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from kimicode_engine.request import SamplingParams

LIKELY = 1e-4
"""The nucleus is sought first among at most 10,000 tokens of at least this probability."""

BLOCK = 512
"""Tokens whose probabilities are summed first where no cut makes them few."""

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def greedy(logits: Tensor) -> list[int]:
    """The first of the highest logits of each row [m, V]."""
    if logits.device.type == "cpu":
        # torch's argmax on the CPU runs without SIMD: ten times numpy's time
        best: list[int] = logits.numpy().argmax(-1).tolist()
        return best
    device: list[int] = logits.argmax(-1).tolist()
    return device


def random(logits: Tensor, params: Sequence[SamplingParams], uniforms: Floats) -> list[int]:
    """A token of each row [m, V], by its temperature, its cuts and its uniform number."""
    heat = [one.temperature for one in params]
    if any(one != 1.0 for one in heat):
        logits = logits / torch.tensor(heat, device=logits.device)[:, None]
    probs = logits.softmax(-1)  # [m, V]
    cuts = [_Cut.of(one, probs.shape[-1]) for one in params]
    tokens = np.zeros(len(params), np.int64)  # [m]
    for draw, group in (
        (_from_all, [row for row, cut in enumerate(cuts) if not cut.any]),
        (_from_some, [row for row, cut in enumerate(cuts) if cut.any]),
    ):
        if group:
            tokens[group] = draw(rows_of(probs, group), uniforms[group], [cuts[row] for row in group])
    drawn: list[int] = tokens.tolist()
    return drawn


@dataclass(frozen=True, slots=True)
class _Cut:
    """Which tokens of a row may be drawn. `top_k` is 0 where it cuts nothing."""

    top_k: int
    top_p: float
    min_p: float

    @classmethod
    def of(cls, params: SamplingParams, vocab: int) -> "_Cut":
        return cls(params.top_k if params.top_k < vocab else 0, params.top_p, params.min_p)

    @property
    def any(self) -> bool:
        return self.top_k > 0 or self.top_p < 1.0 or self.min_p > 0.0

    @property
    def nucleus_only(self) -> bool:
        return not self.top_k and self.min_p <= 0.0


def _from_all(probs: Tensor, uniforms: Floats, _: Sequence[_Cut]) -> Ints:
    """Inverse CDF in order of ids over whole rows [m, V]: first to the block, then inside it."""
    rows = np.arange(probs.shape[0])
    blocks = torch.nn.functional.pad(probs, (0, -probs.shape[-1] % BLOCK)).reshape(
        len(rows), -1, BLOCK
    )  # [m, b, BLOCK]
    cdf = blocks.sum(-1).cpu().numpy().cumsum(-1, dtype=np.float64)  # [m, b]
    targets = uniforms * cdf[:, -1]  # [m]
    block = (cdf <= targets[:, None]).sum(-1)  # [m]
    before = np.where(block > 0, cdf[rows, block - 1], 0.0)  # [m]
    inside = blocks[torch.from_numpy(rows), torch.from_numpy(block)].cpu().numpy()  # [m, BLOCK]
    fine = inside.cumsum(-1, dtype=np.float64)  # [m, BLOCK]
    # the block's own sum may differ from its share of the CDF in the last bits
    rest = np.minimum((targets - before), fine[:, -1] * (1.0 - 2.0**-48))  # [m]
    tokens: Ints = block * BLOCK + (fine <= rest[:, None]).sum(-1)
    return tokens


def _from_some(probs: Tensor, uniforms: Floats, cuts: Sequence[_Cut]) -> Ints:
    """Inverse CDF in order of ids over the tokens of rows [m, V] that the cuts leave; of equals the lowest ids stay.

    Only candidates are sorted: no token that a cut keeps has a probability below its row's floor."""
    floors = _floors(probs, cuts)  # [m]
    ids, weights = _candidates(probs, floors)  # [m, c] each
    short = [row for row, cut in enumerate(cuts) if cut.nucleus_only and weights[row].sum() < cut.top_p]
    if short:
        # tokens below (1 - top_p) / V weigh less than 1 - top_p together; the half is for rounding
        floors[short] = [0.5 * (1.0 - cuts[row].top_p) / probs.shape[-1] for row in short]
        ids, weights = _candidates(probs, floors)
    weights[~_kept(weights, cuts)] = 0.0
    cdf = weights.cumsum(1, dtype=np.float64)  # [m, c]
    picks = (cdf <= uniforms[:, None] * cdf[:, -1:]).sum(1)  # [m]
    tokens: Ints = ids[np.arange(len(cuts)), picks]
    return tokens


def _kept(weights: Singles, cuts: Sequence[_Cut]) -> Bools:
    """Which of the candidates [m, c], in order of ids, top-k and then top-p keep."""
    ranked = -np.sort(-weights, axis=1)  # [m, c]
    top_k = np.array([[cut.top_k or weights.shape[1]] for cut in cuts])  # [m, 1]
    share = np.where(np.arange(weights.shape[1]) < top_k, ranked, 0.0).astype(np.float64)  # [m, c]
    # top-p is a share of everything, or of what min-p and top-k have left
    whole = [1.0 if cut.nucleus_only else mass for cut, mass in zip(cuts, share.sum(1), strict=True)]
    limit = np.array([[cut.top_p * mass] for cut, mass in zip(cuts, whole, strict=True)])  # [m, 1]
    count = ((share.cumsum(1) - share < limit) & (share > 0.0)).sum(1)[:, None]  # [m, 1]
    edge = np.take_along_axis(ranked, count - 1, 1)  # [m, 1]
    above, ties = weights > edge, weights == edge
    kept: Bools = above | (ties & (ties.cumsum(1) <= count - above.sum(1, keepdims=True)))
    return kept


def _floors(probs: Tensor, cuts: Sequence[_Cut]) -> Singles:
    """A probability [m] for each row that every token which its cuts keep reaches; LIKELY where only top-p cuts."""
    floors = np.full(len(cuts), LIKELY, np.float32)  # [m]
    for row, cut in enumerate(cuts):
        if not cut.nucleus_only:
            kth = float(probs[row].topk(cut.top_k).values[-1]) if cut.top_k else 0.0
            floors[row] = max(kth, min(cut.min_p, 1.0) * float(probs[row].max()))
    return floors


def _candidates(probs: Tensor, floors: Singles) -> tuple[Ints, Singles]:
    """Ids and probabilities [m, c] of the tokens of rows [m, V] that reach their row's floor [m], by ascending id.

    Short rows end in probabilities of 0."""
    if probs.device.type == "cpu":
        table: Singles = probs.numpy()
        flat = np.flatnonzero(table >= floors[:, None])  # numpy: a tenth of torch's time on the CPU
        values = table.reshape(-1)[flat]
    else:
        found = (probs >= torch.from_numpy(floors).to(probs.device)[:, None]).flatten().nonzero().flatten()
        flat, values = found.cpu().numpy(), probs.flatten()[found].cpu().numpy()
    rows, columns = np.divmod(flat, probs.shape[-1])
    counts = np.bincount(rows, minlength=len(floors))  # [m]
    places = np.arange(len(rows)) - (counts.cumsum() - counts)[rows]
    shape = (len(floors), int(counts.max()))
    ids, weights = np.zeros(shape, np.int64), np.zeros(shape, np.float32)
    ids[rows, places], weights[rows, places] = columns, values
    return ids, weights


def rows_of(logits: Tensor, rows: list[int]) -> Tensor:
    """The named rows [m, V] of logits; without a copy if these are all."""
    return logits if len(rows) == logits.shape[0] else logits[torch.tensor(rows, device=logits.device)]
