"""Episodes of similar length share a batch; what each token weighs goes along."""

from array import array

import pytest
import torch

from nano_training.data import packed
from nano_training.data.batch import Shape, batches
from nano_training.data.encode import Encoded

PREFIXES = {"default": array("H", [7, 8]), "swe": array("H", [9])}
SHAPE = Shape.multiples(256, longest=256)


def episode(length, prefix="default", token=5):
    return Encoded(prefix, array("H", [token] * length), bytes([1] * (length - 1) + [2]))


def test_a_batch_is_full_before_it_comes_and_holds_one_length():
    given = iter([episode(100), episode(200), episode(128, token=6), episode(1)])
    first = next(batches(given, PREFIXES, SHAPE))
    assert first.tokens.shape == (1, 256), "a row of 256 is a batch"
    second = next(batches([episode(100), episode(128, token=6)], PREFIXES, SHAPE))
    assert second.tokens.shape == (2, 128)
    assert second.prefix.tolist() == [7, 8]
    assert second.tokens[:, 0].tolist() == [5, 6]
    assert second.tokens.dtype == second.prefix.dtype == torch.int64


def test_decisions_weigh_more():
    decided = Encoded("swe", array("H", [5, 5]), bytes([3, 2]))
    for shape, weight in ((SHAPE, 3.0), (Shape(128, (128,), decision=1.0), 1.0)):
        (batch,) = batches([decided], PREFIXES, shape)
        assert batch.weights[0, :3].tolist() == [weight, 1.0, 0.0]


def test_padding_weighs_nothing_context_little_and_answers_all():
    (batch,) = batches([episode(3)], PREFIXES, SHAPE)
    assert batch.weights.dtype == torch.float32
    assert batch.weights[0, :5].tolist() == pytest.approx([0.1, 0.1, 1.0, 0.0, 0.0])
    assert batch.tokens[0, 3:].count_nonzero() == 0


def test_beginnings_are_not_mixed_and_what_is_left_comes_at_the_end():
    found = list(batches([episode(9), episode(9, "swe"), episode(9, "swe")], PREFIXES, SHAPE))
    assert [(batch.prefix.tolist(), len(batch.tokens)) for batch in found] == [([9], 2), ([7, 8], 1)]


def test_what_is_too_long_loses_its_end():
    (batch,) = batches([episode(1000)], PREFIXES, SHAPE)
    assert batch.tokens.shape == (1, 256)
    assert batch.weights.max() < 1


def test_chosen_lengths_alone():
    shape = Shape(1000, (100, 500))
    assert [shape.length(tokens) for tokens in (1, 100, 101, 900)] == [100, 100, 500, 500]
    assert [shape.rows(length) for length in shape.lengths] == [10, 2]


def test_a_file_gives_back_what_was_written(tmp_path):
    episodes = [episode(3), episode(500, "swe", token=4351), episode(1)]
    path = tmp_path / "new" / "held_out.npz"
    assert packed.write(path, iter(episodes)) == 3
    assert packed.read(path) == episodes
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_file_of_another_kind_is_refused(tmp_path):
    import numpy as np

    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(ValueError, match="holds no encoded episodes"):
        packed.read(tmp_path / "other.npz")
