"""Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, §2.1): the cache keeps one latent per token, from which
each head's key and value follow. Tokens that decode never expand it; a prompt's chunks do, where that is cheaper."""

from collections.abc import Mapping

import torch

from kimicode_engine.cache.latent import LatentCache, Placement
from kimicode_engine.config import ModelConfig
from kimicode_engine.model.layers import Linear, NormedLinears, RmsNorm
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
            q = Linear(kernels, slots["q"])
        else:
            q = Linear(kernels, slots["q_a"], slots.get("q_a_bias"))
            self.q_a_norm = RmsNorm(kernels, slots["q_a_norm"], LATENT_EPS)
            self.q_b = Linear(kernels, slots["q_b"])
        kv_a = Linear(kernels, slots["kv_a"], slots.get("kv_a_bias"))
        self.first = NormedLinears(RmsNorm(kernels, slots["input_norm"], config.rms_eps), (q, kv_a))
        self.kv_a_norm = slots["kv_a_norm"]  # [rank]
        self.o = Linear(kernels, slots["o"], slots.get("o_bias"))
        self.kv_b = slots["kv_b"].view(config.heads, -1, config.kv_lora_rank)  # [heads, nope + v, rank]
        self.to_rank = self.kv_b[:, : config.qk_nope_head_dim].transpose(1, 2)  # [heads, rank, nope]
        self.from_rank = self.kv_b[:, config.qk_nope_head_dim :]  # [heads, v, rank]

    def __call__(
        self,
        x: torch.Tensor,
        residual: torch.Tensor | None,
        turns: torch.Tensor,
        placement: Placement,
        cache: LatentCache,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """x, residual [T, hidden], turns [T, rope/2, 2] → what is to be added to their sum, and the sum. Writes the
        tokens' latents to the cache first."""
        (q, latents), _, residual = self.first(x, residual)  # [T, q rank or heads · (nope + rope)], [T, latent]
        query = self._queries(q)  # [T, heads, nope + rope]
        rows, pages = placement.decode_rows, cache.layer(self.layer)
        plain = query[..., self.config.qk_nope_head_dim :]  # [T, heads, rope]
        absorbed = query.new_empty(rows, self.config.heads, self.config.latent_dim)  # [D, heads, latent]
        # Where all rows decode, their turned parts go at once to where decoding wants them.
        turned = plain if placement.chunks else absorbed[..., self.config.kv_lora_rank :]
        self._turn_and_write(plain, latents, turns, pages, placement.slots, turned)
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
        return self.o(out.flatten(1)), residual

    def _queries(self, q: torch.Tensor) -> torch.Tensor:
        """q [T, q rank], or the queries themselves → [T, heads, nope + rope], without position."""
        if self.config.q_lora_rank is not None:
            q = self.q_b(self.q_a_norm(q))  # [T, heads · (nope + rope)]
        return q.view(-1, self.config.heads, self.config.qk_head_dim)

    def _turn_and_write(
        self,
        plain: torch.Tensor,
        latents: torch.Tensor,
        turns: torch.Tensor,
        pages: torch.Tensor,
        slots: torch.Tensor,
        out: torch.Tensor,
    ) -> None:
        """Turn the queries' plain [T, heads, rope] into `out`, and put latents [T, latent], normalised and their keys'
        parts turned, into the pages at `slots`."""
        self.kernels.rope_and_write(
            plain,
            latents,
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
