"""From a checkpoint's folder to an engine that can run: device and dtype, the plan, the weights, the parts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import torch

from kimicode_engine import memory
from kimicode_engine.cache.latent import LatentCache, held_as
from kimicode_engine.checkpoint.load import inspect, load_weights, weight_bytes
from kimicode_engine.config import ModelConfig, read_config
from kimicode_engine.engine import Engine
from kimicode_engine.errors import EngineError
from kimicode_engine.experts.unpacking import unpack_experts
from kimicode_engine.grammar import GrammarCompiler
from kimicode_engine.limits import Limits
from kimicode_engine.memory import Plan
from kimicode_engine.model.kimi import Kimi
from kimicode_engine.runner import ModelRunner, Runner
from kimicode_engine.server.console import Console
from kimicode_engine.server.metrics import Metrics
from kimicode_engine.server.options import Options
from kimicode_engine.server.reply import BEAT_SECONDS
from kimicode_engine.server.service import Service
from kimicode_engine.server.worker import Worker
from kimicode_engine.tokenizer import Tokenizer

GB = 10**9
DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32}


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A runner, what turns text into its tokens, and how much it may take on."""

    runner: Runner
    tokenizer: Tokenizer
    limits: Limits

    def service(self, name: str, *, created: int, beat_seconds: float = BEAT_SECONDS) -> Service:
        """What the routes need; the worker is not started yet."""
        metrics = Metrics()
        engine = Engine(self.runner, self.tokenizer.end_ids, self.limits)
        worker = Worker(engine, self.limits, metrics, beat_seconds=beat_seconds)
        for field in ("running", "waiting", "pages_free", "pages_used", "pages_cached", "preemptions"):
            metrics.gauge(field, f"{field.replace('_', ' ')}, of the engine", partial(_stat, worker, field))
        compiler = GrammarCompiler(self.tokenizer)
        return Service(name, self.limits.window, created, self.tokenizer, compiler, worker, metrics)


def make_plan(options: Options) -> Plan:
    """Decide what goes where, from the headers alone. Raises CheckpointError, EngineError for the device."""
    config, device = read_config(options.checkpoint), find_device(options.device)
    inspect(options.checkpoint, config)
    return _plan(options, config, device, choose_dtype(options.dtype, config, device), memory.measure_bandwidth(device))


def load(options: Options, console: Console) -> Loaded:
    """Read everything. Raises CheckpointError where something is wrong, missing or too large; EngineError else."""
    config, device = read_config(options.checkpoint), find_device(options.device)
    dtype = choose_dtype(options.dtype, config, device)
    tokenizer = Tokenizer.load(options.checkpoint, config)
    plan = _plan(options, config, device, dtype)
    plan.check()
    slots = load_weights(options.checkpoint, config, device=device, dtype=dtype, progress=console.progress)
    # OpenMP's threads end with the one that computes by them. Were they to stay, libgomp would let none of those that
    # the engine's thread starts wait awake, since all together are more than there are cores.
    with ThreadPoolExecutor(1, "model") as apart:
        # before the cache: it may need a layer's room for a moment
        model = apart.submit(_model, config, slots, dtype if plan.unpacked else None).result()
    cache = LatentCache(config.layers, plan.limits.pages, *choose_cache(options.cache_dtype, config, dtype), device)
    runner = ModelRunner(model, cache, device, token_threads=plan.threads(torch.get_num_threads()))
    runner.warm(plan.limits.running)
    return Loaded(runner, tokenizer, plan.limits)


def find_device(name: str) -> torch.device:
    """The device of --device. Raises EngineError if it is not there."""
    there = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if there else "cpu")
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda") or (index and not (kind == "cuda" and index.isdigit())):
        raise EngineError(f"--device {name} is not known: auto, cpu, cuda or cuda:N")
    if kind == "cuda" and not there:
        raise EngineError(f"--device {name}: PyTorch sees no CUDA device here; --device cpu works everywhere")
    if index and int(index) >= torch.cuda.device_count():
        raise EngineError(f"--device {name}: there are {torch.cuda.device_count()} CUDA devices, counted from 0")
    return torch.device(name)


def choose_dtype(name: str, config: ModelConfig, device: torch.device) -> torch.dtype:
    """The dtype of --dtype. On a CPU float32 is the faster one, but it may take only half of the free memory."""
    if name != "auto":
        return DTYPES[name]
    if device.type == "cpu" and sum(weight_bytes(config, torch.float32).values()) <= memory.free_host_bytes() / 2:
        return torch.float32
    return torch.bfloat16


def choose_cache(name: str, config: ModelConfig, dtype: torch.dtype) -> tuple[int, torch.dtype]:
    """What --cache-dtype makes of a token in a layer, as `held_as`. Raises EngineError where that cannot be."""
    if name == "bf16" and dtype != torch.bfloat16:
        raise EngineError("--cache-dtype bf16 is for weights in bfloat16: choose --dtype bfloat16, or leave it out")
    return held_as(config, dtype, fp8=name == "fp8")


def _model(config: ModelConfig, slots: dict[str, torch.Tensor], unpacked: torch.dtype | None) -> Kimi:
    if unpacked is not None:
        unpack_experts(slots, unpacked)
    return Kimi(config, slots)


def _plan(
    options: Options, config: ModelConfig, device: torch.device, dtype: torch.dtype, bandwidth: float | None = None
) -> Plan:
    width, kind = choose_cache(options.cache_dtype, config, dtype)
    return memory.plan(
        config,
        weight_bytes=weight_bytes(config, dtype),
        device_bytes=memory.free_device_bytes(device),
        host_bytes=memory.free_host_bytes(),
        dtype=dtype,
        unpacked_bytes=weight_bytes(config, dtype, unpacked=True) if config.int4 else None,
        latent_bytes=width * kind.itemsize,
        window=options.window,
        running=options.max_running,
        step_tokens=options.step_tokens,
        cache_bytes=None if options.cache_memory is None else round(options.cache_memory * GB),
        bandwidth=bandwidth,
    )


def _stat(worker: Worker, field: str) -> float:
    return float(getattr(worker.stats, field))
