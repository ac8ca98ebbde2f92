"""How fast training is, and its parts: `python -m nano_training.learning.speed [--seconds 90] [--out FILE.json]`.

Random tokens behind a shared prefix; every way to compute is first checked against the plainest one."""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from kimicode_engine.checkpoint.tiny_config import Tiny
from nano_training.data.batch import Batch
from nano_training.learning.attention import attend, largest_logits
from nano_training.learning.experts import all_experts, sorted_experts
from nano_training.learning.feed import Synthetic
from nano_training.learning.model import Nano, Way
from nano_training.learning.muon import MuonClip
from nano_training.learning.parameters import initial
from nano_training.learning.sizes import NANO, model_config
from nano_training.learning.step import Trainer, on_device

PREFIX = 1152
ROWS = 30
"""Of the table of operations."""


@dataclass(frozen=True, slots=True)
class Case:
    """Rows of a length, computed in a way."""

    rows: int
    length: int
    sort: bool
    compiled: bool


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds of a step's parts, without the first steps; tokens count as the training counts them."""

    case: Case
    first: float
    """Seconds of the first step, compilation included."""
    gradient: float
    update: float
    tokens_per_second: float
    gigabytes: float
    """The most memory that was allocated."""
    apart: float
    """Relative distance to the plainest way, of a few rows."""


def timed(case: Case, sizes: Tiny, device: torch.device, steps: int) -> Timed:
    """Train so many steps. Raises RuntimeError where the device, or the compiler, cannot."""
    trainer = trainer_of(case, sizes, device)
    batch = batch_of(case, sizes, device)
    _reset_memory(device)
    first = clock(lambda: step(trainer, batch), device, 1)
    for _ in range(2):
        step(trainer, batch)
    gradient = clock(lambda: _forget(trainer, trainer.gradient(batch, quantised=True)), device, steps)
    both = clock(lambda: step(trainer, batch), device, steps)
    tokens = len(batch.prefix) + batch.tokens.numel()
    # The difference comes last: the compiler tunes for the first size that it meets.
    gigabytes = torch.cuda.max_memory_allocated(device) / 1e9 if device.type == "cuda" else 0.0
    return Timed(
        case, first / 1e3, gradient, both - gradient, tokens / both * 1e3, gigabytes, difference(case, sizes, device)
    )


def step(trainer: Trainer, batch: Batch) -> None:
    """One whole step, as training makes it."""
    asked = trainer.gradient(batch, quantised=True)
    asked.figures()
    trainer.update(asked, 1e-4)


def _forget(trainer: Trainer, asked: object) -> None:
    for values in trainer.model.parameters.values():
        values.grad = None


def trainer_of(case: Case, sizes: Tiny, device: torch.device) -> Trainer:
    """A new model and its optimiser."""
    config = model_config(sizes)
    parameters = initial(config, 0, device)
    return Trainer(Nano(config, parameters, Way(torch.bfloat16, case.sort, case.compiled)), MuonClip(parameters))


def batch_of(case: Case, sizes: Tiny, device: torch.device) -> Batch:
    """Random rows on the device."""
    vocab, prefix = model_config(sizes).vocab_size, min(PREFIX, sizes.window - case.length)
    return on_device(next(iter(Synthetic(vocab, prefix, case.length, case.rows, seed=1))), device)


def difference(case: Case, sizes: Tiny, device: torch.device) -> float:
    """How far a case's hidden states are from those of all experts on all tokens without compilation."""
    few = Case(2, min(256, case.length), case.sort, case.compiled)
    plain = Case(few.rows, few.length, sort=False, compiled=False)
    found = []
    for one in (few, plain):
        batch = batch_of(one, sizes, device)
        seen = trainer_of(one, sizes, device).model.run(batch.prefix, batch.tokens, quantised=True)
        found.append(seen.before.detach().float())
    return float((found[0] - found[1]).norm() / found[1].norm())


def parts(case: Case, sizes: Tiny, device: torch.device, steps: int) -> dict[str, float]:
    """Milliseconds, forward and backward, of all layers' attention and experts alone, neither compiled."""
    config = model_config(sizes)
    count = PREFIX + case.rows * case.length
    heads, width = config.heads, config.qk_head_dim

    def values(*shape: int) -> torch.Tensor:
        return torch.randn(shape, device=device, dtype=torch.bfloat16).requires_grad_()

    query, key, value = (
        values(count, heads, width),
        values(count, heads, width),
        values(count, heads, config.v_head_dim),
    )
    x = values(count, config.hidden_size)
    gate_up = values(config.experts, 2 * config.moe_intermediate_size, config.hidden_size)
    down = values(config.experts, config.hidden_size, config.moe_intermediate_size)
    weights, ids = torch.rand(count, config.experts, device=device).topk(config.experts_per_token, dim=-1)
    scale, sparse = config.softmax_scale, config.layers - config.dense_layers
    works: dict[str, tuple[int, Callable[[], object]]] = {
        "attention": (
            config.layers,
            lambda: attend(query, key, value, PREFIX, case.rows, scale).square().mean().backward(),  # type: ignore[no-untyped-call]
        ),
        "largest logits": (config.layers, lambda: largest_logits(query, key, PREFIX, case.rows, scale)),
        "experts, sorted": (sparse, lambda: _backward(sorted_experts(x, gate_up, down, weights, ids))),
        "experts, all": (sparse, lambda: _backward(all_experts(x, gate_up, down, weights, ids))),
    }
    found = {}
    for name, (times, work) in works.items():
        work()
        found[name] = times * clock(work, device, steps)
    return found


def _backward(out: torch.Tensor) -> None:
    out.square().mean().backward()  # type: ignore[no-untyped-call]


def profiled(case: Case, sizes: Tiny, device: torch.device) -> str:
    """A table of the operations in which a few steps spend most of the device's time."""
    trainer, batch = trainer_of(case, sizes, device), batch_of(case, sizes, device)
    for _ in range(2):
        step(trainer, batch)
    with torch.profiler.profile() as seen:
        for _ in range(3):
            step(trainer, batch)
        _wait(device)
    by = f"self_{device.type}_time_total"
    table: str = seen.key_averages().table(sort_by=by, row_limit=ROWS, max_name_column_width=70)
    return table


def clock(work: Callable[[], object], device: torch.device, times: int) -> float:
    """Milliseconds of one, the device's work included."""
    _wait(device)
    began = time.perf_counter()
    for _ in range(times):
        work()
    _wait(device)
    return (time.perf_counter() - began) * 1e3 / times


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _reset_memory(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def main(arguments: Sequence[str] | None = None, sizes: Tiny = NANO) -> int:
    """The command. A case that fails is told and passed over; its exit code is then 1."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=90.0, help="no case is begun after them")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--tokens", type=int, nargs="+", default=[65_536, 131_072], help="of a batch")
    parser.add_argument("--length", type=int, default=1024, help="of a row")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--profile", action="store_true", help="also print where the first case spends its time")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    device, began, failed = torch.device(given.device), time.perf_counter(), 0
    sizes_of = [max(1, tokens // given.length) for tokens in given.tokens]
    cases = [Case(rows, given.length, sort=True, compiled=given.compile) for rows in sizes_of]
    cases += [Case(sizes_of[0], given.length, sort=False, compiled=given.compile)]
    cases += [Case(sizes_of[0], given.length, sort=True, compiled=False)] if given.compile else []
    told: list[dict[str, object]] = []
    works: list[Callable[[], dict[str, object]]] = [lambda: dict(parts(cases[0], sizes, device, given.steps))]
    works += [lambda case=case: asdict(timed(case, sizes, device, given.steps)) for case in cases]  # type: ignore[misc]
    for work in works:
        if time.perf_counter() - began > given.seconds:
            break
        try:
            told.append(work())
            print(json.dumps(told[-1], default=str), flush=True)
        except RuntimeError as error:
            failed = 1
            print(f"failed: {error!r:.2000}", flush=True)
    if given.profile:
        print(profiled(cases[0], sizes, device), flush=True)
    if given.out:
        given.out.write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
