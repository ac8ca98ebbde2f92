"""kimi-nano for training: the same function as the engine's Kimi, over a batch whose rows continue one prefix."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import embedding

from kimicode_engine.config import ModelConfig
from kimicode_engine.model.rope import rope_table
from nano_training.learning.attention import attend, largest_logits
from nano_training.learning.balance import sequence_balance
from nano_training.learning.layers import before_attention, dense_after, normed, sparse_after
from nano_training.learning.parameters import EXPERTS, Tensors
from nano_training.learning.qat import straight_through

Layered = dict[str, tuple[torch.Tensor, ...]]
"""Parameters by name and layer."""

_WHOLE = ("embed", "norm", "head")
_BEFORE = ("input_norm", "q_a", "q_a_norm", "q_b", "kv_a", "kv_a_norm", "kv_b")
_BEHIND = ("o", "post_norm")
_DENSE = ("gate_up", "down")
_SPARSE = ("router", "shared_gate_up", "shared_down", "experts_gate_up", "experts_down")


@dataclass(frozen=True, slots=True)
class Way:
    """How a model computes; what it computes stays the same, up to rounding."""

    dtype: torch.dtype = torch.bfloat16
    sort: bool = True
    """Tokens sorted by expert (grouped_mm), instead of all experts on all tokens."""
    compiled: bool = False


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass over prefix [P] and rows [B, T] gives."""

    before: torch.Tensor
    """What each row's token is predicted from, [B·T, hidden], behind the last norm."""
    balance: torch.Tensor
    """The routers' sequence-wise loss, a mean over layers, not yet weighted."""
    load: torch.Tensor
    """How many of the batch's tokens each expert got, [sparse layers, E] fp32."""
    largest: torch.Tensor
    """The largest attention logits of a sample, [layers, heads] fp32."""
    head: torch.Tensor
    """The output head in the computing type, [vocab, hidden]."""


class Nano:
    """Parameters, the routers' biases [sparse layers, E] fp32, and the pass over them."""

    def __init__(self, config: ModelConfig, parameters: Tensors, way: Way) -> None:
        self.config, self.parameters, self.way = config, parameters, way
        device = parameters["embed"].device
        self.bias = torch.zeros(config.layers - config.dense_layers, config.experts, device=device)
        self.turns = rope_table(config, device)  # [window, rope/2, 2]
        self._before = self._made(before_attention)
        self._dense = self._made(dense_after)
        self._sparse = self._made(sparse_after)

    def run(self, prefix: torch.Tensor, tokens: torch.Tensor, *, quantised: bool) -> Pass:
        """prefix [P], at least one token, and tokens [B, T] int64, all in the window. `quantised`: experts as INT4.

        Raises ValueError for an empty prefix, or more tokens than the window holds."""
        rows, length = tokens.shape
        if not 1 <= len(prefix) <= self.config.window - length:
            raise ValueError(f"a prefix of {len(prefix)} and rows of {length}: the window is {self.config.window}")
        weights = self._weights(quantised=quantised)
        x = embedding(torch.cat((prefix, tokens.flatten())), weights["embed"][0])  # [N, hidden]
        turns = self._turns(len(prefix), rows, length)
        counted = (tokens != 0).flip(1).cumsum(1).flip(1) > 0  # [B, T]: zeros at the end are padding
        balances, loads, largest = [], [], []
        for layer in range(self.config.layers):
            x, logits, scores, chosen = self._layer(layer, x, turns, weights, len(prefix), rows)
            largest.append(logits)
            if scores is not None and chosen is not None:
                scores, chosen = (torch.unflatten(part[len(prefix) :], 0, (rows, -1)) for part in (scores, chosen))
                balances.append(sequence_balance(scores, chosen, counted, self.config.experts_per_token))
                loads.append((chosen & counted.unsqueeze(-1)).sum((0, 1)).float())  # [E]
        x = normed(x, weights["norm"][0], self.config.rms_eps)
        last, inside = x[len(prefix) - 1], torch.unflatten(x[len(prefix) :], 0, (rows, -1))  # [hidden], [B, T, hidden]
        before = torch.cat((last.expand(rows, 1, -1), inside[:, :-1]), dim=1).flatten(0, 1)  # [B·T, hidden]
        return Pass(before, torch.stack(balances).mean(), torch.stack(loads), torch.stack(largest), weights["head"][0])

    def _layer(
        self, layer: int, x: torch.Tensor, turns: torch.Tensor, weights: Layered, prefix: int, rows: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        """The stream behind a layer, its largest logits, and its router's scores and choice if it has one."""
        config, sparse = self.config, layer - self.config.dense_layers
        self._any_length(x, turns)
        query, key, value = self._before(x, turns, _at(weights, _BEFORE, layer), config)
        attended = attend(query, key, value, prefix, rows, config.softmax_scale)  # [N, heads·v]
        logits = largest_logits(query, key, prefix, rows, config.softmax_scale)
        self._any_length(attended)
        own = _at(weights, _BEHIND, layer)
        if sparse < 0:
            return self._dense(x, attended, own | _at(weights, _DENSE, layer), config), logits, None, None
        own |= _at(weights, _SPARSE, sparse)
        x, scores, chosen = self._sparse(x, attended, own, self.bias[sparse], config, sort=self.way.sort)
        return x, logits, scores, chosen

    def _weights(self, *, quantised: bool) -> Layered:
        """Every parameter in the computing type, layer by layer. The router stays fp32."""
        dtype, cast = self.way.dtype, {}
        for name, values in self.parameters.items():
            if quantised and name in EXPERTS:
                made = straight_through(values, dtype)
            else:
                made = values if name == "router" else values.to(dtype)
            cast[name] = (made,) if name in _WHOLE else made.unbind(0)
        return cast

    def _turns(self, prefix: int, rows: int, length: int) -> torch.Tensor:
        """Cosines and sines of all tokens, [N, rope/2, 2]."""
        row = self.turns[prefix : prefix + length].expand(rows, -1, -1, -1).flatten(0, 1)
        return torch.cat((self.turns[:prefix], row))

    def _any_length(self, *parts: torch.Tensor) -> None:
        """Batches differ in length: what is compiled must not be compiled again for each."""
        if self.way.compiled:
            for part in parts:
                torch._dynamo.maybe_mark_dynamic(part, 0)

    def _made(self, part: Callable[..., Any]) -> Callable[..., Any]:
        return torch.compile(part, dynamic=None) if self.way.compiled else part


def _at(weights: Layered, names: Sequence[str], layer: int) -> Tensors:
    return {name: weights[name][layer] for name in names}
