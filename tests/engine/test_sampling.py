import math
import statistics
import time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode_engine.request import SamplingParams
from kimicode_engine.sampling import SamplingState, sample
from kimicode_kernels.reference import sampling as reference

VOCAB = 163_840


def state(prompt=(), seed=7, **params):
    return SamplingState(SamplingParams(max_tokens=100, seed=seed, **params), prompt)


def packed(allowed, vocab):
    """A packed mask of the allowed ids."""
    words = [0] * math.ceil(vocab / 32)
    for token in allowed:
        words[token // 32] |= 1 << token % 32
    return torch.tensor([word - (1 << 32) if word >> 31 else word for word in words], dtype=torch.int32)


def draw(logits, one, mask=None):
    sampled = sample(logits[None], [one], [mask])[0]
    return sampled and sampled.token


def plain_probabilities(logits, temperature=1.0, top_k=0, top_p=1.0, min_p=0.0):
    """The definition: softmax, sort, cut, each renormalised, in double precision."""
    probs = torch.softmax(logits.double() / temperature, -1)
    probs[probs < min_p * probs.max()] = 0
    ranked, ids = probs.sort(descending=True, stable=True)
    ranked[top_k or len(ranked) :] = 0
    ranked /= ranked.sum()
    ranked[ranked.cumsum(0) - ranked >= top_p] = 0
    return torch.zeros_like(probs).scatter(0, ids, ranked / ranked.sum())


def distance(expected, counts):
    """Chi-square over the tokens that can be drawn, in standard deviations from its mean."""
    possible = expected > 0
    assert counts[~possible].sum() == 0
    freedom = int(possible.sum()) - 1
    if not freedom:
        return 0.0
    total = counts.sum()
    chi = ((counts[possible] - total * expected[possible]) ** 2 / (total * expected[possible])).sum()
    return float((chi - freedom) / math.sqrt(2 * freedom))


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"temperature": 0.6, "top_p": 0.95},
        {"top_p": 0.5},
        {"top_k": 5},
        {"top_k": 12, "top_p": 0.7, "temperature": 1.7},
        {"min_p": 0.1},
        {"min_p": 0.05, "top_k": 8, "top_p": 0.9},
        {"top_p": 0.9999},
    ],
)
def test_tokens_come_as_often_as_the_definition_says(params):
    torch.manual_seed(1)
    logits = 2 * torch.randn(40)
    rows, rounds = 400, 25
    states = [state(seed=row, **params) for row in range(rows)]
    counts = torch.zeros(40, dtype=torch.float64)
    for _ in range(rounds):
        for sampled in sample(logits.expand(rows, -1).contiguous(), states, [None] * rows):
            counts[sampled.token] += 1
    assert abs(distance(plain_probabilities(logits, **params), counts)) < 4


def test_a_large_vocabulary_is_drawn_from_like_a_small_one():
    torch.manual_seed(2)
    logits = torch.full((VOCAB,), -30.0)
    places = torch.randperm(VOCAB)[:30]
    logits[places] = torch.randn(30)
    for params in ({}, {"top_p": 0.8}):
        one, counts = state(**params), torch.zeros(VOCAB, dtype=torch.float64)
        for _ in range(1500):
            counts[draw(logits, one)] += 1
        expected = plain_probabilities(logits[places], **params)
        assert abs(distance(expected, counts[places])) < 4
        assert counts[places].sum() == 1500


@pytest.mark.parametrize("spread", [0.0, 0.5, 3.0])
def test_a_flat_distribution_keeps_exactly_its_nucleus(spread):
    torch.manual_seed(3)
    logits = spread * torch.randn(20_000)
    expected = plain_probabilities(logits, top_p=0.9)
    kept = set(expected.nonzero().flatten().tolist())
    drawn = {draw(logits, state(seed=seed, top_p=0.9)) for seed in range(60)}
    assert len(drawn - kept) <= (1 if spread else 0)  # single precision may put the border one token further
    assert len(drawn) > 20


def test_a_token_does_not_depend_on_its_neighbours():
    torch.manual_seed(4)
    logits = 3 * torch.randn(24, 1000)
    kinds = [{}, {"top_p": 0.9}, {"top_k": 7}, {"temperature": 0.0}, {"temperature": 0.4, "min_p": 0.1}]
    kinds += [{"presence_penalty": 1.0, "top_p": 0.8}]
    params = [{"seed": row, **kinds[row % len(kinds)]} for row in range(24)]
    together = [sampled.token for sampled in sample(logits, [state(**one) for one in params], [None] * 24)]
    alone = [draw(logits[row], state(**params[row])) for row in range(24)]
    backwards = sample(logits.flip(0), [state(**one) for one in reversed(params)], [None] * 24)
    assert together == alone == [sampled.token for sampled in reversed(backwards)]


def test_a_seed_repeats_an_answer_and_no_seed_does_not():
    logits = torch.zeros(1000)
    first, again, other = state(seed=5), state(seed=5), state(seed=-5)
    tokens = [[draw(logits, one) for _ in range(10)] for one in (first, again, other)]
    assert tokens[0] == tokens[1] != tokens[2]
    assert len({draw(logits, state(seed=None)) for _ in range(20)}) > 10


@pytest.mark.parametrize("params", [{"temperature": 0.0}, {"top_k": 1}, {"top_p": 0.0}, {"temperature": 1e-9}])
def test_greedy_takes_the_lowest_id_among_equals_on_every_path(params):
    logits = torch.zeros(2000)
    logits[[700, 300, 1900]] = 5.0
    for neighbours in (0, 3):
        rows = torch.cat([logits[None], torch.randn(neighbours, 2000)])
        states = [state(**params), *(state(top_p=0.9) for _ in range(neighbours))]
        assert sample(rows, states, [None] * len(states))[0].token == 300
        masked = sample(rows, states, [packed([700, 1900], 2000)] * len(states))
        assert masked[0].token == 700


def test_of_equals_at_the_border_the_lowest_ids_stay():
    logits = torch.zeros(100)
    logits[50] = 1.0
    drawn = {draw(logits, state(seed=seed, top_k=3)) for seed in range(80)}
    assert drawn == {50, 0, 1}


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("params", [{}, {"temperature": 0.0}, {"top_p": 0.9, "repetition_penalty": 2.0}])
def test_a_row_with_nan_or_infinity_gives_nothing_and_its_neighbours_go_on(value, params):
    logits = torch.randn(3, 500)
    logits[1, 499] = value
    masks = [None, packed([1, 2], 500), None]
    for chosen in (masks, [None] * 3):
        sampled = sample(logits, [state(**params) for _ in range(3)], chosen)
        assert [one is None for one in sampled] == [False, True, False]


def test_a_row_that_allows_nothing_gives_nothing():
    logits = torch.randn(500)
    assert draw(logits, state(), packed([], 500)) is None
    logits[:100] = -math.inf
    assert draw(logits, state(), packed(range(100), 500)) is None
    assert draw(torch.full((500,), -math.inf), state()) is None
    assert sample(torch.zeros(0, 500), [], []) == []


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_only_allowed_tokens_are_drawn(data):
    vocab = data.draw(st.integers(1, 200))
    allowed = data.draw(st.sets(st.integers(0, vocab - 1), min_size=1))
    cut = data.draw(st.sampled_from([{}, {"top_p": 0.5}, {"top_k": 3}, {"min_p": 0.2}, {"temperature": 0.0}]))
    bias = data.draw(st.dictionaries(st.integers(0, vocab + 5), st.floats(-100, 100), max_size=4))
    logits = 5 * torch.randn(vocab, generator=torch.Generator().manual_seed(len(allowed)))
    before = logits.clone()
    one = state(seed=vocab, logit_bias=bias, **cut)
    mask = packed(allowed, vocab)
    assert all(draw(logits, one, mask) in allowed for _ in range(5))
    assert torch.equal(logits, before)


def test_a_mask_shorter_than_the_vocabulary_forbids_the_rest():
    logits = torch.arange(100.0)
    assert draw(logits, state(temperature=0.0), packed([3, 40], 64)) == 40


def test_penalties_follow_their_definitions():
    logits = torch.tensor([2.0, -2.0, 2.0, 1.9, 0.0])
    params = {"presence_penalty": 0.5, "frequency_penalty": 0.25, "repetition_penalty": 2.0}
    one = state(prompt=(0, 1), **params)
    for token in (2, 2, 3):
        one.accept(token)
    row = logits.clone()
    one.adjust(row)
    expected = [2.0 / 2, -2.0 * 2, 2.0 / 2 - 0.25 * 2 - 0.5, 1.9 / 2 - 0.25 - 0.5, 0.0]
    assert torch.allclose(row, torch.tensor(expected))


def test_presence_and_frequency_leave_the_prompt_alone():
    one = state(prompt=(0,), presence_penalty=2.0, frequency_penalty=2.0)
    row = torch.zeros(3)
    one.adjust(row)
    assert row.tolist() == [0, 0, 0]


def test_bias_lifts_and_bars_tokens():
    logits = torch.zeros(50)
    assert draw(logits, state(logit_bias={7: 100.0})) == 7
    assert 7 not in {draw(logits, state(seed=seed, logit_bias={7: -100.0})) for seed in range(100)}


def test_logprobs_are_those_of_the_raw_logits_whatever_is_done_to_them():
    torch.manual_seed(6)
    logits = torch.randn(300)
    truth = torch.log_softmax(logits.double(), -1)
    one = state(temperature=0.3, top_p=0.5, logit_bias={4: 100.0}, logprobs=5)
    sampled = sample(logits[None], [one], [None])[0]
    assert sampled.token == 4 == sampled.logprob.token
    assert sampled.logprob.logprob == pytest.approx(float(truth[4]), abs=1e-5)
    values, ids = truth.topk(5)
    assert [token for token, _ in sampled.logprob.top] == ids.tolist()
    assert [logprob for _, logprob in sampled.logprob.top] == pytest.approx(values.tolist(), abs=1e-5)


def test_alternatives_are_counted_and_none_is_impossible():
    logits = torch.full((50,), -math.inf)
    logits[:3] = 1.0
    assert len(sample(logits[None], [state(logprobs=20)], [None])[0].logprob.top) == 3
    assert sample(logits[None], [state(logprobs=0)], [None])[0].logprob.top == ()
    assert sample(logits[None], [state()], [None])[0].logprob is None


def test_huge_logits_and_tiny_temperatures_stay_numbers():
    logits = torch.tensor([1e25, 9e24, -3e38, 0.0])
    assert draw(logits, state(temperature=2e-5)) == 0
    assert draw(logits, state(temperature=2e-5, top_p=0.9)) == 0


def test_the_usual_parameters_cost_little_with_the_full_vocabulary():
    torch.manual_seed(8)
    logits = torch.randn(1, VOCAB)
    logits[0, :20] += torch.linspace(16, 8, 20)
    one, costs = [state(top_p=0.95)], []
    for _ in range(30):
        start = time.process_time()
        sample(logits, one, [None])
        costs.append(time.process_time() - start)
    # alone it is 0.2 ms; a busy machine may take several times as long
    assert statistics.median(costs) < 0.002


# --- where the logits are: by the kernels that draw on a GPU, here through their reference and their interpreter ---


def by_reference(logits, uniforms=None, **limits):
    return reference.greedy(logits) if uniforms is None else reference.sample(logits, uniforms, **limits)


def by_kernels(logits, uniforms=None, **limits):
    pytest.importorskip("triton")
    from kimicode_kernels import hopper

    return hopper.draw(logits, uniforms, **limits)


DRAWS = pytest.mark.parametrize("draw", [by_reference, by_kernels])
KINDS: tuple[dict[str, object], ...] = (
    {},
    {"temperature": 0.0},
    {"top_p": 0.9, "temperature": 0.7},
    {"top_k": 7},
    {"min_p": 0.1, "top_k": 40, "top_p": 0.8},
    {"presence_penalty": 1.0, "repetition_penalty": 1.3, "top_p": 0.8},
    {"logit_bias": {3: 2.0}, "top_k": 5000},
    {"top_p": 0.0},
)


def chosen(draw, logits, params, masks=None, rounds=1):
    """Tokens of some rounds, each accepted."""
    states, found = [state(seed=row, **one) for row, one in enumerate(params)], []
    for _ in range(rounds):
        drawn = sample(logits, states, masks or [None] * len(states), draw)
        found.append([one and one.token for one in drawn])
        for one, answer in zip(drawn, states, strict=True):
            if one:
                answer.accept(one.token)
    return found


@DRAWS
@pytest.mark.parametrize("kinds", [KINDS, KINDS[:2], KINDS[:3], [KINDS[1], KINDS[7]], [KINDS[0]] * 3], ids=len)
def test_a_draw_where_the_logits_are_gives_the_tokens_of_the_cpu(draw, kinds):
    torch.manual_seed(9)
    logits = 3 * torch.randn(len(kinds), 700)
    before = logits.clone()
    assert chosen(draw, logits, kinds, rounds=2) == chosen(None, logits, kinds, rounds=2)
    assert torch.equal(logits, before)


@DRAWS
def test_drawn_there_a_token_depends_on_no_neighbour(draw):
    torch.manual_seed(10)
    logits = 3 * torch.randn(len(KINDS), 500)
    together = chosen(draw, logits, KINDS)[0]
    for row, params in enumerate(KINDS):
        drawn = sample(logits[row : row + 1], [state(seed=row, **params)], [None], draw)
        assert drawn[0].token == together[row], params


@DRAWS
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_seen_there_too_even_behind_a_mask(draw, value):
    logits = torch.randn(4, 500)
    logits[1, 499] = value
    logits[3] = -math.inf
    for params in KINDS[:3]:
        for masks in ([None] * 4, [None, packed([1, 2], 500), packed([7], 500), None]):
            found = chosen(draw, logits, [params] * 4, masks)[0]
            assert [one is None for one in found] == [False, True, False, True]
            assert masks[2] is None or found[2] == 7


@DRAWS
def test_logprobs_beside_a_draw_there_are_those_of_the_raw_logits(draw):
    logits = torch.randn(1, 300)
    sampled = sample(logits, [state(temperature=0.0, logit_bias={4: 100.0}, logprobs=2)], [None], draw)[0]
    assert sampled.token == 4
    assert sampled.logprob.logprob == pytest.approx(float(torch.log_softmax(logits[0], -1)[4]), abs=1e-5)


def test_the_uniform_numbers_of_an_answer_are_the_same_on_both_paths():
    logits, asked = torch.randn(3, 50), []

    def noting(logits, uniforms=None, **limits):
        asked.append((uniforms.tolist(), sorted(limits)))
        return reference.greedy(logits)

    sample(logits, [state(seed=1), state(temperature=0.0), state(seed=2, top_p=0.5)], [None] * 3, noting)
    assert asked == [([state(seed=1).uniform(), 0.0, state(seed=2).uniform()], ["temperature", "top_p"])]


@pytest.mark.gpu
def test_a_gpu_draws_the_tokens_of_the_cpu():
    from kimicode_kernels import hopper

    torch.manual_seed(11)
    logits = 3 * torch.randn(len(KINDS), VOCAB)
    logits[2, 17] = math.nan
    masks = [None, packed(range(0, VOCAB, 3), VOCAB), None, packed(range(50), 64), None, None, None, None]
    expected = chosen(None, logits, KINDS, masks, rounds=3)
    assert chosen(hopper.draw, logits.cuda(), KINDS, masks, rounds=3) == expected
