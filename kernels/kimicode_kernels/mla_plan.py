"""Who computes what in MLA decode: the rows' tiles of tokens, laid end to end, are cut into equal runs, one a program.

Made on the device once a step from the lengths (a few KB, ≈ 2 µs: launch and latency) and used by every layer; its
shape depends on the batch alone, so a CUDA graph that holds it serves any lengths."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import torch
import triton
import triton.language as tl

from kimicode_kernels.compiling import CompileCase

ROWS = 8
"""Programs of the plan that one CTA of its kernel works out."""
PROGRAMS_INTERPRETED = 7


@dataclass(frozen=True, slots=True)
class Tiles:
    """`heads` a program and `tokens` a step of its loop; `transposed`: scores are [tokens, heads].

    `per_sm` programs share an SM, and none gets fewer than `least` tiles. `ring`: mla_ring's kernel where it fits.
    """

    heads: int
    tokens: int
    transposed: bool
    warps: int
    stages: int
    per_sm: int = 1
    least: int = 1
    ring: bool = False


TILES = {
    16: Tiles(16, 64, transposed=True, warps=4, stages=2, ring=True),
    32: Tiles(32, 64, transposed=True, warps=8, stages=2, ring=True),
    64: Tiles(64, 64, transposed=False, warps=8, stages=2, ring=True),
}
"""By heads of the model, padded to the next key; more heads take several programs of 64."""
SHORT = ((12_000, 16), (40_000, 32))
"""(tokens that a block table has room for, heads a program at most): over little, all latents are read more than once,
but fewer programs share a row, and less is left to merge, which costs more than reading there."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Made by `mla_plan` for D rows; slots of the partial results are numbered program + row."""

    work: torch.Tensor
    """[programs, 8] int32: first row, first tile in it, tiles in all, last row; the first row's length and the pages of
    the first tile and the next, so that a program's first latents wait for one load alone."""
    pieces: torch.Tensor
    """[D, 2] int32: first slot and number of slots of each row."""
    tiles: Tiles

    @property
    def slots(self) -> int:
        """How many partial results there can be."""
        return len(self.work) + len(self.pieces) - 1


def mla_plan(
    lengths: torch.Tensor, block_table: torch.Tensor, heads: int, *, page: int = 64, tiles: Tiles | None = None
) -> Plan:
    """Spread lengths [D] int32 (tokens of each row, 0 allowed) with pages block_table [D, n] int32 over the device.

    `heads` and `page` are the model's heads on this device and the cache's tokens per page; `tiles` replaces the
    table's entry. Raises ValueError for no rows, other types or a page that a tile does not divide.
    """
    if lengths.dim() != 1 or not len(lengths) or lengths.dtype != torch.int32:
        raise ValueError(f"lengths must be [D] int32 with D >= 1, not {list(lengths.shape)} {lengths.dtype}")
    if block_table.dtype != torch.int32 or len(block_table) != len(lengths) or block_table.stride(1) != 1:
        raise ValueError(
            f"{list(block_table.shape)} {block_table.dtype} is no int32 table of {len(lengths)} rows of pages"
        )
    tiles = tiles or tiles_for(heads, page, block_table.numel() * page)
    if page % tiles.tokens:
        raise ValueError(f"a page of {page} tokens is not a multiple of the tile of {tiles.tokens}")
    groups = triton.cdiv(heads, tiles.heads)
    programs = max(1, _processors(lengths.device) * tiles.per_sm // groups)
    rows = triton.next_power_of_2(len(lengths))
    work = torch.empty(programs, 8, dtype=torch.int32, device=lengths.device)
    pieces = torch.empty(len(lengths), 2, dtype=torch.int32, device=lengths.device)
    _plan[(triton.cdiv(programs, ROWS),)](
        lengths,
        block_table,
        work,
        pieces,
        len(lengths),
        block_table.stride(0),
        programs,
        tiles.least,
        tiles.tokens,
        page,
        rows,
        ROWS,
    )
    return Plan(work, pieces, tiles)


def tiles_for(heads: int, page: int, room: int = 1 << 30) -> Tiles:
    """The table's entry, cut to what a page holds; `room`: tokens that the rows can have together.

    Raises ValueError where a page is too small for a matrix product.
    """
    key = min((key for key in TILES if key >= heads), default=max(TILES))
    entry = TILES[min(key, next((most for tokens, most in SHORT if room <= tokens), key))]
    if page >= entry.tokens and page % entry.tokens == 0:
        return entry
    tokens = page & -page
    if tokens < 16:
        raise ValueError(f"MLA decode needs pages of a multiple of 16 tokens, not {page}")
    return Tiles(entry.heads, min(tokens, entry.tokens), entry.transposed, entry.warps, entry.stages)


def tiles_for_fp8(tiles: Tiles) -> Tiles:
    """How a program computes with latents in fp8, whatever its plan's tiles are made for.

    Latents that come from registers reach the tensor cores without a detour only as their second operand, and then
    heads are the first one's rows: 64 of them, live or not.
    """
    return replace(tiles, heads=max(64, tiles.heads), transposed=False, warps=8, stages=2, ring=False)


def compile_cases() -> Iterator[CompileCase]:
    """The plan's kernel at one row and at many."""
    signature = {
        "lengths": "*i32", "table": "*i32", "work": "*i32", "pieces": "*i32", "rows": "i32", "stride": "i32",
        "programs": "i32", "least": "i32",
    }  # fmt: skip
    for block in (1, 256):
        yield CompileCase(f"plan {block}", _plan, signature, {"TILE": 64, "PAGE": 64, "BLOCK": block, "PROGRAMS": ROWS})


@cache
def _processors(device: torch.device) -> int:
    if device.type != "cuda":
        return PROGRAMS_INTERPRETED
    return int(torch.cuda.get_device_properties(device).multi_processor_count)


@triton.jit(do_not_specialize=["rows", "stride", "programs", "least"])
def _plan(
    lengths, table, work, pieces, rows, stride, programs, least,
    TILE: tl.constexpr, PAGE: tl.constexpr, BLOCK: tl.constexpr, PROGRAMS: tl.constexpr,
):  # fmt: skip
    """Program p's run is tiles [p · share, (p + 1) · share) of all; each CTA finds where PROGRAMS of them begin."""
    row = tl.arange(0, BLOCK)
    tiles = tl.cdiv(tl.load(lengths + row, mask=row < rows, other=0), TILE)  # [BLOCK]
    ends = tl.cumsum(tiles, 0)
    total = tl.sum(tiles, 0)
    share = tl.maximum(tl.maximum(tl.cdiv(total, programs), least), 1)
    program = tl.program_id(0) * PROGRAMS + tl.arange(0, PROGRAMS)
    begin = program * share
    left = tl.minimum(tl.maximum(total - begin, 0), share)  # [PROGRAMS]
    before = ends[None, :] <= begin[:, None]  # [PROGRAMS, BLOCK]
    first = tl.sum(before.to(tl.int32), 1)
    inside = begin - tl.sum(tl.where(before, tiles[None, :], 0), 1)
    last = tl.sum((ends[None, :] <= (begin + left - 1)[:, None]).to(tl.int32), 1)
    idle = left == 0
    real = program < programs
    at = work + program * 8
    tl.store(at, tl.where(idle, 0, first), mask=real)
    tl.store(at + 1, tl.where(idle, 0, inside), mask=real)
    tl.store(at + 2, left, mask=real)
    tl.store(at + 3, tl.where(idle, -1, last), mask=real)
    busy = real & (left > 0)
    length = tl.load(lengths + first, mask=busy, other=0)
    pages = table + first.to(tl.int64) * stride
    following = tl.minimum(inside + 1, tl.cdiv(length, TILE) - 1)
    tl.store(at + 4, length, mask=real)
    tl.store(at + 5, tl.load(pages + inside * TILE // PAGE, mask=busy, other=0), mask=real)
    tl.store(at + 6, tl.load(pages + following * TILE // PAGE, mask=busy, other=0), mask=real)
    if tl.program_id(0) == 0:
        starts = (ends - tiles) // share
        count = tl.where(tiles > 0, (ends - 1) // share - starts + 1, 0)
        tl.store(pieces + row * 2, starts + row, mask=row < rows)
        tl.store(pieces + row * 2 + 1, count, mask=row < rows)
