"""The memory table: every byte has one owner, decided here once before anything is loaded, and printed by `--plan`.

Also asks the machine how much memory is free and how fast it is read. Sizes are in bytes, rates in bytes per second."""

import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from kimicode_engine.config import ModelConfig
from kimicode_engine.errors import CheckpointError
from kimicode_engine.limits import PAGE, Limits

HOST_RESERVE = 1 << 30
"""Host memory for Python, torch and the loader's buffers."""
CACHE_SHARE = {"host": 0.5, "device": 0.9}
"""Of what weights and workspace leave, so much may go to the cache; a host has other things to do as well."""
HOST_CACHE = 512_000_000
"""A host's cache takes this or as much as the weights, not more: earlier prompts fill all of it, and a small model
should not end up with half of a laptop's memory."""
UNPACKED_SHARE = 0.5
"""Of a host's free memory, what weights may take both as stored and with INT4 experts unpacked."""
THREAD_BYTES = 128_000_000
"""A decoded token that reads less than this for each thread is computed by fewer: waking them costs more."""
ATTENTION_BLOCK = 1 << 26
"""Values of keys, values and scores that prefill attention makes at a time, at most."""
FLOAT32 = 4
LARGER = "it takes a larger machine"


@dataclass(frozen=True, slots=True)
class Row:
    """An owner of memory, its bytes, and how many of them one decoded token reads at batch 1."""

    owner: str
    bytes: int
    per_token: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go where. `missing` is 0 where all fits; else `advice` says what to change."""

    rows: tuple[Row, ...]
    limits: Limits
    place: str
    """"host" or "device": where weights, cache and workspace lie."""
    free: int
    """Bytes that may be used there."""
    token_bytes: int
    """Bytes of the cache per token."""
    missing: int = 0
    advice: str = ""
    bandwidth: float | None = None
    unpacked: bool = False
    """INT4 experts are held in floating point: experts.unpacking."""

    @property
    def total(self) -> int:
        """Bytes that all owners have together."""
        return sum(row.bytes for row in self.rows)

    @property
    def token_reads(self) -> int:
        """Bytes of weights that a decoded token reads at batch 1."""
        return sum(row.per_token for row in self.rows)

    def threads(self, most: int) -> int:
        """With how many threads, of `most`, a host computes single tokens; 1 at least."""
        return max(1, min(most, self.token_reads // THREAD_BYTES))

    def decode_rate(self, context: int = 0) -> float | None:
        """Predicted tokens per second at batch 1: bandwidth over the bytes that a token behind `context` others reads.

        None where no bandwidth was given. Computing is not counted, so it is a bound from above."""
        if self.bandwidth is None:
            return None
        return self.bandwidth / (self.token_reads + context * self.token_bytes)

    def check(self) -> None:
        """Raise CheckpointError, with the numbers and a way out, where it does not fit."""
        if self.missing:
            raise CheckpointError(f"{_size(self.missing)} of memory are missing on the {self.place}: {self.advice}")

    def table(self) -> str:
        """For people: each owner's bytes, what is free, whether it fits, and the predicted rate."""
        lines = [f"{'':36}{'memory':>12}{'read per token':>17}"]
        for row in (*self.rows, Row("total", self.total, self.token_reads)):
            read = _size(row.per_token) if row.per_token else ""
            lines.append(f"{row.owner:36}{_size(row.bytes):>12}{read:>17}".rstrip())
        lines += [f"{'free on the ' + self.place:36}{_size(self.free):>12}", "", self._verdict()]
        if self.bandwidth:
            short, long = self.decode_rate(), self.decode_rate(self.limits.window)
            lines.append(
                f"{'With enough of this memory, at' if self.missing else 'At'} most {short:.3g} tokens/s for one "
                f"request, {long:.3g} at a full window ({self.bandwidth / 1e9:.0f} GB/s are read)."
            )
        return "\n".join(lines) + "\n"

    def _verdict(self) -> str:
        if self.missing:
            return f"It does not fit: {_size(self.missing)} are missing. {self.advice[:1].upper()}{self.advice[1:]}."
        tokens = self.limits.pages * PAGE
        held = f"{tokens:,} tokens of {self.token_bytes:,} bytes"
        return f"It fits. The cache holds {held}; one request may have {self.limits.window:,}."


def plan(
    config: ModelConfig,
    *,
    weight_bytes: Mapping[str, int],
    device_bytes: int | None,
    host_bytes: int,
    dtype: torch.dtype,
    unpacked_bytes: Mapping[str, int] | None = None,
    latent_bytes: int | None = None,
    window: int | None = None,
    running: int = 64,
    step_tokens: int = 2048,
    cache_bytes: int | None = None,
    bandwidth: float | None = None,
) -> Plan:
    """Divide the memory. Never raises for too little of it: see Plan.check.

    `weight_bytes`: checkpoint.load.weight_bytes; `unpacked_bytes`: the same with INT4 experts unpacked, if that may be
    chosen: it is where a host's memory permits, for a CPU unpacks far slower than it reads; `device_bytes`: free on the
    accelerator, None where all lies in host memory; `latent_bytes`: of a token in a layer, by default values of
    `dtype`; `cache_bytes`: the cache's size, by default enough for `running` requests at full window, within
    CACHE_SHARE and HOST_CACHE; `bandwidth`: bytes per second that the place of the weights can be read with."""
    window = min(window or config.window, config.window)
    token_bytes = config.layers * (latent_bytes or config.latent_dim * dtype.itemsize)
    page_bytes, window_pages = token_bytes * PAGE, math.ceil(window / PAGE)
    place, free = ("host", host_bytes) if device_bytes is None else ("device", device_bytes)
    unpacked = False
    if place == "host" and unpacked_bytes is not None and _both_fit(weight_bytes, unpacked_bytes, free):
        unpacked, weight_bytes = True, unpacked_bytes
    rows = [Row(owner, size, _per_token(config, owner, size)) for owner, size in weight_bytes.items()]
    rows.append(Row("workspace of one step", _workspace(config, dtype, window, running, step_tokens)))
    if place == "host":
        rows.append(Row("Python, torch and loading", HOST_RESERVE))
    left = free - sum(row.bytes for row in rows)
    if cache_bytes is None:
        most = max(HOST_CACHE, sum(weight_bytes.values())) if place == "host" else left
        most = min(most, int(max(0, left) * CACHE_SHARE[place]))
        pages = min(running * window_pages, most // page_bytes)
        pages = max(pages, window_pages)
    else:
        pages = cache_bytes // page_bytes
    missing, advice = _shortage(left, page_bytes, window_pages, pages)
    if place == "device":
        # while weights are loaded there is neither cache nor workspace yet
        room = free - sum(weight_bytes.values()) - _rearranging(config, weight_bytes)
        if -room > missing:
            missing, advice = -room, f"rearranging a layer's experts takes that while loading; {LARGER}"
    if place == "device" and host_bytes < HOST_RESERVE:
        missing, advice = HOST_RESERVE - host_bytes, "the host needs that to load the weights through; free some of it"
    rows.append(Row(f"cache, {pages:,} pages of {PAGE} tokens", pages * page_bytes))
    limits = Limits(window=window, pages=pages, running=running, step_tokens=step_tokens)
    return Plan(tuple(rows), limits, place, free, token_bytes, missing, advice, bandwidth, unpacked)


def free_host_bytes(proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Memory that the host can still give, with page caches counted as free; a container's limit counts (cgroup v2)."""
    free = _available(proc)
    try:
        limit = int((cgroup / "memory.max").read_text("ascii"))
        used = int((cgroup / "memory.current").read_text("ascii"))
        stat = dict(line.split(" ", 1) for line in (cgroup / "memory.stat").read_text("ascii").splitlines())
        return max(0, min(free, limit - used + int(stat.get("inactive_file", 0))))
    except (OSError, ValueError):
        return free


def free_device_bytes(device: torch.device) -> int | None:
    """Free memory of an accelerator; None for the CPU, whose memory is the host's."""
    return int(torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else None


def measure_bandwidth(device: torch.device, size: int = 256 << 20, tries: int = 4) -> float:
    """Bytes per second that summing a tensor of `size` bytes reads, the best of some tries (about 0.2 s in all)."""
    values = torch.ones(size // FLOAT32, device=device)  # [size / 4] fp32
    best = math.inf
    for _ in range(tries):
        started = time.perf_counter()
        values.sum().item()
        best = min(best, time.perf_counter() - started)
    return values.nbytes / best


def _both_fit(packed: Mapping[str, int], unpacked: Mapping[str, int], free: int) -> bool:
    """While experts are unpacked a host holds both forms, of the last layer at least."""
    return sum(packed.values()) + sum(unpacked.values()) <= UNPACKED_SHARE * free


def _available(proc: Path) -> int:
    try:
        lines = (proc / "meminfo").read_text("ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        # Not Linux: only the whole is known, and half of it is a fair guess of what is free.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _shortage(left: int, page_bytes: int, window_pages: int, pages: int) -> tuple[int, str]:
    """How much is missing of `left` bytes for the cache, and what to do about it; (0, "") where nothing is."""
    whole = f"one request of {window_pages * PAGE:,} tokens takes {_size(window_pages * page_bytes)} of cache"
    if pages < window_pages:
        lower = f" or lower --window to {pages * PAGE:,}" if pages else ""
        return (window_pages - pages) * page_bytes, f"{whole}; raise --cache-memory to that{lower}"
    if pages * page_bytes <= left:
        return 0, ""
    missing = pages * page_bytes - left
    if left < page_bytes:
        return missing, f"weights and workspace alone exceed what is free by {_size(-left)}; {LARGER}"
    if left >= window_pages * page_bytes:
        return missing, f"lower --cache-memory to {_size(left)} at most"
    return missing, f"{whole}; lower --window to {left // page_bytes * PAGE:,} at most"


def _per_token(config: ModelConfig, owner: str, size: int) -> int:
    """Bytes of an owner's weights that one decoded token reads."""
    if owner.startswith("routed experts"):
        return size * config.experts_per_token // config.experts
    if owner.startswith("embedding") and not config.tied_embeddings:
        return size // config.vocab_size
    return size


def _rearranging(config: ModelConfig, weight_bytes: Mapping[str, int]) -> int:
    """Bytes that a device needs for a moment beside the weights: INT4 experts are put into the order in which kernels
    take them, one layer after the other."""
    if config.int4 is None:
        return 0
    routed = sum(size for owner, size in weight_bytes.items() if owner.startswith("routed experts"))
    return routed // max(1, sum(config.is_moe(layer) for layer in range(config.layers)))


def _workspace(config: ModelConfig, dtype: torch.dtype, window: int, running: int, step_tokens: int) -> int:
    """Bytes for the activations of one step: the largest moments of a layer, of attention and of sampling, in fp32."""
    width = max(config.intermediate_size, config.experts_per_token * config.moe_intermediate_size)
    heads = config.heads * 2 * (config.qk_head_dim + config.v_head_dim)
    rows = config.experts_per_token * 2 * config.hidden_size if config.experts else 0
    layer = step_tokens * (6 * config.hidden_size + heads + rows + 3 * width)
    per_key = config.heads * (step_tokens + 2 * (config.qk_head_dim + config.qk_nope_head_dim + config.v_head_dim))
    attention = min(ATTENTION_BLOCK, window * per_key)
    unpacked = 3 * config.moe_intermediate_size * config.hidden_size if config.int4 else 0
    logits = 4 * running * config.vocab_size
    return (layer + 2 * attention + logits) * FLOAT32 + unpacked * (FLOAT32 + dtype.itemsize)


def _size(count: int) -> str:
    """Bytes for people, in decimal units."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if abs(count) >= scale:
            return f"{count / scale:,.1f} {unit}"
    return f"{count / 1e3:,.1f} kB"
