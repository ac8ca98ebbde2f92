"""Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, §2.1): the cache keeps one latent per token, from which
each head's key and value follow. Tokens that decode never expand it; a prompt's chunks do, where that is cheaper."""

from collections.abc import Mapping

import torch

from kimicode_engine.cache.latent import LatentCache, Placement
from kimicode_engine.config import ModelConfig
from kimicode_engine.model.layers import Linear, RmsNorm
from kimicode_kernels.reference.mla_decode import mla_decode
from kimicode_kernels.reference.mla_prefill import mla_prefill
from kimicode_kernels.reference.rope import rope

LATENT_EPS = 1e-6
"""Of the two norms inside attention. The published models leave them at this default, whatever config.json says."""


class Attention:
    """One layer's attention. Shapes below: T tokens of a step, D of them decode; `latent` = rank + rope values."""

    def __init__(self, config: ModelConfig, layer: int, slots: Mapping[str, torch.Tensor]) -> None:
        self.config = config
        self.layer = layer
        if config.q_lora_rank is None:
            self.q = Linear(slots["q"])
        else:
            self.q_a = Linear(slots["q_a"], slots.get("q_a_bias"))
            self.q_a_norm = RmsNorm(slots["q_a_norm"], LATENT_EPS)
            self.q = Linear(slots["q_b"])
        self.kv_a = Linear(slots["kv_a"], slots.get("kv_a_bias"))
        self.kv_a_norm = RmsNorm(slots["kv_a_norm"], LATENT_EPS)
        self.o = Linear(slots["o"], slots.get("o_bias"))
        self.kv_b = slots["kv_b"].view(config.heads, -1, config.kv_lora_rank)  # [heads, nope + v, rank]
        self.to_rank = self.kv_b[:, : config.qk_nope_head_dim]  # [heads, nope, rank]
        self.from_rank = self.kv_b[:, config.qk_nope_head_dim :].transpose(1, 2)  # [heads, rank, v]

    def __call__(self, x: torch.Tensor, turns: torch.Tensor, placement: Placement, cache: LatentCache) -> torch.Tensor:
        """x [T, hidden], turns [T, rope/2, 2] → [T, hidden]; writes the tokens' latents to the cache first."""
        nope, turned = self._queries(x, turns)  # [T, heads, nope], [T, heads, rope]
        cache.write(self.layer, self._latents(x, turns), placement.slots)
        rows = placement.decode_rows
        outs = [self._decode(nope[:rows], turned[:rows], placement, cache)] if rows else []  # each [·, heads, v]
        for chunk in placement.chunks:
            query = torch.cat((nope[chunk.start : chunk.stop], turned[chunk.start : chunk.stop]), dim=-1)
            pages = cache.layer(self.layer)
            outs.append(
                mla_prefill(query, pages, chunk.pages, chunk.context, self.kv_b, scale=self.config.softmax_scale)
            )
        out = outs[0] if len(outs) == 1 else torch.cat(outs)  # [T, heads, v]
        return self.o(out.flatten(1))

    def _queries(self, x: torch.Tensor, turns: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """x [T, hidden] → the queries' parts without position [T, heads, nope] and with it [T, heads, rope]."""
        config = self.config
        if config.q_lora_rank is not None:
            x = self.q_a_norm(self.q_a(x))  # [T, q rank]
        query = self.q(x).view(-1, config.heads, config.qk_head_dim)  # [T, heads, nope + rope]
        nope, plain = query[..., : config.qk_nope_head_dim], query[..., config.qk_nope_head_dim :]
        return nope, rope(plain, turns, config.rope_interleave)

    def _latents(self, x: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
        """x [T, hidden] → what the cache keeps, [T, latent]: the normalised latent, then the key's turned part."""
        config = self.config
        both = self.kv_a(x)  # [T, latent]
        latent = self.kv_a_norm(both[:, : config.kv_lora_rank])  # [T, rank]
        turned = rope(both[:, None, config.kv_lora_rank :], turns, config.rope_interleave).squeeze(1)  # [T, rope]
        return torch.cat((latent, turned), dim=-1)

    def _decode(
        self, nope: torch.Tensor, turned: torch.Tensor, placement: Placement, cache: LatentCache
    ) -> torch.Tensor:
        """nope [D, heads, nope], turned [D, heads, rope] → [D, heads, v], with kv_b's halves moved to query and output:
        q · (K c) = (Kᵀ q) · c, and Σ p (V c) = V (Σ p c)."""
        absorbed = torch.bmm(nope.transpose(0, 1), self.to_rank).transpose(0, 1)  # [D, heads, rank]
        query = torch.cat((absorbed, turned), dim=-1)  # [D, heads, latent]
        out, _ = mla_decode(
            query,
            cache.layer(self.layer),
            placement.block_table,
            placement.lengths,
            scale=self.config.softmax_scale,
            rank=self.config.kv_lora_rank,
        )  # [D, heads, rank]
        return torch.bmm(out.transpose(0, 1), self.from_rank).transpose(0, 1)
