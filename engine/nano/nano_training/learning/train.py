"""Trains kimi-nano: `python -m nano_training.learning.train --data PLAN.toml|synthetic --out DIR --seconds N`.

`--stop-after` ends one process with its state kept, and `--resume` goes on from there; the schedule follows the seconds
of the whole run. Exit code 3: the loss was no number any more, and the last good state was kept."""

import argparse
import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from kimicode_engine.checkpoint.tiny_config import Tiny
from nano_training.data.batch import Batch, Shape
from nano_training.data.workers import WorkerError
from nano_training.learning import state as states
from nano_training.learning.accuracy import written
from nano_training.learning.feed import Feed, open_feed
from nano_training.learning.model import Nano, Way
from nano_training.learning.muon import MuonClip
from nano_training.learning.parameters import initial
from nano_training.learning.schedule import Schedule, phase_at
from nano_training.learning.sizes import NANO, model_config
from nano_training.learning.state import CURVE, State
from nano_training.learning.step import Figures, Trainer, on_device

NOT_FINITE = 3
SHAPE = Shape.multiples(65_536, longest=4096, step=256)
SCHEDULE = Schedule()
FOREVER = 1 << 60


@dataclass(frozen=True, slots=True)
class Options:
    """A run, as the command line gives it."""

    data: str
    out: Path
    seconds: float
    stop_after: float = float("inf")
    """Seconds of this process's training."""
    resume: bool = False
    shape: Shape = SHAPE
    schedule: Schedule = field(default_factory=Schedule)
    way: Way = field(default_factory=Way)
    device: str = "cuda"
    seed: int = 1
    workers: int = 14
    log_every: int = 20
    """Steps."""
    measure_every: float = 120.0
    """Seconds; 0: at the end alone."""
    measured: int = 256
    """Held-out episodes to measure by."""
    save_every: float = 120.0
    steps: int = FOREVER
    """Of the whole run, at most."""


class Training:
    """A run within one process."""

    def __init__(self, options: Options, feed: Feed, start: State) -> None:
        self.options, self.feed = options, feed
        self.sizes, self.step, self.tokens, self.before = start.sizes, start.step, start.tokens, start.elapsed
        model = Nano(model_config(start.sizes), start.parameters, options.way)
        model.bias.copy_(start.bias)
        self.trainer = Trainer(model, MuonClip(start.parameters))
        if start.optimiser:
            self.trainer.optimiser.restore(start.optimiser)
        self.began = self.logged = self.saved = self.measured = time.perf_counter()
        self.logged_tokens, self.waited, self.logit = self.tokens, 0.0, 0.0
        self.phase = phase_at(feed.phases, self.share)
        self.written = [written(batch.tokens, batch.weights, feed.tokenizer) for batch in feed.held_out]

    @property
    def elapsed(self) -> float:
        """Seconds of the whole run so far."""
        return self.before + time.perf_counter() - self.began

    @property
    def share(self) -> float:
        """Of the run's seconds."""
        return self.elapsed / self.options.seconds

    def run(self) -> int:
        """Train to the end of the run or of this process's time → the exit code. The state is kept in any case.

        Raises WorkerError where a worker that makes episodes failed."""
        batches = iter(self.feed.batches)
        try:
            batch = next(batches)
            # The workers needed some time to begin; the run's seconds are those of training.
            self.began = self.logged = self.saved = self.measured = time.perf_counter()
            finite = self._train(batch, batches)
        except (WorkerError, KeyboardInterrupt):
            self._keep()
            raise
        if finite:
            self._measure()
        self._keep()
        return 0 if finite else NOT_FINITE

    def _train(self, first: Batch, batches: Iterator[Batch]) -> bool:
        """Step by step; whether every loss was a number."""
        options, device = self.options, self.trainer.model.bias.device
        batch = on_device(first, device)
        while self.share < 1.0 and self.step < options.steps and self.elapsed - self.before < options.stop_after:
            quantised = options.schedule.quantised(self.share)
            asked = self.trainer.gradient(batch, quantised=quantised)
            following = self._next(batches)  # while the device computes
            figures = asked.figures()
            if not figures.finite:
                print(f"step {self.step}: loss {figures.loss}, gradient {figures.gradient}: stopped", flush=True)
                return False
            rate = options.schedule.rate(self.step, self.share)
            self.trainer.update(asked, rate)
            self.step += 1
            self.tokens += len(batch.prefix) + batch.tokens.numel()
            self._report(figures, rate, batch, quantised=quantised)
            batch = on_device(following, device)
        return True

    def _next(self, batches: Iterator[Batch]) -> Batch:
        self._mix()
        asked = time.perf_counter()
        batch = next(batches)
        self.waited += time.perf_counter() - asked
        return batch

    def _mix(self) -> None:
        """Change the mixture where a phase begins."""
        phase = phase_at(self.feed.phases, self.share)
        if phase != self.phase:
            self.feed.batches.mix(self.feed.phases[phase].mixture)
            self.phase = phase

    def _report(self, figures: Figures, rate: float, batch: Batch, *, quantised: bool) -> None:
        """Log, measure and keep the state when it is time for each. The logit is the largest since the last line."""
        now = time.perf_counter()
        self.logit = max(self.logit, figures.logit)
        if self.step % self.options.log_every == 0 or self.step <= 3:
            seconds = now - self.logged
            speed, waiting = (self.tokens - self.logged_tokens) / seconds, self.waited / seconds
            told = {"rate": rate, "tokens_per_second": round(speed), "waiting": waiting, "tokens": self.tokens}
            told |= {"phase": self.phase, "length": batch.tokens.shape[1], "quantised": quantised}
            self._write({**asdict(figures), "logit": self.logit, **told})
            self.logged, self.logged_tokens, self.waited, self.logit = now, self.tokens, 0.0, 0.0
        if self.options.measure_every and now - self.measured > self.options.measure_every:
            self._measure()
        if now - self.saved > self.options.save_every:
            self._keep()
            self.saved = time.perf_counter()

    def _measure(self) -> None:
        if self.feed.held_out:
            quantised = self.options.schedule.quantised(self.share)
            told = self.trainer.measure(self.feed.held_out, self.written, quantised=quantised)
            self._write({"held_out": {kind: round(value, 4) for kind, value in told.items()}, "quantised": quantised})
        self.measured = time.perf_counter()

    def _keep(self) -> None:
        model, optimiser = self.trainer.model, self.trainer.optimiser
        kept = State(self.sizes, model.parameters, model.bias, optimiser.state(), self.step, self.elapsed, self.tokens)
        states.save(self.options.out, kept)

    def _write(self, told: dict[str, object]) -> None:
        """A line of the curve, also to be seen at once. What is no number is written as null."""
        record = {"step": self.step, "elapsed": round(self.elapsed, 2), **told}
        line = json.dumps({name: _short(value) for name, value in record.items()})
        with (self.options.out / CURVE).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        print(line, flush=True)


def train(options: Options, sizes: Tiny = NANO) -> int:
    """A whole process of training → its exit code. Raises OSError and ValueError where files are not as they should be,
    FileExistsError where a new run would overwrite one."""
    device = torch.device(options.device)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.resume:
        start = states.load(options.out, device)
    elif (options.out / states.FILE).exists():
        raise FileExistsError(f"{options.out} holds a run already; --resume goes on with it")
    else:
        config = model_config(sizes)
        bias = torch.zeros(config.layers - config.dense_layers, config.experts)
        start = State(sizes, initial(config, options.seed, device), bias, {}, 0, 0.0, 0)
    vocab = model_config(start.sizes).vocab_size
    # Another seed after each pause, or the same episodes would come again.
    seed = options.seed + 1000 * start.step
    feed = open_feed(
        options.data,
        options.shape,
        vocab=vocab,
        seed=seed,
        workers=options.workers,
        measured=options.measured,
        share=start.elapsed / options.seconds,
    )
    with feed as opened:
        return Training(options, opened, start).run()


def _short(value: object) -> object:
    if not isinstance(value, float):
        return value
    return float(f"{value:.5g}") if math.isfinite(value) else None


def main(arguments: Sequence[str] | None = None, sizes: Tiny = NANO) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", required=True, help='a plan (see plan.py), or "synthetic"')
    parser.add_argument("--out", type=Path, required=True, help="folder of state.pt and curve.jsonl")
    parser.add_argument("--seconds", type=float, required=True, help="of the whole run")
    parser.add_argument("--stop-after", type=float, default=float("inf"), help="seconds of this process")
    parser.add_argument("--steps", type=int, default=FOREVER)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=14)
    parser.add_argument("--tokens", type=int, default=SHAPE.tokens, help="of a batch")
    parser.add_argument("--lengths", type=int, nargs="+", default=SHAPE.lengths, help="of rows")
    parser.add_argument("--context", type=float, default=SHAPE.context, help="weight of files' and outputs' tokens")
    parser.add_argument("--decision", type=float, default=SHAPE.decision, help="weight of tokens that choose an edit")
    parser.add_argument("--rate", type=float, default=SCHEDULE.peak)
    parser.add_argument("--warm-up", type=int, default=SCHEDULE.warm_up_steps, help="steps")
    parser.add_argument("--decay-from", type=float, default=SCHEDULE.decay_from, help="share of the run")
    parser.add_argument("--least", type=float, default=SCHEDULE.least, help="rate at the end, of the peak")
    parser.add_argument(
        "--quantise-from", type=float, default=SCHEDULE.quantise_from, help="share of the run; above 1: never"
    )
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--experts", choices=("sorted", "all"), default="sorted")
    parser.add_argument("--log-every", type=int, default=20, help="steps")
    parser.add_argument("--measure-every", type=float, default=120.0, help="seconds; 0: at the end alone")
    parser.add_argument("--measured", type=int, default=256, help="held-out episodes to measure by")
    return train(_options(parser.parse_args(arguments)), sizes)


def _options(given: argparse.Namespace) -> Options:
    return Options(
        data=given.data,
        out=given.out,
        seconds=given.seconds,
        stop_after=given.stop_after,
        resume=given.resume,
        shape=Shape(given.tokens, tuple(given.lengths), given.context, given.decision),
        schedule=Schedule(given.rate, given.warm_up, given.decay_from, given.least, given.quantise_from),
        way=Way(
            torch.bfloat16 if given.device.startswith("cuda") else torch.float32,
            sort=given.experts == "sorted",
            compiled=given.compile,
        ),
        device=given.device,
        seed=given.seed,
        workers=given.workers,
        log_every=given.log_every,
        measure_every=given.measure_every,
        measured=given.measured,
        steps=given.steps,
    )


if __name__ == "__main__":
    raise SystemExit(main())
