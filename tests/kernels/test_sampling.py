"""Greedy and random tokens, interpreted or on a GPU, against the plain definition, and that against the engine's
sampler."""

import pytest
import torch

from kimicode_engine.request import SamplingParams
from kimicode_engine.sampling import SamplingState
from kimicode_engine.sampling import sample as engine
from kimicode_kernels.nucleus import draw
from kimicode_kernels.reference import sampling as reference
from kimicode_kernels.sampling import greedy, sample

VOCAB = 300
on_a_gpu_too = pytest.mark.usefixtures("device")
TYPES = {"temperature": torch.float32, "top_k": torch.int32, "top_p": torch.float64, "min_p": torch.float32}
CUTS = [
    {},
    {"top_p": 0.9},
    {"top_p": 0.01},
    {"top_k": 20},
    {"top_k": 5, "top_p": 0.8},
    {"min_p": 0.05},
    {"top_k": 50, "top_p": 0.95, "min_p": 0.01},
]


def cuts(rows, **values):
    """Each as a tensor [rows]."""
    return {
        name: torch.full((rows,), value, dtype=TYPES[name]) for name, value in ({"temperature": 0.7} | values).items()
    }


def logits(rows, spread):
    """Plain, peaked, rounded (many ties) and partly forbidden rows in turn."""
    found = spread * torch.randn(rows, VOCAB)
    found[1::4, 5] += 4 * spread
    found[2::4] = found[2::4].round()
    found[3::4, 40:250] = float("-inf")
    return found


def drawn(rows, uniforms, limits, **tiles):
    """By the kernels, with small tiles so that a row has several programs."""
    tokens = torch.empty(len(rows), dtype=torch.int64)
    kept = [limits.get(name) for name in ("top_k", "top_p", "min_p")]
    draw(
        rows,
        uniforms,
        limits["temperature"],
        *kept,
        tokens,
        chain=False,
        **({"block": 256, "tile": 128, "chunk": 512} | tiles),
    )
    return tokens


@on_a_gpu_too
@pytest.mark.parametrize(
    ("spread", "given"),
    [
        *((4.0, given) for given in CUTS[:2]),
        *(pytest.param(4.0, given, marks=pytest.mark.slow) for given in CUTS[2:-1]),
        (4.0, CUTS[-1]),
        pytest.param(0.01, {"top_p": 0.9}, marks=pytest.mark.slow),
        (0.01, CUTS[-1]),
    ],
)
def test_tokens_are_those_of_the_definition(given, spread):
    rows, uniforms, limits = logits(4, spread), torch.rand(4, dtype=torch.float64), cuts(4, **given)
    assert drawn(rows, uniforms, limits).equal(reference.sample(rows, uniforms, **limits))


@on_a_gpu_too
@pytest.mark.parametrize("given", [{"top_p": 0.9}, {"top_k": 40, "top_p": 0.8}])
def test_a_list_that_overflows_changes_nothing(given):
    rows, uniforms, limits = logits(2, 0.01), torch.rand(2, dtype=torch.float64), cuts(2, **given)
    assert drawn(rows, uniforms, limits, capacity=3, chunk=128).equal(reference.sample(rows, uniforms, **limits))


@on_a_gpu_too
def test_rows_with_cuts_of_their_own_share_a_call():
    rows, uniforms = logits(6, 2.0), torch.rand(6, dtype=torch.float64)
    limits = {
        "temperature": torch.tensor([1.0, 0.0, 0.3, 5.0, 1.0, 1.0]),
        "top_k": torch.tensor([0, 0, 10, 299, 1, 5000], dtype=torch.int32),
        "top_p": torch.tensor([1.0, 0.5, 0.9, 0.99, 0.5, 0.0]),
        "min_p": torch.tensor([0.0, 0.1, 0.0, 0.0, 0.0, 2.0]),
    }
    found = drawn(rows, uniforms, limits)
    assert found.equal(reference.sample(rows, uniforms, **limits))
    assert found[[1, 4, 5]].equal(rows[[1, 4, 5]].argmax(-1))


def test_every_token_is_drawn_as_often_as_it_is_likely():
    row, count = torch.tensor([[1.0, 3.0, 2.0, 0.0, 3.0]]), 12
    uniforms = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    found = drawn(row.expand(count, 5), uniforms, cuts(count, temperature=1.0, top_k=4))
    shares = torch.bincount(found, minlength=5) / count
    expected = torch.where(row[0] > 0, row[0].exp(), 0.0)
    assert (shares - expected / expected.sum()).abs().max() <= 1 / count
    assert found.equal(found.sort().values)


@on_a_gpu_too
@pytest.mark.parametrize("given", [{"top_k": 3}, {"top_p": 0.6}])
def test_of_equals_the_lowest_ids_stay(given):
    rows, uniforms = torch.zeros(3, 5), torch.arange(3, dtype=torch.float64) / 3
    assert drawn(rows, uniforms, cuts(3, **given)).tolist() == [0, 1, 2]


@on_a_gpu_too
def test_the_largest_uniform_number_still_draws_a_kept_token():
    rows, uniforms = logits(4, 1.0), torch.full((4,), 1.0 - 2.0**-48, dtype=torch.float64)
    limits = cuts(4, top_p=0.5)
    found = drawn(rows, uniforms, limits)
    assert found.equal(reference.sample(rows, uniforms, **limits))
    assert rows.gather(1, found[:, None]).isfinite().all()


@on_a_gpu_too
def test_unsound_rows_get_no_token():
    rows = torch.randn(5, 300)
    rows[0, 3], rows[1, 299], rows[2], rows[3, 7] = float("nan"), float("inf"), float("-inf"), float("-inf")
    expected = [-1, -1, -1]
    assert greedy(rows)[:3].tolist() == expected
    assert reference.greedy(rows)[:3].tolist() == expected
    uniforms, limits = torch.rand(5, dtype=torch.float64), cuts(5, top_p=0.9)
    assert sample(rows, uniforms, **limits).equal(reference.sample(rows, uniforms, **limits))
    assert sample(rows, uniforms, **limits)[:3].tolist() == expected


@on_a_gpu_too
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_greedy_takes_the_first_of_the_highest(dtype):
    rows = torch.randn(4, 2500).to(dtype)
    rows[0, [2400, 1100, 1900]] = 9.0
    rows[1] = 0.0
    rows[1, ::2] = -0.0
    rows[2] = -rows[2].abs() - 1
    found = greedy(rows)
    assert found[:2].tolist() == [1100, 0]
    assert found.equal(reference.greedy(rows))


@pytest.mark.parametrize("given", [*CUTS, {"temperature": 0.0}, {"top_k": 1}, {"top_p": 0.0}])
def test_the_definition_is_the_engines(given):
    rows = logits(8, 2.0)
    states = [
        SamplingState(SamplingParams(max_tokens=1, seed=seed, **{"temperature": 0.7} | given), []) for seed in range(8)
    ]
    twins = [SamplingState(state.params, []) for state in states]
    uniforms = torch.tensor([twin.uniform() for twin in twins], dtype=torch.float64)
    expected = [one.token for one in engine(rows, states, [None] * 8)]
    assert reference.sample(rows, uniforms, **cuts(8, **given)).tolist() == expected


def test_no_rows_give_no_tokens():
    nothing = torch.empty(0, 10)
    assert greedy(nothing).shape == (0,)
    assert sample(nothing, torch.empty(0, dtype=torch.float64), **cuts(0)).shape == (0,)


def test_what_does_not_fit_is_refused():
    rows, uniforms = torch.zeros(2, 10), torch.zeros(2, dtype=torch.float64)
    with pytest.raises(ValueError, match="beside"):
        sample(rows, uniforms, **cuts(3))
    with pytest.raises(ValueError, match="logits"):
        greedy(torch.zeros(10, 2).T)
    with pytest.raises(ValueError, match="logits"):
        greedy(torch.zeros(1, 1).expand(1, 1 << 19))
