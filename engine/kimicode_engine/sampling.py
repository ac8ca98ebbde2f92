"""The next token of each row of logits: penalties, bias and mask, then greedy or by inverse CDF.

Logprobs are those of the model itself: the log-softmax of the raw logits, before anything below changes them.
Each answer draws one uniform number a token from its own generator, so neighbours in the batch change nothing."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from kimicode_engine.output import TokenLogprob
from kimicode_engine.request import SamplingParams

GREEDY_BELOW = 1e-5
"""Lower temperatures than this are taken as 0: dividing by them overflows."""
ABSURD = 1e30
"""No logit is as large; divided by any temperature it still is a number."""
LIKELY = 1e-4
"""The nucleus is sought first among at most 10,000 tokens of at least this probability."""

BLOCK = 512
"""Tokens whose probabilities are summed first where no cut makes them few."""

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sampled:
    """A drawn token, and its logprob where the request asks for it."""

    token: int
    logprob: TokenLogprob | None


class SamplingState:
    """What one answer carries from token to token: its random generator and the tokens that it has used."""

    def __init__(self, params: SamplingParams, prompt: Sequence[int]) -> None:
        """The seed may be any integer; without one the generator starts from the system's randomness."""
        self.params = params
        # random.Random takes the absolute value of an int: -1 must not give the tokens of 1
        self._random = random.Random(None if params.seed is None else params.seed % 2**64)
        self._counts: dict[int, int] = dict.fromkeys(prompt, 0) if params.repetition_penalty != 1.0 else {}
        self._penalises = bool(params.presence_penalty or params.frequency_penalty or params.repetition_penalty != 1.0)
        self._bias_ids = np.fromiter(params.logit_bias.keys(), np.int64)
        self._bias = np.fromiter(params.logit_bias.values(), np.float32)

    @property
    def greedy(self) -> bool:
        """Whether the likeliest token is taken, the lowest id among equals."""
        params = self.params
        return params.temperature < GREEDY_BELOW or params.top_k == 1 or params.top_p <= 0.0

    @property
    def adjusts(self) -> bool:
        """Whether logits are changed before drawing."""
        return self._penalises or bool(self._bias_ids.size)

    def accept(self, token: int) -> None:
        """Note a token that became part of the answer."""
        if self._penalises:
            self._counts[token] = self._counts.get(token, 0) + 1

    def uniform(self) -> float:
        """A number in [0, 1), of 48 bits: times a positive double it stays below that double."""
        return self._random.getrandbits(48) * 2.0**-48

    def adjust(self, row: Tensor) -> None:
        """Apply penalties and bias to logits [V], in place.

        As OpenAI and vLLM define them: a positive logit of a token in prompt or answer is divided by the repetition
        penalty, a negative one multiplied with it; then frequency times the token's count in the answer and, if that
        is not 0, presence are subtracted."""
        if self._penalises and self._counts:
            self._penalise(row)
        inside = self._bias_ids < row.shape[0]
        if inside.any():
            ids = torch.from_numpy(self._bias_ids[inside]).to(row.device)  # [b]
            row[ids] += torch.from_numpy(self._bias[inside]).to(row.device)

    def _penalise(self, row: Tensor) -> None:
        params, used = self.params, len(self._counts)
        ids = torch.from_numpy(np.fromiter(self._counts.keys(), np.int64, used)).to(row.device)  # [u]
        counts = torch.from_numpy(np.fromiter(self._counts.values(), np.float32, used)).to(row.device)  # [u]
        logits = row[ids]  # [u]
        factor = params.repetition_penalty
        logits = torch.where(logits > 0, logits / factor, logits * factor)
        row[ids] = logits - params.frequency_penalty * counts - params.presence_penalty * (counts > 0)


def sample(logits: Tensor, states: Sequence[SamplingState], masks: Sequence[Tensor | None]) -> list[Sampled | None]:
    """Draw a token for each row of logits [n, V] (fp32, any device); they are left as they are.

    `masks` holds a packed int32 [ceil(V/32)] each, bit set = allowed, or None. The order is: penalties, bias, mask,
    temperature, min-p (against the likeliest), top-k, top-p of what these leave. A row gets None if its raw logits
    hold NaN or +Inf, or if nothing in it is allowed."""
    if not states:
        return []
    adjusted = _adjusted(logits, states, masks)  # [n, V]
    sound = _sound(logits) if adjusted is logits else _sound(logits) & _sound(adjusted)
    tokens: dict[int, int] = {}
    for draw, group in (
        (_greedy, [row for row in sound if states[row].greedy]),
        (_random, [row for row in sound if not states[row].greedy]),
    ):
        if group:
            tokens.update(zip(group, draw(_rows(adjusted, group), [states[row] for row in group]), strict=True))
    return [_sampled(logits[row], states[row], tokens.get(row)) for row in range(len(states))]


def _adjusted(logits: Tensor, states: Sequence[SamplingState], masks: Sequence[Tensor | None]) -> Tensor:
    """Logits [n, V] with penalties, bias and masks: a copy, or the logits themselves if there are none of these."""
    if not any(mask is not None or state.adjusts for mask, state in zip(masks, states, strict=True)):
        return logits
    adjusted = logits.clone()  # [n, V]
    for row, state, mask in zip(adjusted, states, masks, strict=True):
        state.adjust(row)
        if mask is not None:
            row.masked_fill_(_forbidden(mask, row.shape[0]).to(row.device), -torch.inf)
    return adjusted


def _forbidden(mask: Tensor, vocab: int) -> Tensor:
    """The bits that a packed mask lacks, as bool [vocab]; ids beyond its last bit are forbidden."""
    words: npt.NDArray[np.int32] = mask.cpu().numpy()
    return torch.from_numpy(np.unpackbits(words.view(np.uint8), count=vocab, bitorder="little") == 0)


def _sound(logits: Tensor) -> set[int]:
    """The rows of logits [n, V] that something can be drawn from: their highest value is a sane number."""
    # numpy: torch would wake its threads for ten microseconds of work. Both give NaN where any of the row is.
    peaks = logits.numpy().max(-1) if logits.device.type == "cpu" else logits.amax(-1)  # [n]
    return {row for row, peak in enumerate(peaks.tolist()) if abs(peak) < ABSURD}


def _rows(logits: Tensor, rows: list[int]) -> Tensor:
    """The named rows [m, V] of logits; without a copy if these are all."""
    return logits if len(rows) == logits.shape[0] else logits[torch.tensor(rows, device=logits.device)]


def _greedy(logits: Tensor, _: Sequence[SamplingState]) -> Iterable[int]:
    """The first of the highest logits of each row [m, V]."""
    if logits.device.type == "cpu":
        # torch's argmax on the CPU runs without SIMD: ten times numpy's time
        best: list[int] = logits.numpy().argmax(-1).tolist()
        return best
    device: list[int] = logits.argmax(-1).tolist()
    return device


def _random(logits: Tensor, states: Sequence[SamplingState]) -> Iterable[int]:
    """A token of each row [m, V], by temperature, truncation and the state's next uniform number."""
    heat = [state.params.temperature for state in states]
    if any(one != 1.0 for one in heat):
        logits = logits / torch.tensor(heat, device=logits.device)[:, None]
    probs = logits.softmax(-1)  # [m, V]
    uniforms = np.array([state.uniform() for state in states])  # [m]
    cuts = [_Cut.of(state.params, probs.shape[-1]) for state in states]
    tokens = np.zeros(len(states), np.int64)  # [m]
    for draw, group in (
        (_from_all, [row for row, cut in enumerate(cuts) if not cut.any]),
        (_from_some, [row for row, cut in enumerate(cuts) if cut.any]),
    ):
        if group:
            tokens[group] = draw(_rows(probs, group), uniforms[group], [cuts[row] for row in group])
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


def _sampled(raw: Tensor, state: SamplingState, token: int | None) -> Sampled | None:
    """A row's result; its logprobs are taken of the raw logits [V]."""
    wanted = state.params.logprobs
    if token is None or wanted is None:
        return None if token is None else Sampled(token, None)
    total = raw.logsumexp(-1)
    values, ids = raw.topk(min(wanted, raw.shape[0]))  # [k] each
    pairs = zip(ids.tolist(), (values - total).tolist(), strict=True)
    top = tuple((one, logprob) for one, logprob in pairs if logprob > -torch.inf)
    return Sampled(token, TokenLogprob(token, float(raw[token] - total), top))
