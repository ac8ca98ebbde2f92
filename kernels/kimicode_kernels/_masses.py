"""What the kernels of `nucleus` share: a row's parameters, its tokens' masses, and where its cuts fall.

A token's distance from the peak is an integer, its mass a 44-bit fixed-point share of the likeliest: sums are exact, so
that no order of adding changes a token."""

import triton
import triton.language as tl

from kimicode_kernels.reference.sampling import ABSURD as ABSURD_LOGIT
from kimicode_kernels.reference.sampling import GREEDY_BELOW as COLD

MOST_TOKENS = 1 << 18
"""Of a row: ids must fit ID."""
HEAD = 128
"""A row's scratch: masses and counts by nat, masses by 1/32 nat, the list's length; behind HEAD a mass per block."""

ABSURD, GREEDY_BELOW = tl.constexpr(ABSURD_LOGIT), tl.constexpr(COLD)
BINS = tl.constexpr(32)
FINE, LENGTH, MASSES = tl.constexpr(64), tl.constexpr(96), tl.constexpr(HEAD)
NAT, NAT_SIZE = tl.constexpr(26), tl.constexpr(1 << 26)
PART, PART_SIZE = tl.constexpr(21), tl.constexpr(1 << 21)
"""Distances from the peak are integers: nats times 2²⁶, below 32 nats, beyond which no mass is left."""
ID, IDS = tl.constexpr(18), tl.constexpr((1 << 18) - 1)
ROW_BITS = tl.constexpr(31)
"""Bits of a token's id behind its distance: the two together order all tokens, of equals the lowest id first."""
FARTHEST, ALL = tl.constexpr(2.0**31 - 128), tl.constexpr(1 << 49)
STEP = tl.constexpr(-1.4426950408889634 / 2.0**26)
WHOLE = tl.constexpr(2.0**44)


@triton.jit
def row_peak(part, row, blocks, PARTS: tl.constexpr):
    """(a row's highest logit, its lowest id as int64, -1 where the logit is no sane number), of `_peaks`'s parts."""
    at = tl.arange(0, PARTS)
    best = tl.max(tl.load(part + row * blocks + at, mask=at < blocks, other=-(2**63)))
    bits = (best >> 32).to(tl.int32)
    peak = (bits ^ ((bits >> 31) & 0x7FFFFFFF)).to(tl.float32, bitcast=True)
    return peak, tl.where(tl.abs(peak) < ABSURD, 0x7FFFFFFF - (best & 0x7FFFFFFF), -1)


@triton.jit
def parameters(
    part, temperature, top_k, top_p, min_p, row, blocks, vocab,
    PARTS: tl.constexpr, TOP_K: tl.constexpr, TOP_P: tl.constexpr, MIN_P: tl.constexpr,
):  # fmt: skip
    """(peak, its token, -1 if unsound, whether to draw, 2²⁶/T, k or 0, p, least share) of a row."""
    peak, token = row_peak(part, row, blocks, PARTS)
    heat = tl.load(temperature + row).to(tl.float32)
    draws, count, share, least = (token >= 0) & (heat >= GREEDY_BELOW), 0, 1.0, 0.0
    if TOP_K:
        count = tl.load(top_k + row).to(tl.int32)
        draws = draws & (count != 1)
        count = tl.where(count < vocab, count, 0)
    if TOP_P:
        share = tl.load(top_p + row).to(tl.float64)
        draws = draws & (share > 0.0)
    if MIN_P:
        least = tl.minimum(tl.load(min_p + row).to(tl.float32), 1.0)
    return peak, token, draws, NAT_SIZE / tl.maximum(heat, GREEDY_BELOW), count, share, least


@triton.jit
def unit_bits(nat):
    """A mass that many nats below the peak has its units of 2 to the power of this; 22 bits are left of it, so that
    511 add up in an int32."""
    return tl.maximum(22 - (nat * 369 >> 8), 0)


@triton.jit
def units_of(distance, least):
    """A token's share of the likeliest in the units of its nat, int32; 0 below `least`."""
    share = tl.exp2(distance.to(tl.float32) * STEP)
    units = ((share * WHOLE).to(tl.int64) >> unit_bits(distance >> NAT)).to(tl.int32)
    return tl.where(share >= least, units, 0)


@triton.jit
def mass_of(distance, least):
    """A token's share of the likeliest, in 2⁻⁴⁴."""
    return units_of(distance, least).to(tl.int64) << unit_bits(distance >> NAT)


@triton.jit
def distance_of(logits, at, inside, peak, scale):
    value = tl.load(logits + at, mask=inside, other=float("-inf")).to(tl.float32)
    return tl.minimum((peak - value) * scale, FARTHEST).to(tl.int32)


@triton.jit
def limit(mass, share):
    """The mass that the nucleus must reach: `share` of all, rounded up, at least 1."""
    wanted = mass.to(tl.float64) * share
    whole = wanted.to(tl.int64)
    whole += (whole.to(tl.float64) < wanted).to(tl.int64)
    return tl.maximum(tl.minimum(whole, mass), 1)


@triton.jit
def reach(bins, goal):
    """(first bin at whose end the sum reaches `goal`, the sum before it)."""
    place = tl.minimum(tl.sum((tl.cumsum(bins, 0) < goal).to(tl.int32)), BINS - 1)
    return place, tl.sum(tl.where(tl.arange(0, BINS) < place, bins, 0))


@triton.jit
def undecided(scratch, count, share, TOP_K: tl.constexpr):
    """Where the cuts fall: distances low to high and bits of that span; the mass and the count below; what the nucleus
    must reach, or, where `count` is not 0, how many tokens top-k leaves."""
    bins = tl.arange(0, BINS)
    masses = tl.load(scratch + bins)
    goal = limit(tl.sum(masses), share)
    nat, below = reach(masses, goal)
    fine, more = reach(tl.load(scratch + FINE + bins), goal - below)
    low, span, below, fewer = (nat << NAT) + (fine << PART), PART, below + more, below * 0
    high = low + (PART_SIZE - 1)
    if TOP_K and count > 0:
        counts = tl.load(scratch + BINS + bins)
        goal = tl.minimum(count.to(tl.int64), tl.sum(counts))
        last, _ = reach(counts, goal)
        # the nucleus is a share of more than all before the last nat
        nat, below = reach(masses, limit(tl.sum(tl.where(bins < last, masses, 0)), share))
        fewer = tl.sum(tl.where(bins < nat, counts, 0))
        low, span = nat << NAT, ROW_BITS
        high = (last << NAT) + (NAT_SIZE - 1)
    return low, high, span, below, fewer, goal
