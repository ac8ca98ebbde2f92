"""INT4 weights in the order in which tensor cores take them: compressed-tensors' `pack-quantized` ⇄ ours.

A slab of 16 rows and 16 columns is one MMA fragment; an int32 holds the eight codes that one thread feeds to it, so the
kernels move words from memory to registers and never rearrange weights. 4.5 bits a weight, as before."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch

TILE = 64
"""Rows that lie together in memory."""
STEP = 128
"""Columns of a step of the kernels' loops; a step's words, and its scales, are one contiguous piece."""
GROUP = 32
"""Columns that share a scale."""


@dataclass(frozen=True, slots=True)
class PackedExperts:
    """Routed experts of hidden size H and width I, in fragment order.

    gate_up [E, 2I/64, H/64, 128, 4] int32 (eight gate rows, then their eight up rows, and so on), gate_up_scale
    [E, 2I/64, H/128, 64, 4] bf16; down [E, H/64, I/64, 128, 4] and down_scale [E, H/64, I/128, 64, 4] likewise."""

    gate_up: torch.Tensor
    gate_up_scale: torch.Tensor
    down: torch.Tensor
    down_scale: torch.Tensor

    @property
    def count(self) -> int:
        """How many experts there are."""
        return self.gate_up.shape[0]

    @property
    def hidden(self) -> int:
        """H."""
        return self.down.shape[1] * TILE

    @property
    def width(self) -> int:
        """I."""
        return self.down.shape[2] * TILE


def pack_experts(
    gate_up: torch.Tensor, gate_up_scale: torch.Tensor, down: torch.Tensor, down_scale: torch.Tensor, chunk: int = 8
) -> PackedExperts:
    """gate_up [E, 2I, H/8] and down [E, H, I/8] int32, low nibble first, scales [..., columns/32] → PackedExperts.

    On the tensors' device, `chunk` experts at a time, with about three times a chunk's bytes in between. ValueError for
    a group other than 32, or sizes that are not multiples of 128."""
    check_sizes(down.shape[-2], down.shape[-1] * 8)
    packed = empty_experts(gate_up.shape[0], down.shape[-2], down.shape[-1] * 8, gate_up.device, gate_up_scale.dtype)
    for some in _chunks(packed.count, chunk):
        fill_experts(packed, some, gate_up[some], gate_up_scale[some], down[some], down_scale[some])
    return packed


def empty_experts(
    count: int, hidden: int, width: int, device: torch.device | str, dtype: torch.dtype = torch.bfloat16
) -> PackedExperts:
    """Uninitialised room for `count` experts, to be filled as a checkpoint's tensors arrive."""
    check_sizes(hidden, width)

    def words(rows: int, columns: int) -> torch.Tensor:
        return torch.empty(count, rows // TILE, columns // 64, 2 * TILE, 4, dtype=torch.int32, device=device)

    def scales(rows: int, columns: int) -> torch.Tensor:
        return torch.empty(count, rows // TILE, columns // STEP, TILE, STEP // GROUP, dtype=dtype, device=device)

    return PackedExperts(
        words(2 * width, hidden), scales(2 * width, hidden), words(hidden, width), scales(hidden, width)
    )


def fill_experts(
    packed: PackedExperts,
    some: slice,
    gate_up: torch.Tensor,
    gate_up_scale: torch.Tensor,
    down: torch.Tensor,
    down_scale: torch.Tensor,
) -> None:
    """Write the experts `some` from compressed-tensors' layout [e, rows, columns/8] and [e, rows, columns/32]."""
    packed.gate_up[some] = pack(interleave(gate_up))
    packed.gate_up_scale[some] = pack_scale(interleave(gate_up_scale))
    packed.down[some] = pack(down)
    packed.down_scale[some] = pack_scale(down_scale)


def unpack_experts(packed: PackedExperts) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """The inverse of `pack_experts`: gate_up, gate_up_scale, down, down_scale."""
    return (
        separate(unpack(packed.gate_up)),
        separate(unpack_scale(packed.gate_up_scale)),
        unpack(packed.down),
        unpack_scale(packed.down_scale),
    )


def pack(words: torch.Tensor) -> torch.Tensor:
    """[E, n, k/8] int32, low nibble first → [E, n/64, k/64, 128, 4].

    Thread 32·slab + 4·g + t keeps, in word j, rows 16·slab + 8·r + g and columns 16·j + 8·h + 2·t + e of the tile:
    their nibble lies at bit 4·(r + 2·h) + 16·e. Byte t of an incoming word is the pair e = 0, 1: bytes are moved."""
    experts, rows, columns = _sizes(words, 8, TILE, 64)
    source = words.view(experts, rows // TILE, 4, 2, 8, columns // 64, 4, 2)  # [E, tile, slab, r, g, kb, j, h]
    packed = words.new_empty(experts, rows // TILE, columns // 64, 4, 8, 4, 4)  # [E, tile, kb, slab, g, t, j]
    for thread in range(4):
        word: torch.Tensor | int = 0
        for row, half, shift in _places():
            pair = source[:, :, :, row, ..., half] >> (8 * thread)  # [E, tile, slab, g, kb, j]
            word = word | (((pair & 0x0F) | ((pair & 0xF0) << 12)) << shift)
        packed[..., thread, :] = torch.as_tensor(word).permute(0, 1, 4, 2, 3, 5)
    return packed.view(experts, rows // TILE, columns // 64, 2 * TILE, 4)


def unpack(packed: torch.Tensor) -> torch.Tensor:
    """The inverse of `pack`: [E, n/64, k/64, 128, 4] → [E, n, k/8] int32."""
    experts, tiles, blocks = packed.shape[:3]
    source = packed.view(experts, tiles, blocks, 4, 8, 4, 4)  # [E, tile, kb, slab, g, t, j]
    words = packed.new_zeros(experts, tiles, 4, 2, 8, blocks, 4, 2)  # [E, tile, slab, r, g, kb, j, h]
    for thread in range(4):
        word = source[..., thread, :].permute(0, 1, 3, 4, 2, 5)  # [E, tile, slab, g, kb, j]
        for row, half, shift in _places():
            pair = word >> shift
            words[:, :, :, row, ..., half] |= ((pair & 0x0F) | ((pair >> 12) & 0xF0)) << (8 * thread)
    return words.view(experts, tiles * TILE, blocks * 8)


def pack_scale(scale: torch.Tensor) -> torch.Tensor:
    """[E, n, k/32] → [E, n/64, k/128, 64, 4]: a step's scales together."""
    experts, rows, columns = _sizes(scale, GROUP, TILE, STEP)
    steps = scale.view(experts, rows // TILE, TILE, columns // STEP, STEP // GROUP)
    return steps.transpose(2, 3).contiguous()


def unpack_scale(packed: torch.Tensor) -> torch.Tensor:
    """The inverse of `pack_scale`."""
    experts, tiles, steps = packed.shape[:3]
    return packed.transpose(2, 3).reshape(experts, tiles * TILE, steps * STEP // GROUP)


def interleave(rows: torch.Tensor) -> torch.Tensor:
    """[E, 2I, c], gate first → eight gate rows, their eight up rows, and so on: a thread then holds both."""
    experts, count, columns = rows.shape
    return rows.view(experts, 2, count // 16, 8, columns).transpose(1, 2).reshape(experts, count, columns)


def separate(rows: torch.Tensor) -> torch.Tensor:
    """The inverse of `interleave`."""
    experts, count, columns = rows.shape
    return rows.view(experts, count // 16, 2, 8, columns).transpose(1, 2).reshape(experts, count, columns)


def check_sizes(hidden: int, width: int) -> None:
    """ValueError for an expert that the kernels' tiles do not divide."""
    if hidden % STEP or width % STEP:
        raise ValueError(f"experts need a hidden size and a width in multiples of {STEP}, not {hidden} and {width}")


def _places() -> Iterator[tuple[int, int, int]]:
    """(r, h, bit) of the four byte-sized pairs in a word."""
    return ((row, half, 4 * (row + 2 * half)) for row in range(2) for half in range(2))


def _sizes(matrix: torch.Tensor, per: int, rows: int, columns: int) -> tuple[int, int, int]:
    """(experts, rows, columns) of a matrix whose entries stand for `per` columns; ValueError if tiles do not fit."""
    experts, n, k = matrix.shape[0], matrix.shape[1], matrix.shape[2] * per
    if n % rows or k % columns:
        raise ValueError(f"a packed matrix needs multiples of {rows} rows and {columns} columns, not {n} and {k}")
    return experts, n, k


def _chunks(count: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, count)) for start in range(0, count, size))
