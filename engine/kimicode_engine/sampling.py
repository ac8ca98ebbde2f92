"""The next token of each row of logits: penalties, bias and mask, then a draw by `drawing` or by the model's kernels.

Logprobs are those of the model itself: the log-softmax of the raw logits, before anything below changes them.
Each answer draws one uniform number a token from its own generator, so neighbours in the batch change nothing."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from kimicode_engine import drawing
from kimicode_engine.output import TokenLogprob
from kimicode_engine.request import SamplingParams

GREEDY_BELOW = 1e-5
"""Lower temperatures than this are taken as 0: dividing by them overflows."""
ABSURD = 1e30
"""No logit is as large; divided by any temperature it still is a number."""
Draw = Callable[..., Tensor]
"""Draws where the logits are, without waiting for it: of logits [n, V] alone the likeliest tokens; with `uniforms` [n]
fp64 and limits [n] (`temperature`, and `top_k`, `top_p`, `min_p` where they cut) those that they lead to. → [n] int64,
-1 where a row holds NaN or +Inf, or no number."""


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
            ids = _sent(self._bias_ids[inside], row.device)  # [b]
            row[ids] += _sent(self._bias[inside], row.device)

    def _penalise(self, row: Tensor) -> None:
        params, used = self.params, len(self._counts)
        ids = _sent(np.fromiter(self._counts.keys(), np.int64, used), row.device)  # [u]
        counts = _sent(np.fromiter(self._counts.values(), np.float32, used), row.device)  # [u]
        logits = row[ids]  # [u]
        factor = params.repetition_penalty
        logits = torch.where(logits > 0, logits / factor, logits * factor)
        row[ids] = logits - params.frequency_penalty * counts - params.presence_penalty * (counts > 0)


def sample(
    logits: Tensor, states: Sequence[SamplingState], masks: Sequence[Tensor | None], draw: Draw | None = None
) -> list[Sampled | None]:
    """Draw a token for each row of logits [n, V] (fp32, any device), with `draw` if given; they are left as they are.

    `masks` holds a packed int32 [ceil(V/32)] each, bit set = allowed, or None. The order is: penalties, bias, mask,
    temperature, min-p (against the likeliest), top-k, top-p of what these leave. A row gets None if its raw logits
    hold NaN or +Inf, or if nothing in it is allowed."""
    if not states:
        return []
    adjusted = _adjusted(logits, states, masks)  # [n, V]
    tokens = _here(logits, adjusted, states) if draw is None else _there(draw, logits, adjusted, states)
    return [_sampled(logits[row], states[row], tokens.get(row)) for row in range(len(states))]


def _here(logits: Tensor, adjusted: Tensor, states: Sequence[SamplingState]) -> dict[int, int]:
    """The tokens of the rows that have one, by PyTorch and the CPU."""
    sound = _sound(logits) if adjusted is logits else _sound(logits) & _sound(adjusted)
    tokens: dict[int, int] = {}
    sure, unsure = [row for row in sound if states[row].greedy], [row for row in sound if not states[row].greedy]
    if sure:
        tokens.update(zip(sure, drawing.greedy(drawing.rows_of(adjusted, sure)), strict=True))
    if unsure:
        params = [states[row].params for row in unsure]
        uniforms = np.array([states[row].uniform() for row in unsure])  # [m]
        drawn = drawing.random(drawing.rows_of(adjusted, unsure), params, uniforms)
        tokens.update(zip(unsure, drawn, strict=True))
    return tokens


def _there(draw: Draw, logits: Tensor, adjusted: Tensor, states: Sequence[SamplingState]) -> dict[int, int]:
    """The tokens of the rows that have one, by `draw`: the host waits for nothing but them."""
    if all(state.greedy for state in states):
        tokens = draw(adjusted)  # [n]
    else:
        tokens = draw(adjusted, **_limits(states, logits.device))  # [n]
    if adjusted is not logits:
        # a mask may have covered what is no number; a row's maximum is NaN where any of it is
        tokens = torch.where(logits.amax(-1).abs() < ABSURD, tokens, -1)
    return {row: token for row, token in enumerate(tokens.tolist()) if token >= 0}


def _limits(states: Sequence[SamplingState], device: torch.device) -> dict[str, Tensor]:
    """Uniform numbers and limits [n] of each row, brought to the device together: of cuts none, top-p alone, or all, as
    each combination has kernels of its own."""
    params, count = [state.params for state in states], len(states)
    columns: dict[str, list[float]] = {
        "uniforms": [0.0 if state.greedy else state.uniform() for state in states],
        "temperature": [0.0 if state.greedy else state.params.temperature for state in states],
    }
    finer = any(one.top_k or one.min_p > 0.0 for one in params)
    if finer or any(one.top_p < 1.0 for one in params):
        columns["top_p"] = [one.top_p for one in params]
    if finer:
        columns |= {"top_k": [one.top_k for one in params], "min_p": [one.min_p for one in params]}
    table = np.zeros((len(columns), count + count % 2))  # [columns, n], each at a multiple of 16 bytes
    table[:, :count] = list(columns.values())
    limits = dict(zip(columns, _sent(table, device)[:, :count], strict=True))
    return limits | {"top_k": limits["top_k"].int()} if finer else limits


def _sent(values: npt.NDArray[Any], device: torch.device) -> Tensor:
    """Numbers on the device, which the host does not wait for."""
    tensor = torch.from_numpy(values)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def _adjusted(logits: Tensor, states: Sequence[SamplingState], masks: Sequence[Tensor | None]) -> Tensor:
    """Logits [n, V] with penalties, bias and masks: a copy, or the logits themselves if there are none of these."""
    if not any(mask is not None or state.adjusts for mask, state in zip(masks, states, strict=True)):
        return logits
    adjusted = logits.clone()  # [n, V]
    for row, state, mask in zip(adjusted, states, masks, strict=True):
        state.adjust(row)
        if mask is not None:
            row.masked_fill_(_forbidden(mask, row.shape[0], row.device), -torch.inf)
    return adjusted


def _forbidden(mask: Tensor, vocab: int, device: torch.device) -> Tensor:
    """The bits that a packed mask [W] lacks, as bool [vocab]; ids beyond its last bit are forbidden."""
    words: npt.NDArray[np.int32] = mask.cpu().numpy()
    if device.type == "cpu":
        return torch.from_numpy(np.unpackbits(words.view(np.uint8), count=vocab, bitorder="little") == 0)
    whole = np.zeros(-(-vocab // 32), np.int32)  # [ceil(vocab / 32)]
    whole[: len(words)] = words[: len(whole)]
    bits = _sent(whole, device)[:, None] >> torch.arange(32, dtype=torch.int32, device=device)  # [·, 32]
    return (bits & 1 == 0).flatten()[:vocab]


def _sound(logits: Tensor) -> set[int]:
    """The rows of logits [n, V] that something can be drawn from: their highest value is a sane number."""
    # numpy: torch would wake its threads for ten microseconds of work. Both give NaN where any of the row is.
    peaks = logits.numpy().max(-1) if logits.device.type == "cpu" else logits.amax(-1)  # [n]
    return {row for row, peak in enumerate(peaks.tolist()) if abs(peak) < ABSURD}


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
