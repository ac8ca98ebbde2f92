"""Routed experts in INT4: gate, up and SwiGLU in one launch, down in a second, each token's sum in a third.

Reads 24.8 MB an expert of K2.6 that has tokens (8.0 µs at 3.1 TB/s), once if its routes fit a block; computes
88 MFLOP a route. With 48 experts memory is the bound up to about 500 tokens, tensor cores above."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
import triton

from kimicode_kernels import _int4_kernels as kernels
from kimicode_kernels.compiling import CompileCase
from kimicode_kernels.packing import PackedExperts
from kimicode_kernels.permute import sort_routes


@dataclass(frozen=True, slots=True)
class Tile:
    """What one program computes: `tokens` routes of an expert times `rows` weight rows, or twice as many if `pair`.

    `short`: a block at most half full takes a path of half the tokens. `registers` caps a thread's, 0 does not."""

    tokens: int
    rows: int
    pair: bool
    warps: int
    stages: int
    registers: int = 0
    short: bool = False

    @property
    def height(self) -> int:
        """Rows of weights a program."""
        return self.rows * (1 + self.pair)


@dataclass(frozen=True, slots=True)
class Plan:
    """Tiles of both products for up to `routes` per expert, and whether launches overlap."""

    routes: float
    up: Tile
    down: Tile
    overlap: bool = False


N8, N16, N32 = Tile(8, 64, False, 4, 4), Tile(16, 64, True, 4, 4), Tile(32, 64, True, 4, 4)
N64 = Tile(64, 64, True, 4, 3, 168)
N128 = Tile(128, 128, True, 8, 3)
PLANS = (
    Plan(4, N8, replace(N8, stages=3), overlap=True),
    Plan(8, N16, replace(N8, stages=3)),
    Plan(20, N32, replace(N16, stages=3)),
    Plan(100, N64, N64),
    Plan(400, replace(N128, short=True), replace(N128, short=True)),
    Plan(float("inf"), N128, replace(N128, short=True)),
)
"""Measured on an H100 with 48 experts of K2.6's size. Routes per expert decide: they set how full a block is."""


def plan_for(routes_per_expert: float) -> Plan:
    """The table's row."""
    return next(plan for plan in PLANS if routes_per_expert <= plan.routes)


def int4_experts(
    x: torch.Tensor,
    experts: PackedExperts,
    weights: torch.Tensor,
    ids: torch.Tensor,
    *,
    first: int = 0,
    everywhere: int | None = None,
    plan: Plan | None = None,
) -> torch.Tensor:
    """Σ over a token's local experts of weight · down(swiglu(gate_up(x))), summed in fp32 in the order of its choice.

    x [T, H] bf16, weights [T, k] fp32, ids [T, k] int32 or int64 → [T, H] in x's type. Local are the ids from `first`
    on, as many as `experts` has, of `everywhere` in all (by default all are here); others, also negative ones, add
    nothing, and sort_routes counts them. ValueError for shapes that do not fit and, on a GPU, for a type but bf16."""
    _check(x, experts, weights, ids)
    if ids.shape[0] == 0:
        return torch.empty_like(x)
    plan = plan or plan_for(ids.numel() / (everywhere or experts.count))
    blocks = blocks_of(ids, experts.count, plan, first)
    gates = launch_up(x, experts, blocks, plan)
    rows = launch_down(gates, experts, blocks, weights, plan)
    return launch_sum(rows, x, ids, experts.count, first, overlap=plan.overlap)


@dataclass(frozen=True, slots=True)
class Blocks:
    """Who computes what: the order and tables of blocks [b, 4] for up and down, or for a single token its ids alone."""

    ids: torch.Tensor
    order: torch.Tensor
    up: torch.Tensor
    down: torch.Tensor
    first: int
    single: bool


def blocks_of(ids: torch.Tensor, experts: int, plan: Plan, first: int = 0) -> Blocks:
    """Sort the routes; a single token's need no sorting, as each is a block."""
    ids = ids.contiguous()
    if ids.shape[0] == 1:
        return Blocks(ids, ids, ids.view(-1), ids.view(-1), first, single=True)
    sizes = tuple({plan.up.tokens: 0, plan.down.tokens: 0})
    routes = sort_routes(ids, experts, sizes, first)
    return Blocks(
        ids, routes.order, routes.blocks[plan.up.tokens], routes.blocks[plan.down.tokens], first, single=False
    )


def launch_up(x: torch.Tensor, experts: PackedExperts, blocks: Blocks, plan: Plan) -> torch.Tensor:
    """silu(gate) · up of every local route: x [T, H] → [T·k, I], sorted by expert, for `launch_down` only."""
    tile = _fitted(plan.up, 2 * experts.width)
    h = torch.empty(blocks.ids.numel(), experts.width, dtype=x.dtype, device=x.device)
    grid = (blocks.up.shape[0] * (2 * experts.width // tile.height),)
    kernels.up[grid](
        x, experts.gate_up, experts.gate_up_scale, h, blocks.order, blocks.up, blocks.first, experts.count,
        H=experts.hidden, WIDTH=experts.width, TOPK=blocks.ids.shape[1], SINGLE=blocks.single,
        ORDERED=plan.down.tokens == 8, **_options(tile, overlap=plan.overlap),
    )  # fmt: skip
    return h


def launch_down(
    h: torch.Tensor, experts: PackedExperts, blocks: Blocks, weights: torch.Tensor, plan: Plan
) -> torch.Tensor:
    """weight · down(h) of every local route: [T·k, H] by route, bf16; rows of routes elsewhere stay unwritten."""
    tile = _fitted(plan.down, experts.hidden)
    rows = torch.empty(h.shape[0], experts.hidden, dtype=h.dtype, device=h.device)
    grid = (blocks.down.shape[0] * (experts.hidden // tile.height),)
    kernels.down[grid](
        h, experts.down, experts.down_scale, rows, blocks.order, blocks.down, weights.contiguous(), blocks.first,
        experts.count, H=experts.hidden, WIDTH=experts.width, SINGLE=blocks.single, ORDERED=plan.down.tokens == 8,
        **_options(tile, overlap=plan.overlap),
    )  # fmt: skip
    return rows


def launch_sum(
    rows: torch.Tensor, x: torch.Tensor, ids: torch.Tensor, experts: int, first: int, *, overlap: bool
) -> torch.Tensor:
    """[T·k, H] by route → [T, H] in x's type: local routes in the order of choice, in fp32."""
    tokens, hidden = x.shape
    out = torch.empty_like(x)
    block = 256 if tokens <= 16 else 1024
    kernels.sum_rows[(tokens, triton.cdiv(hidden, block))](
        rows, ids, out, first, experts, H=hidden, TOPK=ids.shape[1], BLOCK=block, PDL=overlap and _native(),
        num_warps=2 if block == 256 else 4, launch_pdl=overlap and _native(),
    )  # fmt: skip
    return out


def _check(x: torch.Tensor, experts: PackedExperts, weights: torch.Tensor, ids: torch.Tensor) -> None:
    if x.ndim != 2 or x.shape[1] != experts.hidden or x.stride(1) != 1 or x.stride(0) != x.shape[1]:
        raise ValueError(f"x must be contiguous [T, {experts.hidden}], not {[*x.shape]}")
    if ids.ndim != 2 or ids.shape[0] != x.shape[0] or weights.shape != ids.shape:
        raise ValueError(f"weights and ids must both be [{x.shape[0]}, k], not {[*weights.shape]} and {[*ids.shape]}")
    if weights.dtype != torch.float32 or ids.dtype not in (torch.int32, torch.int64):
        raise ValueError(f"weights are fp32 and ids int32 or int64, not {weights.dtype} and {ids.dtype}")
    if _native() and x.dtype != torch.bfloat16:
        raise ValueError(f"x must be bf16, not {x.dtype}")
    if experts.hidden % 128 or experts.width % 128:
        raise ValueError(f"hidden size and width must be multiples of 128, not {experts.hidden}, {experts.width}")


def _fitted(tile: Tile, rows: int) -> Tile:
    """A tile whose height divides the rows: 128 always does."""
    return tile if rows % tile.height == 0 else replace(tile, rows=64, warps=4)


def _options(tile: Tile, *, overlap: bool) -> dict[str, Any]:
    """Launch arguments that follow from the tile."""
    native = _native()
    options = {"N": tile.tokens, "ROWS": tile.rows, "PAIR": tile.pair, "STAGES": tile.stages, "SHORT": tile.short}
    options |= {"NATIVE": native, "PDL": overlap and native, "num_warps": tile.warps}
    if native and tile.registers:
        options["maxnreg"] = tile.registers
    if native and overlap:
        options["launch_pdl"] = True
    return options


def _native() -> bool:
    """False under Triton's interpreter, which has no bf16 arithmetic, inline assembly or dependent launches."""
    return not triton.knobs.runtime.interpret


def compile_cases() -> Iterator[CompileCase]:
    """Both products of every plan at K2.6's sizes, with what they use of _int4_tiles; those of one token; the sum."""
    yield from _cases(PLANS[0], "a single token", single=True)
    for plan in PLANS:
        yield from _cases(plan, f"to {plan.routes:g} routes an expert", single=False)
    signature = {"rows": "*bf16", "ids": "*i64", "out": "*bf16", "first": "i32", "experts": "i32"}
    for block, warps in ((256, 2), (1024, 4)):
        sizes = {"H": 7168, "TOPK": 8, "BLOCK": block, "PDL": block == 256}
        yield CompileCase(
            f"sum, {block} columns", kernels.sum_rows, signature, sizes, num_warps=warps, launch_pdl=block == 256
        )


def _cases(plan: Plan, about: str, *, single: bool) -> Iterator[CompileCase]:
    pointers = {"x": "*bf16", "h": "*bf16", "words": "*i32", "scales": "*bf16", "order": "*i32", "table": "*i32"}
    pointers |= {"weights": "*fp32", "out": "*bf16", "first": "i32", "experts": "i32"}
    if single:
        pointers |= {"order": "*i64", "table": "*i64"}
    for function, tile in ((kernels.up, plan.up), (kernels.down, plan.down)):
        constexprs = {
            "H": 7168, "WIDTH": 2048, "N": tile.tokens, "ROWS": tile.rows, "PAIR": tile.pair, "STAGES": tile.stages,
            "SHORT": tile.short, "SINGLE": single, "ORDERED": plan.down.tokens == 8, "NATIVE": True,
            "PDL": plan.overlap,
        }  # fmt: skip
        yield CompileCase(
            name=f"{'up' if function is kernels.up else 'down'}, {about}",
            function=function,
            signature={name: pointers[name] for name in function.arg_names if name in pointers},
            constexprs=constexprs | ({"TOPK": 8} if function is kernels.up else {}),
            num_warps=tile.warps,
            maxnreg=tile.registers or None,
            expected="mma" if tile.tokens == 8 else "wgmma",
            words=tile.height // (2 * tile.warps),
            launch_pdl=plan.overlap,
        )
