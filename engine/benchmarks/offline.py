"""Tokens per second of the engine alone, without HTTP: how fast it reads prompts, and how fast it writes answers.

`python engine/benchmarks/offline.py --checkpoint DIR [--device cuda --requests 1 16 64 --prompt 512 --tokens 128]`.
Greedy answers to random prompts; `--repeat-on cpu` computes them there as well and compares the tokens."""

import argparse
import datetime
import json
import platform
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from kimicode_engine.engine import Engine, Job
from kimicode_engine.output import Delta
from kimicode_engine.parsers.stream import AnswerParser
from kimicode_engine.request import Request, SamplingParams
from kimicode_engine.sampling import SamplingState
from kimicode_engine.server.console import Console
from kimicode_engine.server.loading import Loaded, load
from kimicode_engine.server.options import parse


@dataclass(frozen=True, slots=True)
class Figure:
    """`requests` answers at once, each of `tokens` tokens to a prompt of `prompt` tokens. Rates are of all together."""

    requests: int
    prompt: int
    tokens: int
    prompt_tokens_per_second: float
    tokens_per_second: float
    step_ms: float
    """Of decoding steps, the median."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each number of requests; print a table, write JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--requests", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--prompt", type=int, default=512, help="tokens of each prompt")
    parser.add_argument("--tokens", type=int, default=128, help="tokens of each answer")
    parser.add_argument("--repeat-on", help="a device whose tokens must be the same")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    served = loaded(given.checkpoint, given.device, given.dtype)
    other = loaded(given.checkpoint, given.repeat_on, given.dtype) if given.repeat_on else None
    run(served, 1, given.prompt, 4)  # warm
    sys.stdout.write(f"{'requests':>9}{'prompt tok/s':>14}{'answer tok/s':>14}{'ms a step':>11}\n")
    figures = []
    for requests in given.requests:
        figure, answers = run(served, requests, given.prompt, given.tokens)
        figures.append(figure)
        line = f"{figure.prompt_tokens_per_second:>14.0f}{figure.tokens_per_second:>14.1f}{figure.step_ms:>11.2f}"
        sys.stdout.write(f"{requests:>9}{line}{compared(other, answers, given, requests)}\n")
        sys.stdout.flush()
    if given.out:
        given.out.write_text(json.dumps({**about(given), "figures": [asdict(one) for one in figures]}, indent=2) + "\n")
    return 0


def loaded(checkpoint: Path, device: str, dtype: str) -> Loaded:
    """The engine's parts, loaded as the server loads them."""
    options = parse(["--checkpoint", str(checkpoint), "--device", device, "--dtype", dtype, "--no-api-key"])
    return load(options, Console(sys.stderr))


def compared(other: Loaded | None, answers: list[list[int]], given: argparse.Namespace, requests: int) -> str:
    """A remark on whether the other device writes the same."""
    if other is None:
        return ""
    _, theirs = run(other, requests, given.prompt, given.tokens)
    same = sum(one == another for one, another in zip(answers, theirs, strict=True))
    return f"   {same} of {requests} answers the same on {given.repeat_on}"


def run(served: Loaded, requests: int, prompt: int, tokens: int) -> tuple[Figure, list[list[int]]]:
    """Generate; the answers' tokens come with the figure."""
    engine = Engine(served.runner, frozenset(), served.limits)
    random_prompts, answers = random.Random(1), [list[int]() for _ in range(requests)]
    for number in range(requests):
        ids = tuple(random_prompts.choices(range(200), k=prompt))
        params = SamplingParams(max_tokens=tokens, temperature=0.0, ignore_eos=True)
        parser = AnswerParser(served.tokenizer, thinking=False, tools=False, plain=True)
        keep = Keep(answers[number])
        engine.add(Job(Request(str(number), ids, params), parser, SamplingState(params, ids), None, keep))
    started, steps = time.perf_counter(), []
    while not all(answers):
        engine.step()
    read = time.perf_counter()
    before = sum(map(len, answers))
    while engine.step():
        steps.append(time.perf_counter())
    seconds = steps[-1] - read
    gaps = sorted(later - earlier for earlier, later in zip([read, *steps], steps, strict=False))
    rates = (requests * prompt / (read - started), (sum(map(len, answers)) - before) / seconds)
    return Figure(requests, prompt, tokens, *rates, 1e3 * gaps[len(gaps) // 2]), answers


@dataclass(frozen=True, slots=True)
class Keep:
    """Takes an answer's deltas and keeps their tokens."""

    tokens: list[int]

    def __call__(self, delta: Delta) -> None:
        assert delta.error is None, delta.error
        self.tokens.extend(delta.tokens)


def about(given: argparse.Namespace) -> dict[str, str]:
    """Where, with what and when this was measured."""
    on_gpu = torch.cuda.is_available() and given.device != "cpu"
    device = torch.cuda.get_device_name() if on_gpu else platform.processor() or platform.machine()
    day = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    return {"device": device, "checkpoint": given.checkpoint.name, "torch": torch.__version__, "date": day}


if __name__ == "__main__":
    sys.exit(main())
