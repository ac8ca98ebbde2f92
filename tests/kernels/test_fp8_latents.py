"""The fp8 cache through every kernel that touches it, interpreted or on a GPU: the reference's bytes go in, and what it
reads from them is attended to. Bytes of 255, NaN in every type, lie wherever nothing belongs."""

import pytest
import torch

from kimicode_kernels import mla_decode as decoding
from kimicode_kernels.cache_write import cache_write
from kimicode_kernels.mla_plan import TILES, mla_plan
from kimicode_kernels.mla_prefill import mla_prefill
from kimicode_kernels.reference import cache_write as reference_cache_write
from kimicode_kernels.reference import mla_prefill as reference_mla_prefill
from kimicode_kernels.reference import rope_and_write as reference_rope_and_write
from kimicode_kernels.reference.fp8_latents import dequantise, quantise, width
from kimicode_kernels.rope_and_write import rope_and_write

pytestmark = pytest.mark.usefixtures("device")

PAGE, RANK, ROPE, SCALE = 64, 128, 16, 0.2


@pytest.fixture
def dtype(device):
    """Triton's interpreter multiplies and rounds bf16 wrongly; a GPU has no room for fp32's tiles."""
    return torch.float32 if device == "cpu" else torch.bfloat16


def poisoned(pages, rank=RANK, rope=ROPE):
    return torch.full((pages, PAGE, width(rank, rope)), 255, dtype=torch.uint8)


def extremes(rank):
    """Rows of rank + ROPE values of bf16: of all sizes, ties and near misses of e4m3's steps, zeros, no numbers."""
    sizes = torch.randn(40, rank) * torch.exp2(torch.randint(-30, 8, (40, rank)).float())
    ties = (torch.randint(16, 32, (8, rank)) / 16 * torch.exp2(torch.randint(-11, 9, (8, rank)).float())).clamp(max=448)
    rows = torch.cat((sizes, ties, -ties * 1.0078125, torch.zeros(1, rank), 1e38 * torch.randn(2, rank)))
    rows = torch.cat((rows, torch.randn(3, rank)))
    rows[-3:, 7] = torch.tensor([float("nan"), float("inf"), float("-inf")])
    return torch.cat((rows, torch.randn(len(rows), ROPE)), 1).bfloat16()


def same(found, expected, rank):
    """Equal bytes, but for the codes of groups that are NaN by their scale."""
    shown = [dequantise(one.flatten(0, 1), rank, torch.float32) for one in (found, expected)]
    torch.testing.assert_close(*shown, rtol=0, atol=0, equal_nan=True)
    good = ~shown[1].isnan().any(1)
    return torch.equal(found.flatten(0, 1)[good], expected.flatten(0, 1)[good])


@pytest.mark.parametrize("rank", [128, 384])
def test_what_is_written_is_what_the_reference_writes_byte_by_byte(rank, dtype):
    rows = extremes(rank).to(dtype)
    slots = torch.randperm(2 * PAGE)[: len(rows)]
    found, expected = poisoned(2, rank), poisoned(2, rank)
    cache_write(rows, found, slots)
    reference_cache_write.cache_write(rows, expected, slots)
    assert same(found, expected, rank)


def test_a_negative_slot_is_skipped(dtype):
    cache = poisoned(1)
    cache_write(torch.ones(3, RANK + ROPE, dtype=dtype), cache, torch.tensor([-1, 4, -1]))
    assert (cache[0] != 255).any(1).nonzero().flatten().tolist() == [4]


def test_a_layer_s_queries_are_turned_and_its_latents_normalised_and_quantised(dtype):
    count, heads = 5, 3
    query, both = torch.randn(count, heads, ROPE).to(dtype), torch.randn(count, RANK + ROPE).bfloat16().to(dtype)
    # Quarter turns: what they make of a number in bf16 is one, so that nothing depends on how it is rounded.
    quarters = torch.randint(4, (count, ROPE // 2))
    turns = torch.stack((torch.tensor([1.0, 0, -1, 0])[quarters], torch.tensor([0, 1.0, 0, -1])[quarters]), -1)
    rest = (turns, torch.ones(RANK).to(dtype), 1e-6)
    slots = torch.tensor([3, -1, 64, 127, 0])
    found, expected = poisoned(2), poisoned(2)
    one = rope_and_write(query, both, *rest, found, slots)
    other = reference_rope_and_write.rope_and_write(query, both, *rest, expected, slots)
    torch.testing.assert_close(one, other)
    read, wanted = (dequantise(cache, RANK, torch.float32).nan_to_num() for cache in (found, expected))
    # A last bit of the norm may carry a value over the border between two codes.
    assert (read - wanted).norm() <= (2e-3 if dtype == torch.float32 else 2e-2) * wanted.norm()
    assert torch.equal(found == 255, expected == 255)
    assert torch.equal(found[..., RANK + 4 :], expected[..., RANK + 4 :])


def paged(lengths, rank=RANK, rope=ROPE):
    """A cache of shuffled pages with rows of these lengths, the table, and the rows as they are read back."""
    counts = [-(-length // PAGE) for length in lengths]
    cache = poisoned(sum(counts) + 2, rank, rope)
    order = torch.randperm(len(cache))
    table = torch.full((len(lengths), max(counts) + 1), int(order[-1]), dtype=torch.int32)
    rows, at = [], 0
    for row, (length, count) in enumerate(zip(lengths, counts, strict=True)):
        table[row, :count] = order[at : at + count]
        held = quantise(torch.randn(length, rank + rope), rank)
        for place, some in enumerate(held.split(PAGE)):
            cache[order[at + place], : len(some)] = some
        rows.append(dequantise(held, rank, torch.float32))
        at += count
    return rows, cache, table


@pytest.mark.parametrize(
    ("lengths", "heads", "tiles"),
    [
        ([300, 0, 17, 64], 16, None),
        ([140, 0, 17, 64], 16, TILES[32]),
        ([0], 20, None),
        ([65], 3, None),
        ([130, 1], 64, None),
        *(pytest.param([300, 0, 17, 64], 16, tiles, marks=pytest.mark.slow) for tiles in TILES.values()),
        pytest.param([250, 250], 40, TILES[64], marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_rows_of_any_lengths_attend_to_what_the_reference_reads(lengths, heads, tiles, dtype):
    rows, cache, table = paged(lengths)
    query = torch.randn(len(lengths), heads, RANK + ROPE).to(dtype)
    sizes = torch.tensor(lengths, dtype=torch.int32)
    plan = mla_plan(sizes, table, heads, tiles=tiles)
    results = [decoding.mla_decode(query, cache, table, sizes, scale=SCALE, rank=RANK, plan=plan) for _ in range(2)]
    assert all(torch.equal(one, again) for one, again in zip(*results, strict=True))
    out, lse = results[0]
    tolerance = 1e-5 if dtype == torch.float32 else 2e-2
    for row, latents in enumerate(rows):
        scores = query[row].float() @ latents.T * SCALE
        expected = scores.softmax(-1) @ latents[:, :RANK]
        torch.testing.assert_close(out[row].float(), expected, rtol=tolerance, atol=tolerance)
        torch.testing.assert_close(lse[row], scores.logsumexp(-1), rtol=tolerance, atol=tolerance)


def test_kimi_s_own_sizes(dtype):
    rows, cache, table = paged([70], 512, 64)
    query = torch.randn(1, 5, 576).to(dtype)
    out, _ = decoding.mla_decode(query, cache, table, torch.tensor([70], dtype=torch.int32), scale=0.05, rank=512)
    expected = (query[0].float() @ rows[0].T * 0.05).softmax(-1) @ rows[0][:, :512]
    torch.testing.assert_close(out[0].float(), expected, rtol=2e-2, atol=2e-2)


def test_a_nan_that_a_row_wrote_itself_shows_and_leaves_the_others_alone(dtype):
    _, cache, table = paged([70, 90])
    bad = torch.randn(1, RANK + ROPE).to(dtype)
    bad[0, 5] = float("inf")
    cache_write(bad, cache, table[0, :1].long() * PAGE + 3)
    query = torch.randn(2, 16, RANK + ROPE).to(dtype)
    sizes = torch.tensor([70, 90], dtype=torch.int32)
    out, lse = decoding.mla_decode(query, cache, table, sizes, scale=1.0, rank=RANK)
    assert lse[0].isnan().all()
    assert out[0].isnan().all()
    assert out[1].isfinite().all()


@pytest.mark.parametrize(("count", "context", "workspace"), [(1, 1, 1 << 20), (20, 90, 1), (70, 200, 1 << 20)])
def test_a_chunk_attends_to_what_the_reference_reads(count, context, workspace, dtype):
    _, cache, table = paged([context])
    query, kv_b = torch.randn(count, 2, 16 + ROPE).to(dtype), (torch.randn(2, 32, RANK) * RANK**-0.5).to(dtype)
    pages = table[0].long()
    out = mla_prefill(query, cache, pages, context, kv_b, scale=0.3, workspace=workspace)
    wide = dequantise(cache, RANK, torch.float32)
    exact = reference_mla_prefill.mla_prefill(query.float(), wide, pages, context, kv_b.float(), scale=0.3)
    direct = reference_mla_prefill.mla_prefill(query, cache, pages, context, kv_b, scale=0.3)
    limit = 2e-6 if dtype == torch.float32 else 2e-2
    for found in (out, direct):
        assert found.isfinite().all()
        assert (found.float() - exact).norm() <= limit * exact.norm()


@pytest.mark.parametrize("kind", [torch.uint8, torch.float16])
def test_a_cache_of_more_bytes_or_values_than_32_bits_count(kind, device):
    if kind == torch.float16 and device != "cpu":
        pytest.skip("a GPU's kernels take bf16 there; see the other tests")
    each = width(RANK, ROPE) if kind == torch.uint8 else RANK + ROPE
    last = 2**31 // (PAGE * each) + 3
    cache = torch.empty(last + 1, PAGE, each, dtype=kind)  # untouched memory takes none
    rows = torch.randn(70, RANK + ROPE).to(torch.float16 if device == "cpu" else torch.bfloat16)
    slots = torch.cat((torch.arange(PAGE) + last * PAGE, torch.arange(6) + (last - 2) * PAGE))
    cache_write(rows, cache, slots)
    latents = dequantise(quantise(rows, RANK), RANK, torch.float32) if kind == torch.uint8 else rows.float()
    query = torch.randn(1, 4, RANK + ROPE).to(rows.dtype)
    table, size = torch.tensor([[last, last - 2]], dtype=torch.int32), torch.tensor([70], dtype=torch.int32)
    out, _ = decoding.mla_decode(query, cache, table, size, scale=SCALE, rank=RANK)
    expected = (query[0].float() @ latents.T * SCALE).softmax(-1) @ latents[:, :RANK]
    torch.testing.assert_close(out[0].float(), expected, rtol=2e-2, atol=2e-2)
    kv_b = (torch.randn(4, 32, RANK) * RANK**-0.5).to(rows.dtype)
    chunk = torch.randn(70, 4, 16 + ROPE).to(rows.dtype)
    found = mla_prefill(chunk, cache, table[0].long(), 70, kv_b, scale=0.3)
    whole, order = latents.to(rows.dtype), torch.arange(2)
    near = torch.cat((whole, whole[:58])).view(2, PAGE, RANK + ROPE)
    exact = reference_mla_prefill.mla_prefill(chunk, near, order, 70, kv_b, scale=0.3)
    torch.testing.assert_close(found, exact, rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize(
    "change",
    [
        {"cache": torch.zeros(2, PAGE, width(RANK, ROPE) + 2, dtype=torch.uint8)},
        {"rank": 64, "query": torch.zeros(1, 16, 64 + ROPE)},
    ],
    ids=["a width of another layout", "a rank without whole groups"],
)
def test_shapes_without_a_kernel_are_refused(change):
    given = {
        "query": torch.zeros(1, 16, RANK + ROPE),
        "cache": poisoned(2),
        "block_table": torch.zeros(1, 1, dtype=torch.int32),
        "lengths": torch.tensor([1], dtype=torch.int32),
        "rank": RANK,
    }
    with pytest.raises(ValueError, match=r"cache|fp8"):
        decoding.mla_decode(**(given | change), scale=SCALE)


def test_latents_of_another_width_are_not_written():
    with pytest.raises(ValueError, match="bytes"):
        cache_write(torch.ones(1, RANK + ROPE + 2), poisoned(1), torch.tensor([0]))
