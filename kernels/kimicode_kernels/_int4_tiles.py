"""The matrix product that both expert kernels use: INT4 rows on M, tokens on N, so that tokens pad to 8 or 16 only.

Words go memory → shared memory → registers and stay there: unpacked and scaled as pairs of bf16 they are the MMA's
operand A. 23 to 27 instructions a word (eight weights) against 44 that an H100 has time for at 3 TB/s."""

import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_wait


@triton.jit
def unpack8(words, NATIVE: tl.constexpr):
    """Eight tensors of code - 8: number 2 i + e holds the nibble at bit 4 i + 16 e. Exact: 128 + code, less 136."""
    if NATIVE:
        return tl.inline_asm_elementwise(
            """{
            .reg .b32 a, b, c, d, x, y, z, offset;
            mov.b32 offset, 0x43084308;
            shr.u32 x, $8, 4;
            shr.u32 y, $8, 8;
            shr.u32 z, $8, 12;
            lop3.b32 a, $8, 0x000F000F, 0x43004300, 0xEA;
            lop3.b32 b, x, 0x000F000F, 0x43004300, 0xEA;
            lop3.b32 c, y, 0x000F000F, 0x43004300, 0xEA;
            lop3.b32 d, z, 0x000F000F, 0x43004300, 0xEA;
            sub.rn.bf16x2 a, a, offset;
            sub.rn.bf16x2 b, b, offset;
            sub.rn.bf16x2 c, c, offset;
            sub.rn.bf16x2 d, d, offset;
            mov.b32 {$0, $1}, a;
            mov.b32 {$2, $3}, b;
            mov.b32 {$4, $5}, c;
            mov.b32 {$6, $7}, d;
            }""",
            "=h,=h,=h,=h,=h,=h,=h,=h,r",
            [words],
            dtype=(tl.bfloat16,) * 8,
            is_pure=True,
            pack=1,
        )
    else:
        return (
            _code(words, 0), _code(words, 16), _code(words, 4), _code(words, 20),
            _code(words, 8), _code(words, 24), _code(words, 12), _code(words, 28),
        )  # fmt: skip


@triton.jit
def _code(words, BIT: tl.constexpr):
    return (((words >> BIT) & 15) - 8).to(tl.float32)


@triton.jit
def fragments(words, scales, ROWS: tl.constexpr, WIDE: tl.constexpr, NATIVE: tl.constexpr):
    """[2, 2 ROWS, 4] words and [ROWS, 4] scales → [ROWS, 128] weights. Only names move: a thread's words hold what it
    feeds to the MMA. WIDE: the columns of each 16 in the order of `column_at`, as mma.sync wants them."""
    x0, x1, x2, x3, x4, x5, x6, x7 = unpack8(words, NATIVE)
    low = tl.join(tl.join(x0, x4), tl.join(x2, x6))  # last axes: h, r
    high = tl.join(tl.join(x1, x5), tl.join(x3, x7))
    y = tl.reshape(tl.join(low, high), (2, ROWS // 16, 8, 4, 4, 2, 2, 2))  # kb, slab, g, t, j, h, r, e
    if WIDE:
        y = tl.permute(y, (1, 6, 2, 0, 4, 3, 5, 7))  # slab, r, g | kb, j, t, h, e
    else:
        y = tl.permute(y, (1, 6, 2, 0, 4, 5, 3, 7))  # slab, r, g | kb, j, h, t, e
    if not NATIVE:
        scales = scales.to(tl.float32)
    return tl.reshape(tl.reshape(y, (ROWS, 4, 32)) * scales[:, :, None], (ROWS, 128))


@triton.jit
def column_at(place):
    """The column at a place of an mma.sync operand: of each 16 column 8 h + 2 t + e at place 4 t + 2 h + e."""
    # The hints belong to the sum itself: on a call's result they would be lost with the call. They buy 4 B copies.
    return tl.max_contiguous(
        tl.multiple_of(place // 16 * 16 + (place % 4) // 2 * 8 + (place % 16) // 4 * 2 + place % 2, 2), 2
    )


@triton.jit
def place_of(column):
    """The inverse of `column_at`."""
    return column // 16 * 16 + (column % 8) // 2 * 4 + (column % 16) // 8 * 2 + column % 2


@triton.jit
def word_offsets(K: tl.constexpr, ROWS: tl.constexpr):
    """[2, 2 ROWS, 4]: a step's words, 16 B a thread, from the first tile's start."""
    kb, thread, j = (
        tl.arange(0, 2)[:, None, None],
        tl.arange(0, 2 * ROWS)[None, :, None],
        tl.arange(0, 4)[None, None, :],
    )
    if ROWS == 64:
        return kb * 512 + thread * 4 + j
    else:
        return thread // 128 * (K * 8) + kb * 512 + thread % 128 * 4 + j


@triton.jit
def scale_offsets(K: tl.constexpr, ROWS: tl.constexpr):
    """[ROWS, 4]: a step's scales from the first tile's start."""
    row, group = tl.arange(0, ROWS)[:, None], tl.arange(0, 4)[None, :]
    if ROWS == 64:
        return row * 4 + group
    else:
        return row // 64 * (K * 2) + row % 64 * 4 + group


@triton.jit
def product(
    at, live, words, scales, tile, second,
    K: tl.constexpr, N: tl.constexpr, ROWS: tl.constexpr, PAIR: tl.constexpr, STAGES: tl.constexpr,
    ORDERED: tl.constexpr, NATIVE: tl.constexpr, AHEAD: tl.constexpr,
):  # fmt: skip
    """Weights of `tile`, and of `second` if PAIR, times N tokens' activations: two [ROWS, N] fp32.

    at [N] pointers to rows of K; tile and second (int64) count 64 rows. ORDERED: activations lie as N = 8 wants them
    (`column_at`) already. AHEAD: the launch before may still write activations, and the first step's weights are asked
    for before waiting. From 16 tokens on PAIR must hold: with a single accumulator Triton 3.6 overwrites registers that
    a wgmma still reads."""
    WIDE: tl.constexpr = N < 16
    k = tl.arange(0, 128)
    if WIDE and not ORDERED:
        k = column_at(k)
    a_at = at[None, :] + k[:, None]
    w_at = words + tile * (K * 8) + word_offsets(K, ROWS)
    s_at = scales + tile * (K * 2) + scale_offsets(K, ROWS)
    v_at = words + second * (K * 8) + word_offsets(K, ROWS)
    r_at = scales + second * (K * 2) + scale_offsets(K, ROWS)
    one = tl.zeros((ROWS, N), tl.float32)
    two = tl.zeros((ROWS, N), tl.float32)
    if AHEAD:
        w, s = tl.load(w_at), tl.load(s_at)
        gdc_wait()
        one = tl.dot(fragments(w, s, ROWS, WIDE, NATIVE), tl.load(a_at, mask=live[None, :], other=0.0), one)
    for step in tl.range(1 if AHEAD else 0, K // 128, num_stages=STAGES):
        a = tl.load(a_at + step * 128, mask=live[None, :], other=0.0)
        if not NATIVE:
            a = a.to(tl.float32)
        w, s = tl.load(w_at + step * 1024), tl.load(s_at + step * 256)
        one = tl.dot(fragments(w, s, ROWS, WIDE, NATIVE), a, one)
        if PAIR:
            v, r = tl.load(v_at + step * 1024), tl.load(r_at + step * 256)
            two = tl.dot(fragments(v, r, ROWS, WIDE, NATIVE), a, two)
    return one, two


@triton.jit
def gated(rows, ROWS: tl.constexpr, N: tl.constexpr):
    """[ROWS, N] of eight gate rows, eight up rows, ... → silu(gate) · up [ROWS / 2, N]; both sit in one thread."""
    gate, up = tl.split(tl.permute(tl.reshape(rows, (ROWS // 16, 2, 8, N)), (0, 2, 3, 1)))
    return tl.reshape(gate * tl.sigmoid(gate) * up, (ROWS // 2, N))
