"""What a CPU computes by shortcuts in fp32 is what the reference computes, and what they cannot do goes to it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode_kernels import cpu
from kimicode_kernels.select import REFERENCE, kernels_for

PAGE, HEADS, RANK, ROPE, NOPE, VALUE, SCALE = 8, 3, 10, 6, 5, 7, 0.3
WIDTH = RANK + ROPE


def chance(seed):
    return torch.Generator().manual_seed(seed)


def paged(lengths, order):
    """A cache whose pages are given out in `order`, its block table and lengths; NaN behind each sequence."""
    cache = torch.full((sum(-(-length // PAGE) for length in lengths) + 1, PAGE, WIDTH), float("nan"))
    table, free = torch.zeros(len(lengths), -(-max(lengths) // PAGE), dtype=torch.int32), list(order(len(cache)))
    for row, length in enumerate(lengths):
        for place, latents in enumerate(torch.randn(length, WIDTH, generator=chance(row)).split(PAGE)):
            table[row, place] = page = free.pop(0)
            cache[page, : len(latents)] = latents
    return cache, table, torch.tensor(lengths, dtype=torch.int32)


def shuffled(count):
    return torch.randperm(count, generator=chance(count)).tolist()


def close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_a_cpu_in_single_precision_gets_the_shortcuts():
    assert kernels_for(torch.device("cpu"), torch.float32) is cpu.KERNELS
    assert kernels_for(torch.device("cpu"), torch.bfloat16) is REFERENCE


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.sampled_from([range, shuffled]))
def test_rows_decode_the_same_wherever_their_pages_lie(lengths, order):
    cache, table, sizes = paged(lengths, order)
    query = torch.randn(len(lengths), HEADS, WIDTH, generator=chance(0))
    plan = cpu.plan(sizes, table, HEADS, PAGE)
    assert (plan is None) == (len(lengths) > cpu.FEW)
    found = cpu.mla_decode(query, cache, table, sizes, scale=SCALE, rank=RANK, plan=plan)
    expected = REFERENCE.mla_decode(query, cache, table, sizes, scale=SCALE, rank=RANK)
    close(found[0], expected[0])
    close(found[1], expected[1])


def test_pages_side_by_side_are_read_without_a_copy():
    _, table, sizes = paged([20, 17], range)
    assert cpu.plan(sizes, table, HEADS, PAGE) == (
        (slice(0, 20), 20),
        (slice(3 * PAGE, 3 * PAGE + 17), 17),
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 700), st.integers(0, 300), st.sampled_from([range, shuffled]), st.sampled_from([VALUE, 12]))
def test_a_prompts_chunk_attends_to_what_precedes_it_and_to_itself(count, before, order, value):
    context = before + count
    cache, table, _ = paged([context], order)
    query = torch.randn(count, HEADS, NOPE + ROPE, generator=chance(1))
    kv_b = torch.randn(HEADS, NOPE + value, RANK, generator=chance(2))
    found = cpu.mla_prefill(query, cache, table[0].long(), context, kv_b, scale=SCALE)
    close(found, REFERENCE.mla_prefill(query, cache, table[0].long(), context, kv_b, scale=SCALE))


def test_contexts_that_are_too_long_go_to_the_reference():
    cache, table, _ = paged([100], shuffled)
    query = torch.randn(30, HEADS, NOPE + ROPE, generator=chance(1))
    kv_b = torch.randn(HEADS, NOPE + VALUE, RANK, generator=chance(2))
    found = cpu.mla_prefill(query, cache, table[0].long(), 100, kv_b, scale=SCALE, at_once=1000)
    expected = REFERENCE.mla_prefill(query, cache, table[0].long(), 100, kv_b, scale=SCALE, at_once=1000)
    assert torch.equal(found, expected)


@pytest.mark.parametrize("rows", [1, cpu.MANY - 1, cpu.MANY, 100])
@pytest.mark.parametrize("bias", [None, torch.linspace(-1, 1, 24)])
def test_few_rows_and_many_have_the_same_products(rows, bias):
    x, weight = torch.randn(rows, 10, generator=chance(3)), torch.randn(24, 10, generator=chance(4))
    close(cpu.linear(x, weight, bias), REFERENCE.linear(x, weight, bias))
    close(cpu.linear(x, weight.t().contiguous().t(), bias), REFERENCE.linear(x, weight, bias))
    close(cpu.gated(x, weight), REFERENCE.gated(x, weight))


@pytest.mark.parametrize("tokens", [1, 5, 40, 200])
def test_experts_of_one_token_and_of_many_are_those_of_the_reference(tokens):
    gate_up, down = torch.randn(6, 24, 16, generator=chance(3)), torch.randn(6, 16, 12, generator=chance(4))
    x, weights = torch.randn(tokens, 16, generator=chance(5)), torch.rand(tokens, 3, generator=chance(6))
    # Some experts are chosen by all, some by few, and number 1 by nobody.
    ids = torch.tensor([[4, 0, (2, 3, 5)[number % 7 % 3]] for number in range(tokens)])
    close(cpu.experts(x, gate_up, down, weights, ids), REFERENCE.experts(x, gate_up, down, weights, ids))
