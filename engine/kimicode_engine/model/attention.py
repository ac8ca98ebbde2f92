"""Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, §2.1): the cache keeps one latent per token, from which
each head's key and value follow. Tokens that decode never expand it; a prompt's chunks do, where that is cheaper."""

from collections.abc import Mapping

import torch

from kimicode_engine.cache.latent import LatentCache, Placement
from kimicode_engine.config import ModelConfig
from kimicode_engine.model.layers import Linear, RmsNorm
from kimicode_kernels.select import Kernels

LATENT_EPS = 1e-6
"""Of the two norms inside attention. The published models leave them at this default, whatever config.json says."""


class Attention:
    """One layer's attention. Shapes below: T tokens of a step, D of them decode; `latent` = rank + rope values."""

    def __init__(self, kernels: Kernels, config: ModelConfig, layer: int, slots: Mapping[str, torch.Tensor]) -> None:
        self.kernels = kernels
        self.config = config
        self.layer = layer
        if config.q_lora_rank is None:
            self.q = Linear(kernels, slots["q"])
        else:
            self.q_a = Linear(kernels, slots["q_a"], slots.get("q_a_bias"))
            self.q_a_norm = RmsNorm(kernels, slots["q_a_norm"], LATENT_EPS)
            self.q = Linear(kernels, slots["q_b"])
        self.kv_a = Linear(kernels, slots["kv_a"], slots.get("kv_a_bias"))
        self.kv_a_norm = slots["kv_a_norm"]  # [rank]
        self.o = Linear(kernels, slots["o"], slots.get("o_bias"))
        self.kv_b = slots["kv_b"].view(config.heads, -1, config.kv_lora_rank)  # [heads, nope + v, rank]
        self.to_rank = self.kv_b[:, : config.qk_nope_head_dim].transpose(1, 2)  # [heads, rank, nope]
        self.from_rank = self.kv_b[:, config.qk_nope_head_dim :]  # [heads, v, rank]

    def __call__(self, x: torch.Tensor, turns: torch.Tensor, placement: Placement, cache: LatentCache) -> torch.Tensor:
        """x [T, hidden], turns [T, rope/2, 2] → [T, hidden]; writes the tokens' latents to the cache first."""
        query = self._queries(x)  # [T, heads, nope + rope]
        rows, pages = placement.decode_rows, cache.layer(self.layer)
        plain = query[..., self.config.qk_nope_head_dim :]  # [T, heads, rope]
        absorbed = query.new_empty(rows, self.config.heads, self.config.latent_dim)  # [D, heads, latent]
        # Where all rows decode, their turned parts go at once to where decoding wants them.
        turned = plain if placement.chunks else absorbed[..., self.config.kv_lora_rank :]
        self._turn_and_write(plain, x, turns, pages, placement.slots, turned)
        if rows and placement.chunks:
            absorbed[..., self.config.kv_lora_rank :] = plain[:rows]
        outs = [self._decode(query[:rows], absorbed, placement, pages)] if rows else []  # each [·, heads, v]
        for chunk in placement.chunks:
            part = query[chunk.start : chunk.stop]
            outs.append(
                self.kernels.mla_prefill(
                    part, pages, chunk.pages, chunk.context, self.kv_b, scale=self.config.softmax_scale
                )
            )
        out = outs[0] if len(outs) == 1 else torch.cat(outs)  # [T, heads, v]
        return self.o(out.flatten(1))

    def _queries(self, x: torch.Tensor) -> torch.Tensor:
        """x [T, hidden] → [T, heads, nope + rope], without position."""
        if self.config.q_lora_rank is not None:
            x = self.q_a_norm(self.q_a(x))  # [T, q rank]
        return self.q(x).view(-1, self.config.heads, self.config.qk_head_dim)

    def _turn_and_write(
        self,
        plain: torch.Tensor,
        x: torch.Tensor,
        turns: torch.Tensor,
        pages: torch.Tensor,
        slots: torch.Tensor,
        out: torch.Tensor,
    ) -> None:
        """Turn the queries' plain [T, heads, rope] into `out`, and put the normalised latents of x with their keys'
        turned parts into the pages at `slots`."""
        self.kernels.rope_and_write(
            plain,
            self.kv_a(x),  # [T, latent]
            turns,
            self.kv_a_norm,
            LATENT_EPS,
            pages,
            slots,
            interleaved=self.config.rope_interleave,
            out=out,
        )

    def _decode(
        self, query: torch.Tensor, absorbed: torch.Tensor, placement: Placement, pages: torch.Tensor
    ) -> torch.Tensor:
        """query [D, heads, nope + rope], absorbed [D, heads, latent] whose turned part is there → [D, heads, v], with
        kv_b's halves moved to query and output: q · (K c) = (Kᵀ q) · c, and Σ p (V c) = V (Σ p c)."""
        rank = self.config.kv_lora_rank
        self.kernels.gemv_heads(query[..., : self.config.qk_nope_head_dim], self.to_rank, out=absorbed[..., :rank])
        out, _ = self.kernels.mla_decode(
            absorbed,
            pages,
            placement.block_table,
            placement.lengths,
            scale=self.config.softmax_scale,
            rank=rank,
            plan=placement.plan,
        )  # [D, heads, rank]
        return self.kernels.gemv_heads(out, self.from_rank)
