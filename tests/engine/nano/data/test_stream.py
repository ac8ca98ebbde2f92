"""Worker processes make episodes; what goes wrong in one is raised here, with its own text."""

from itertools import islice

import pytest

from nano_training.data import packed
from nano_training.data.batch import Shape
from nano_training.data.encode import open_encoder
from nano_training.data.stream import held_out, open_stream
from nano_training.data.workers import Job, WorkerError, Workers, mixed
from tests.fakes.nano_source import Counting, Failing
from tests.fakes.nano_talk import EPISODE, write_vocabulary

SHAPE = Shape.multiples(512, longest=256)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocabulary")
    write_vocabulary(folder)
    return folder


def job(folder, workers=1, seed=1, **sources):
    return Job(sources, folder, folder / "prefixes.json", seed, workers)


def test_batches_come_as_long_as_they_are_wanted_and_the_mixture_can_change(folder):
    both = job(folder, workers=2, short=Counting(5, 100), long=Counting(6, 250))
    with open_stream(both, {"short": 1.0}, SHAPE) as stream:
        batches = iter(stream)
        assert {int(batch.tokens[0, 0]) for batch in islice(batches, 20)} == {5}
        assert stream.encoder.prefix_ids["default"].tolist() == next(batches).prefix.tolist()
        stream.mix({"long": 1.0})
        assert any(int(batch.tokens[0, 0]) == 6 for batch in islice(batches, 2000))


def test_a_worker_that_fails_says_why_here(folder):
    with (
        open_stream(job(folder, bad=Failing()), {"bad": 1.0}, SHAPE) as stream,
        pytest.raises(WorkerError, match=r"(?s)a worker failed.*LookupError: no bug is left"),
    ):
        next(iter(stream))


def test_a_worker_that_dies_is_noticed(folder):
    with (
        Workers(job(folder, bad=Failing(dies=True)), {"bad": 1.0}) as workers,
        pytest.raises(WorkerError, match="exit code 9"),
    ):
        next(iter(workers))


def test_mixtures_that_cannot_be_are_refused(folder):
    workers = Workers(job(folder, short=Counting(5)), {"short": 1.0})
    with pytest.raises(ValueError, match="no source is called long; there are short"):
        workers.mix({"long": 1.0})
    with pytest.raises(ValueError, match="no source has a share"):
        workers.mix({"short": 0.0})


def test_a_workers_episodes_follow_from_the_seed_and_its_number(folder):
    def first(seed, index):
        one = mixed(job(folder, seed=seed, short=Counting(5), long=Counting(6)), index, [0.5, 0.5])
        return [(len(each.tokens), each.tokens[0]) for each in islice(one, 20)]

    assert first(1, 0) == first(1, 0)
    assert len({tuple(first(seed, index)) for seed in (1, 2) for index in (0, 1)}) == 4


def test_what_is_measured_by_is_always_the_same(folder, tmp_path):
    encoder = open_encoder(folder, folder / "prefixes.json")
    packed.write(tmp_path / "held_out.npz", [encoder.encode(EPISODE)] * 5)
    (batch,) = held_out(tmp_path / "held_out.npz", encoder, SHAPE, count=2)
    assert len(batch.tokens) == 2
