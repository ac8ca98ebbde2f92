"""What a step costs beside the model: scheduling, sampling and emitting, in CPU time of all threads.

`python engine/benchmarks/step_cost.py [--steps N] [--out FILE.json]`. The model is stubbed out: its logits are computed
before. Figures are of one machine and one day.
"""

import argparse
import datetime
import json
import math
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kimicode_engine.cache.pages import pages_for
from kimicode_engine.engine import Engine, Job
from kimicode_engine.limits import Limits
from kimicode_engine.output import Delta
from kimicode_engine.parsers.stream import AnswerParser
from kimicode_engine.request import Request, SamplingParams
from kimicode_engine.sampling import Draw, SamplingState, sample
from kimicode_engine.sequence import Part
from kimicode_engine.tokenizer import RESERVED, Tokenizer

STEPS = 2_000
WARM = 50
ROUNDS = 5
PROMPT = 512
LEADING = 8
TABLES = 4
"""Different logits, used in turn."""

ROW = "{:<34}{:>7}{:>10}{:>12}{:>12}{:>12}{:>12}"


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of answers. Logits are normal with a deviation of `spread`, but for a few that lead if the model
    is sure: these then have 99 % of the probability, as is usual within a text."""

    name: str
    batch: int
    vocab: int
    spread: float = 1.0
    sure: bool = True
    temperature: float = 1.0
    top_p: float = 0.95


CASES = (
    Case("K2's vocabulary, a sure model", 1, 163_840),
    Case("K2's vocabulary, an unsure model", 1, 163_840, spread=4.0, sure=False),
    Case("K2's vocabulary, nearly flat", 1, 163_840, sure=False),
    Case("K2's vocabulary, greedy", 1, 163_840, temperature=0.0),
    Case("tiny vocabulary", 1, 512),
    Case("tiny vocabulary", 64, 512),
)


class Precomputed:
    """A Runner whose logits lie ready."""

    def __init__(self, case: Case) -> None:
        self.vocab_size = case.vocab
        self.draw: Draw | None = None
        tables = [_logits(case, torch.Generator().manual_seed(number)) for number in range(TABLES)]
        self.tables = cycle(tables)

    def run(self, parts: Sequence[Part]) -> torch.Tensor:
        """Logits [n, vocab], n being the parts that sample."""
        return next(self.tables)[: sum(part.samples for part in parts)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the cases one after the other, show a table, and write the figures where asked to."""
    options = _parser().parse_args(arguments)
    _show("", "batch", "vocab", "ms a step", "sampling", "the rest", "a token")
    figures = []
    for case in CASES:
        one = measure(case, options.steps)
        figures.append({**asdict(case), **one})
        times = (*one.values(), one["ms"] / case.batch)
        _show(case.name, case.batch, case.vocab, *(f"{value:.3f}" for value in times))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**_machine(), "steps": options.steps, "cases": figures}, indent=1)
        options.out.write_text(text + "\n", "utf-8")
    return 0


def measure(case: Case, steps: int) -> dict[str, float]:
    """CPU milliseconds of a step, and of sampling alone: the least of some rounds, since other work only adds."""
    runner = Precomputed(case)
    engine = _engine(case, runner, WARM + steps)
    states = [SamplingState(_params(case, steps), ()) for _ in range(case.batch)]
    masks = [None] * case.batch

    def sampling() -> None:
        with torch.inference_mode():
            sample(next(runner.tables), states, masks)

    _cpu_ms(engine.step, WARM - 1)
    _cpu_ms(sampling, WARM)
    rounds = [(_cpu_ms(engine.step, steps // ROUNDS), _cpu_ms(sampling, steps // ROUNDS)) for _ in range(ROUNDS)]
    whole, alone = (min(column) for column in zip(*rounds, strict=True))
    return {"ms": round(whole, 4), "sampling_ms": round(alone, 4), "rest_ms": round(whole - alone, 4)}


def _logits(case: Case, chance: torch.Generator) -> torch.Tensor:
    logits = torch.randn(case.batch, case.vocab, generator=chance) * case.spread  # [batch, vocab]
    if case.sure:
        leading = torch.randint(case.vocab, (case.batch, LEADING), generator=chance)  # [batch, LEADING]
        rest = logits.logsumexp(-1, keepdim=True)  # [batch, 1]
        lead = rest + torch.randn(leading.shape, generator=chance) + math.log(99 / LEADING)
        logits.scatter_(1, leading, lead)
    return logits


def _cpu_ms(step: Callable[[], object], count: int) -> float:
    began = time.process_time()
    for _ in range(count):
        step()
    return 1000 * (time.process_time() - began) / count


def _engine(case: Case, runner: Precomputed, answer: int) -> Engine:
    """An engine with `batch` answers that do not end by themselves, past their prompts."""
    window = PROMPT + answer
    limits = Limits(window, case.batch * pages_for(window), running=case.batch, step_tokens=case.batch * PROMPT)
    tokenizer = _tokenizer(case.vocab)
    engine = Engine(runner, frozenset(), limits)
    for number in range(case.batch):
        prompt = tuple((number + index) % case.vocab for index in range(PROMPT))
        request = Request(str(number), prompt, _params(case, answer))
        parser = AnswerParser(tokenizer, thinking=True, tools=True)
        engine.add(Job(request, parser, SamplingState(request.sampling, prompt), None, _forget))
    engine.step()
    assert engine.stats().running == case.batch
    return engine


def _params(case: Case, answer: int) -> SamplingParams:
    return SamplingParams(answer, case.temperature, case.top_p, seed=0, ignore_eos=True)


def _tokenizer(vocab: int) -> Tokenizer:
    """So many tokens, each with a text of its own."""
    single = {bytes((byte,)): byte for byte in range(256)}
    return Tokenizer(single | {f" w{rank}".encode(): rank for rank in range(256, vocab - RESERVED)}, {})


def _forget(delta: Delta) -> None:
    """What a reader would take."""


def _machine() -> dict[str, Any]:
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": {"cpu": _cpu_model(), "cpus": os.cpu_count(), "system": platform.system()},
        "torch_threads": torch.get_num_threads(),
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _show(*cells: object) -> None:
    sys.stdout.write(ROW.format(*cells).rstrip() + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure the CPU cost of a step beside the model.")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"steps of each case ({STEPS})")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures as JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
