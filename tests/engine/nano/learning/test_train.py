"""A whole small training: it learns, stops, goes on, and keeps what it has when a loss is no number."""

import json
from dataclasses import replace
from itertools import repeat

import pytest
import torch

from nano_training.data.batch import Batch, Shape
from nano_training.data.workers import WorkerError
from nano_training.learning import state, train
from nano_training.learning.feed import Feed, Synthetic
from nano_training.learning.model import Way
from nano_training.learning.parameters import initial
from nano_training.learning.schedule import Phase, Schedule
from nano_training.learning.sizes import model_config
from nano_training.learning.state import State
from nano_training.learning.train import Options, Training
from tests.engine.nano.learning.test_model import CPU, SMALL

VOCAB = model_config(SMALL).vocab_size


def options(folder, **fields):
    plain = Options(
        data="synthetic", out=folder, seconds=600.0, shape=Shape(128, (32,)), device="cpu", way=Way(torch.float32),
        schedule=Schedule(peak=1e-2, warm_up_steps=3), log_every=2, measure_every=0.0, steps=12, workers=1,
    )  # fmt: skip
    return replace(plain, **fields)


def curve(folder):
    return [json.loads(line) for line in (folder / state.CURVE).read_text().splitlines()]


def begin():
    config = model_config(SMALL)
    return State(SMALL, initial(config, 1, CPU), torch.zeros(2, config.experts), {}, 0, 0.0, 0)


class Same:
    """One batch again and again, and the mixtures that were asked for."""

    def __init__(self, batch):
        self.batch, self.mixtures = batch, []

    def mix(self, mixture):
        self.mixtures.append(mixture)

    def __iter__(self):
        return repeat(self.batch)


def one_batch(seed=1):
    return next(iter(Synthetic(VOCAB, 5, 16, 4, seed)))


def test_a_batch_that_comes_again_is_learnt_by_heart(tmp_path):
    batch = one_batch()
    feed = Feed(Same(batch), (Phase(1.0, {}),), [batch], None)
    assert Training(options(tmp_path, steps=40), feed, begin()).run() == 0
    lines = curve(tmp_path)
    assert lines[0]["loss"] > 5.0
    assert lines[-1]["held_out"]["loss"] < 1.0
    assert 0.0 <= lines[-1]["held_out"]["any"] <= 1.0
    assert lines[0]["tokens"] == 5 + 4 * 16
    assert {"gradient", "logit", "load", "rate", "tokens_per_second", "quantised"} <= lines[0].keys()


def test_a_run_stops_and_goes_on(tmp_path):
    assert train.train(options(tmp_path, steps=4), SMALL) == 0
    first = state.load(tmp_path, CPU)
    assert first.step == 4
    with pytest.raises(FileExistsError, match="--resume"):
        train.train(options(tmp_path), SMALL)
    assert train.train(options(tmp_path, steps=9, resume=True)) == 0
    second = state.load(tmp_path, CPU)
    assert second.step == 9
    assert second.elapsed > first.elapsed
    assert second.tokens == 9 * first.tokens // 4
    steps = [line["step"] for line in curve(tmp_path) if "loss" in line]
    assert steps == [1, 2, 3, 4, 6, 8]
    momenta = [kept.optimiser["momenta"]["o"] for kept in (first, second)]
    assert not torch.equal(*momenta)


def test_a_process_stops_after_its_own_time(tmp_path):
    assert train.train(options(tmp_path, stop_after=0.0), SMALL) == 0
    assert state.load(tmp_path, CPU).step == 0


def test_a_run_whose_time_is_over_trains_no_more(tmp_path):
    kept = replace(begin(), elapsed=601.0, step=3)
    feed = Feed(Same(one_batch()), (Phase(1.0, {}),), [], None)
    assert Training(options(tmp_path), feed, kept).run() == 0
    assert state.load(tmp_path, CPU).step == 3


def test_the_mixture_follows_the_time_also_after_a_pause(tmp_path):
    phases = (Phase(0.3, {"look": 1.0}), Phase(0.6, {"twin": 1.0}), Phase(1.0, {"real": 1.0}))
    source = Same(one_batch())
    feed = Feed(source, phases, [], None)
    Training(options(tmp_path, steps=1), feed, begin()).run()
    assert source.mixtures == []  # a feed begins with the first phase
    later = Training(options(tmp_path, steps=1), feed, replace(begin(), elapsed=400.0))
    later.run()
    assert (later.phase, source.mixtures) == (2, [])  # the feed was opened with this one
    later.before = 200.0
    later.options = options(tmp_path, steps=2)
    later.run()
    assert source.mixtures == [{"twin": 1.0}]


def test_quantisation_begins_in_time(tmp_path):
    feed = Feed(Same(one_batch()), (Phase(1.0, {}),), [], None)
    Training(options(tmp_path, steps=1), feed, begin()).run()
    Training(options(tmp_path, steps=2), feed, replace(begin(), elapsed=400.0, step=1)).run()
    assert [line["quantised"] for line in curve(tmp_path)] == [False, True]


def test_a_loss_that_is_no_number_stops_it_and_the_last_good_state_is_kept(tmp_path, capsys):
    good = one_batch()
    bad = Batch(good.prefix, good.tokens, good.weights * float("inf"))

    class Failing(Same):
        def __iter__(self):
            yield from (good, good, bad, good)

    feed = Feed(Failing(good), (Phase(1.0, {}),), [], None)
    assert Training(options(tmp_path), feed, begin()).run() == train.NOT_FINITE
    kept = state.load(tmp_path, CPU)
    assert kept.step == 2
    assert all(values.isfinite().all() for values in kept.parameters.values())
    assert "step 2: loss nan" in capsys.readouterr().out


def test_a_worker_that_fails_ends_it_and_the_state_is_kept(tmp_path):
    class Ending(Same):
        def __iter__(self):
            yield from (self.batch, self.batch, self.batch)
            raise WorkerError("no more bugs")

    feed = Feed(Ending(one_batch()), (Phase(1.0, {}),), [], None)
    with pytest.raises(WorkerError, match="no more bugs"):
        Training(options(tmp_path), feed, begin()).run()
    assert state.load(tmp_path, CPU).step == 2


def test_equal_seeds_train_equal_models(tmp_path):
    for name in ("one", "two"):
        train.train(options(tmp_path / name, steps=3), SMALL)
    one, two = (state.load(tmp_path / name, CPU) for name in ("one", "two"))
    assert all(torch.equal(values, two.parameters[name]) for name, values in one.parameters.items())


def test_the_command_line_reaches_the_options(tmp_path):
    run = tmp_path / "run"
    arguments = ["--data", "synthetic", "--out", str(run), "--seconds", "600", "--steps", "1", "--device", "cpu"]
    more = ["--no-compile", "--experts", "all", "--tokens", "64", "--lengths", "32", "--rate", "0.5", "--warm-up", "0"]
    assert train.main([*arguments, *more, "--quantise-from", "0"], SMALL) == 0
    assert state.load(run, CPU).sizes == SMALL
    assert (curve(run)[0]["rate"], curve(run)[0]["length"], curve(run)[0]["quantised"]) == (0.5, 32, True)
