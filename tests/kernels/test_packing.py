"""The fragment order of INT4 weights: a bijection, and the word layout that the kernels count on."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode_kernels import packing
from kimicode_kernels.reference.packing import unpack as values
from tests.fakes.engine_int4 import pack as codes_to_words


def random_words(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-(2**31), 2**31, shape, generator=generator).int()


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.integers(0, 2**31))
def test_packing_and_unpacking_are_inverse_both_ways(experts, tiles, blocks, seed):
    words = random_words(experts, 64 * tiles, 8 * blocks, seed=seed)
    packed = packing.pack(words)
    assert packed.shape == (experts, tiles, blocks, 128, 4)
    assert packed.nbytes == words.nbytes
    assert torch.equal(packing.unpack(packed), words)
    anything = random_words(experts, tiles, blocks, 128, 4, seed=seed + 1)
    assert torch.equal(packing.pack(packing.unpack(anything)), anything)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**31))
def test_scales_and_rows_come_back(experts, tiles, steps, seed):
    scale = torch.rand(experts, 64 * tiles, 4 * steps, generator=torch.Generator().manual_seed(seed)).bfloat16()
    assert torch.equal(packing.unpack_scale(packing.pack_scale(scale)), scale)
    assert torch.equal(packing.separate(packing.interleave(scale)), scale)


def test_a_word_holds_what_its_thread_feeds_to_the_mma():
    rows, columns = 128, 128
    codes = torch.randint(-8, 8, (1, rows, columns), generator=torch.Generator().manual_seed(3))
    packed = packing.pack(codes_to_words(codes))
    for tile, block, slab, g, t, j in [(0, 0, 0, 0, 0, 0), (1, 1, 3, 7, 3, 3), (1, 0, 2, 5, 1, 2), (0, 1, 1, 4, 3, 0)]:
        word = int(packed[0, tile, block, 32 * slab + 4 * g + t, j]) % 2**32
        for r in range(2):
            for h in range(2):
                for e in range(2):
                    row, column = 64 * tile + 16 * slab + 8 * r + g, 64 * block + 16 * j + 8 * h + 2 * t + e
                    assert (word >> (4 * (r + 2 * h) + 16 * e)) % 16 - 8 == codes[0, row, column]


def test_gate_and_up_alternate_by_eight_rows():
    gate_up = torch.arange(64).view(1, 64, 1)
    mixed = packing.interleave(gate_up)[0, :, 0].tolist()
    assert mixed[:24] == [*range(8), *range(32, 40), *range(8, 16)]


@pytest.mark.parametrize("chunk", [1, 2, 8])
def test_experts_come_back_whatever_the_chunk(chunk):
    given = (
        random_words(5, 256, 32),
        torch.rand(5, 256, 8).bfloat16(),
        random_words(5, 256, 16, seed=1),
        torch.rand(5, 256, 4).bfloat16(),
    )
    packed = packing.pack_experts(*given, chunk=chunk)
    assert (packed.count, packed.hidden, packed.width) == (5, 256, 128)
    assert all(torch.equal(a, b) for a, b in zip(packing.unpack_experts(packed), given, strict=True))


def test_experts_can_arrive_one_by_one():
    words, scale = random_words(2, 256, 16), torch.rand(2, 256, 4).bfloat16()
    down, down_scale = random_words(2, 128, 16, seed=1), torch.rand(2, 128, 4).bfloat16()
    whole = packing.pack_experts(words, scale, down, down_scale)
    room = packing.empty_experts(2, 128, 128, "cpu")
    for expert in (1, 0):
        one = slice(expert, expert + 1)
        packing.fill_experts(room, one, words[one], scale[one], down[one], down_scale[one])
    assert torch.equal(room.gate_up, whole.gate_up)
    assert torch.equal(room.down_scale, whole.down_scale)


def test_codes_keep_their_values():
    words, scale = random_words(1, 128, 16), torch.rand(1, 128, 4).bfloat16()
    back = packing.unpack(packing.pack(words)), packing.unpack_scale(packing.pack_scale(scale))
    assert torch.equal(values(*back, torch.float32), values(words, scale, torch.float32))


@pytest.mark.parametrize(("hidden", "width"), [(192, 128), (128, 64), (7168, 2000)])
def test_sizes_that_tiles_do_not_divide_are_refused(hidden, width):
    with pytest.raises(ValueError, match="multiples of 128"):
        packing.empty_experts(1, hidden, width, "cpu")


def test_another_group_is_refused():
    with pytest.raises(ValueError, match="multiples"):
        packing.pack_scale(torch.ones(1, 64, 3))
