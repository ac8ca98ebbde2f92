"""A tiny checkpoint that knows a few texts by heart, fitted by the engine's own reference forward pass.

A random model's two likeliest tokens are often nearer than bf16 can tell apart; after these prompts one is far ahead.
Sizes are those that the Triton kernels take, latents Kimi's 512 + 64."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import cross_entropy, one_hot, scaled_dot_product_attention

from kimicode_engine.batch import build
from kimicode_engine.cache.latent import LatentCache
from kimicode_engine.checkpoint import names
from kimicode_engine.checkpoint.load import load_weights
from kimicode_engine.checkpoint.tiny import write_tiny
from kimicode_engine.config import ModelConfig, read_config
from kimicode_engine.limits import PAGE
from kimicode_engine.model.kimi import Kimi
from kimicode_engine.request import Request, SamplingParams
from kimicode_engine.sequence import Part, Sequence
from kimicode_engine.tokenizer import Tokenizer
from kimicode_kernels.select import REFERENCE

CPU = torch.device("cpu")
SIZES: dict[str, Any] = {
    "layers": 2,
    "heads": 8,
    "window": 1024,
    "q_lora_rank": 64,
    "kv_lora_rank": 512,
    "qk_nope_head_dim": 32,
    "qk_rope_head_dim": 64,
    "v_head_dim": 32,
    "intermediate_size": 256,
    "moe_intermediate_size": 128,
}
ANSWER = 128
"""Tokens that are known after each prompt."""
STEPS, RATE, WARM = 50, 6e-3, 8
"""Of Adam, its highest learning rate, and the steps in which that is reached."""
NOISE = 0.03
"""Deviation of what each weight is multiplied with in a step: more than rounding to bf16 does, and more than enough to
exchange experts of nearly the same score, so that the model learns to say the same in spite of either."""
AHEAD = 10.0
"""Logits that a known token is made to be better than the others by: so much is taken from it while it is learnt."""
FROZEN = ("_scale", "_packed", "router", "router_bias")
"""Endings of slots that stay random: the experts as INT4 codes, and who chooses them."""

TEXTS = (
    (8, """\
The lamp at the harbour burns all night. Whoever keeps it climbs ninety steps at dusk, trims the wick, winds the
clockwork and writes the weather into a book: wind from the west, rain towards morning, two sails in sight. Nobody has
read the book in forty years, yet every page is full, and the hand that fills it has never once skipped a line."""),
    (30, """\
def total(basket): if not basket: return 0. A queue of parcels waits behind the counter; each has a weight, a stamp
and an address that somebody wrote by hand. The clerk lifts the first one, reads it aloud, and puts it where it belongs:
north, south, abroad, unknown. By noon the unknown pile is the highest, for people trust a name more than a number, and
by evening all of them have found their way in spite of it."""),
    (100, """\
Seven bridges cross the river, and seven children once tried to walk over each of them exactly one time. They started
from the market, from the mill, from the island; they ran, they drew maps in the sand, they quarrelled. In the end the
smallest of them counted on her fingers how many bridges touch each bank, and laughed. It cannot be done, she said, and
I can tell you why: three is odd, five is odd, and whoever comes in by an odd door must some day stay inside. The
others threw sand at her. A hundred years later a man with one good eye wrote the same into a letter, and it became a
science. The bridges are gone by now, all but two, which the town has painted blue."""),
)  # fmt: skip
"""(tokens of the prompt, a text that goes on long enough behind it)"""


@dataclass(frozen=True, slots=True)
class Known:
    """A prompt and what the model says to it."""

    prompt: list[int]
    answer: list[int]


def known(tokenizer: Tokenizer) -> list[Known]:
    """The texts in tokens."""
    found = []
    for size, text in TEXTS:
        tokens = tokenizer.encode(text)
        assert len(tokens) >= size + ANSWER, f"{len(tokens)} tokens are too few: {text[:20]}"
        found.append(Known(tokens[:size], tokens[size : size + ANSWER]))
    return found


def write_learnt(folder: Path) -> None:
    """Write the checkpoint, in Kimi K2.6's format with INT4 experts. A few seconds; the same bytes on one machine."""
    config = write_tiny(folder, **SIZES)
    slots = load_weights(folder, config, device=CPU, dtype=torch.float32)
    fit(config, slots, known(Tokenizer.load(folder, config)))
    keep(folder, config, slots)


def fit(config: ModelConfig, slots: dict[str, torch.Tensor], texts: list[Known]) -> None:
    """Train all slots but the frozen ones until the texts are known."""
    trained = [tensor.requires_grad_() for name, tensor in slots.items() if not name.endswith(FROZEN)]
    adam = torch.optim.Adam(trained, lr=RATE, betas=(0.9, 0.98))
    generator = torch.Generator().manual_seed(0)
    wanted = torch.tensor([token for text in texts for token in text.answer])  # [n]
    for step in range(STEPS):
        for group in adam.param_groups:
            group["lr"] = RATE * min((step + 1) / WARM, 1.0 - step / STEPS)
        adam.zero_grad()
        logits = predicted(config, shaken(slots, generator), texts)  # [n, vocab]
        cross_entropy(logits - AHEAD * one_hot(wanted, config.vocab_size), wanted).backward()
        adam.step()
    for tensor in trained:
        tensor.requires_grad_(False)


def shaken(slots: dict[str, torch.Tensor], generator: torch.Generator) -> dict[str, torch.Tensor]:
    """The weights with noise; INT4 codes and their scales as they are."""
    return {
        name: tensor
        if name.endswith(("_scale", "_packed"))
        else tensor * (1.0 + NOISE * torch.randn(tensor.shape, generator=generator))
        for name, tensor in slots.items()
    }


def predicted(config: ModelConfig, slots: dict[str, torch.Tensor], texts: list[Known]) -> torch.Tensor:
    """Logits of all answers' tokens at once, each after the right ones before it, [n, vocab]."""
    model = Kimi(config, slots, replace(REFERENCE, mla_prefill=attend))
    pages = [-(-(len(text.prompt) + ANSWER) // PAGE) for text in texts]
    rows: list[int] = []
    parts: list[Part] = []
    start = 0
    for number, text in enumerate(texts):
        tokens = text.prompt + text.answer
        own = list(range(sum(pages[:number]), sum(pages[: number + 1])))
        request = Request(str(number), tuple(tokens), SamplingParams(max_tokens=1))
        parts.append(Part(Sequence(request, tokens, pages=own), 0, len(tokens)))
        rows += range(start + len(text.prompt) - 1, start + len(tokens) - 1)
        start += len(tokens)
    batch = build(parts, CPU)
    cache = LatentCache(config.layers, sum(pages), config.latent_dim, torch.float32, CPU)
    return model.forward(batch.tokens, batch.positions, batch.placement, cache, torch.tensor(rows))


def attend(query, cache, pages, context, kv_b, *, scale):
    """The reference's attention of a whole prompt, of operations that have a gradient."""
    rank = kv_b.shape[2]
    latents = cache[pages].flatten(0, 1)[:context]  # [keys, rank + rope]
    both = torch.matmul(latents[:, :rank], kv_b.transpose(1, 2))  # [heads, keys, nope + v]
    turned = latents[:, rank:].expand(len(both), -1, -1)  # [heads, keys, rope]
    nope = query.shape[2] - turned.shape[2]
    keys = torch.cat((both[..., :nope], turned), dim=-1)
    out = scaled_dot_product_attention(query.transpose(0, 1), keys, both[..., nope:], is_causal=True, scale=scale)
    return out.transpose(0, 1)


def keep(folder: Path, config: ModelConfig, slots: dict[str, torch.Tensor]) -> None:
    """Put what was learnt into the checkpoint's files, rounded as they hold it."""
    where = {stored.name: stored for stored in names.stored(config) if not stored.slot.endswith(FROZEN)}
    for file in folder.glob("*.safetensors"):
        tensors = load_file(file)
        for name in tensors.keys() & where.keys():
            stored = where[name]
            if stored.slot:
                tensors[name] = slots[stored.slot][stored.index or ...].to(tensors[name].dtype).contiguous()
        save_file(tensors, file, metadata={"format": "pt"})


def load(folder: Path, device: torch.device, dtype: torch.dtype) -> tuple[Kimi, Tokenizer]:
    """The model on `device`, and its tokenizer."""
    config = read_config(folder)
    slots = load_weights(folder, config, device=device, dtype=dtype)
    return Kimi(config, slots), Tokenizer.load(folder, config)
