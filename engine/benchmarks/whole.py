"""The whole model on one GPU, without a checkpoint: K2.6's true geometry with fewer experts a layer, random weights.

`python engine/benchmarks/whole.py [--experts 32 --layers 61 --context 4096 --tokens 512 --out FILE]`: decoding at batch
1 with CUDA graphs and real sampling; tokens per second, and the share of the card's read rate that this is."""

import argparse
import datetime
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch

from kimicode_engine.cache.latent import LatentCache
from kimicode_engine.checkpoint.names import Kind, Owner, Slot, slots
from kimicode_engine.checkpoint.slots import slot_type
from kimicode_engine.config import ModelConfig, parse_config
from kimicode_engine.limits import PAGE
from kimicode_engine.model.kimi import Kimi
from kimicode_engine.request import Request, SamplingParams
from kimicode_engine.runner import ModelRunner
from kimicode_engine.sampling import SamplingState, sample
from kimicode_engine.sequence import Part
from kimicode_engine.sequence import Sequence as Running

DTYPE = torch.bfloat16
SPREAD = 6.0
"""Standard deviation of the logits."""
K26 = {
    "model_type": "deepseek_v3", "hidden_size": 7168, "num_hidden_layers": 61, "num_attention_heads": 64,
    "vocab_size": 163840, "max_position_embeddings": 262144, "q_lora_rank": 1536, "kv_lora_rank": 512,
    "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "first_k_dense_replace": 1,
    "intermediate_size": 18432, "moe_intermediate_size": 2048, "n_routed_experts": 384, "num_experts_per_tok": 8,
    "n_shared_experts": 1, "routed_scaling_factor": 2.827, "rms_norm_eps": 1e-5, "rope_theta": 50000,
    "rope_scaling": {"type": "yarn", "factor": 64.0, "original_max_position_embeddings": 4096, "mscale": 1.0,
                     "mscale_all_dim": 1.0},
    "quantization_config": {"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {
        "group_0": {"input_activations": None, "weights": {"type": "int", "num_bits": 4, "symmetric": True,
                                                           "strategy": "group", "group_size": 32}}}},
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the model, decode, print and write the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--experts", type=int, default=32)
    parser.add_argument("--layers", type=int, default=61)
    parser.add_argument("--context", type=int, default=4096)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--eager", action="store_true", help="without CUDA graphs")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    raw = {**K26, "n_routed_experts": given.experts, "num_hidden_layers": given.layers}
    config = replace(parse_config(raw), window=given.context + given.tokens + PAGE)
    device = torch.device("cuda")
    read = read_rate()
    started = time.perf_counter()
    model = Kimi(config, {slot.name: filled(slot, device) for slot in slots(config)})
    cache = LatentCache(config.layers, -(-config.window // PAGE) + 1, config.latent_dim, DTYPE, device)
    cache.latents.normal_()
    runner = ModelRunner(model, cache, device, graphs=not given.eager)
    runner.warm(1)
    used = torch.cuda.memory_allocated() / 1e9
    seconds = time.perf_counter() - started
    say(f"{used:.1f} GB, {model.kernels.name}, made in {seconds:.0f} s; read {read / 1e12:.2f} TB/s")
    steps, forwards = decode(runner, config, given.context, given.tokens)
    step, forward = median(steps), median(forwards)
    moved = bytes_per_token(config, given.context + given.tokens // 2)
    share = moved / step / read
    rates = f"{1 / step:.1f} tokens/s, {1e3 * step:.2f} ms a step, {1e3 * forward:.2f} of them the model on the GPU"
    say(f"{rates}, {moved / 1e9:.2f} GB a token: {share:.0%} of the read rate")
    if given.out:
        figures = {
            "tokens_per_second": 1 / step,
            "step_ms": 1e3 * step,
            "model_ms": 1e3 * forward,
            "bytes_per_token": moved,
            "share": share,
        }
        day = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
        device_name, kernels = torch.cuda.get_device_name(), model.kernels.name
        about = {"device": device_name, "torch": torch.__version__, "date": day, "kernels": kernels, "read": read}
        asked = {name: value for name, value in vars(given).items() if name != "out"}
        given.out.write_text(json.dumps({**about, **asked, **figures}, indent=2) + "\n")
    return 0


def filled(slot: Slot, device: torch.device) -> torch.Tensor:
    """A slot of random values, small enough that activations stay finite through all layers."""
    kind = slot_type(slot.kind, DTYPE)
    if slot.kind is Kind.PACKED:
        return torch.randint(-(2**31), 2**31 - 1, slot.shape, dtype=kind, device=device)
    made = torch.empty(slot.shape, dtype=kind, device=device)
    if slot.owner is Owner.NORM:
        return made.fill_(1.0)
    if slot.kind is Kind.SCALE:
        return made.uniform_(0.001, 0.004)
    if slot.kind is Kind.FLOAT32:
        return made.normal_(std=0.01)
    # The head's logits spread as a trained model's do: a nucleus of tens of tokens, not of the whole vocabulary.
    return made.normal_(std=(SPREAD if slot.owner is Owner.HEAD else 1.0) * slot.shape[-1] ** -0.5)


def decode(runner: ModelRunner, config: ModelConfig, context: int, tokens: int) -> tuple[list[float], list[float]]:
    """Seconds of each step, with sampling at temperature 1.0 and top-p 0.95 and the token back on the host; and of the
    GPU's work on the model in it, by its own clock."""
    params = SamplingParams(max_tokens=tokens, temperature=1.0, top_p=0.95, seed=1)
    prompt = tuple(random.Random(1).choices(range(config.vocab_size), k=context))
    running = Running(Request("1", prompt, params), list(prompt), computed=context - 1)
    running.pages = list(range(-(-config.window // PAGE)))
    state, steps, forwards = SamplingState(params, prompt), [], []
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    with torch.inference_mode():
        for _ in range(tokens):
            started = time.perf_counter()
            begin.record()
            logits = runner.run([Part(running, len(running.tokens) - 1, 1)])  # [1, vocab]
            end.record()
            (drawn,) = sample(logits, [state], [None], runner.draw)
            assert drawn is not None, "the logits are no numbers"
            running.tokens.append(drawn.token)
            steps.append(time.perf_counter() - started)
            forwards.append(1e-3 * float(begin.elapsed_time(end)))
    return steps[8:], forwards[8:]


def bytes_per_token(config: ModelConfig, context: int) -> int:
    """What a decoding step has to read: all weights but unused experts and the embedding, and the latents."""
    total = 0
    for slot in slots(config):
        size = torch.Size(slot.shape).numel() * slot_type(slot.kind, DTYPE).itemsize
        if slot.owner is Owner.EXPERTS:
            size = size * config.experts_per_token // config.experts
        total += 0 if slot.owner is Owner.EMBEDDING else size
    return total + context * config.layers * config.latent_dim * DTYPE.itemsize


def read_rate() -> float:
    """Bytes per second that the card reads in a large sum."""
    big = torch.empty(2**30, dtype=torch.float32, device="cuda").normal_()
    big.sum()
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    begin.record()
    for _ in range(10):
        big.sum()
    end.record()
    end.synchronize()
    return 10 * big.nbytes / (1e-3 * float(begin.elapsed_time(end)))


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
