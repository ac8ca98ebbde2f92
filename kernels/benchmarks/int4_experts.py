"""Routed INT4 experts of K2.6's size, 48 on this GPU: the whole block, its parts, and the sorting before it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import torch

from benchmarks.timer import Call, Ceilings, Check, Row, Variants, graph_us, relative_error
from kimicode_kernels import int4_experts as ours
from kimicode_kernels.int4_experts import Plan, Tile
from kimicode_kernels.packing import PackedExperts, empty_experts, unpack_experts
from kimicode_kernels.permute import sort_routes
from kimicode_kernels.reference.packing import unpack

HIDDEN, WIDTH, EXPERTS, TOP = 7168, 2048, 48, 8
EXPERT_BYTES = 3 * HIDDEN * WIDTH * 4.5 / 8
ROUTE_FLOPS = 6 * HIDDEN * WIDTH
SETS = 4
"""Copies of the weights, 1.19 GB each: what a call finds in the L2 cache is not its own."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """One call's."""

    experts: PackedExperts
    x: torch.Tensor
    weights: torch.Tensor
    ids: torch.Tensor


def random_experts(count: int, width: int) -> PackedExperts:
    """Random codes and scales; activations keep their size."""
    packed = empty_experts(count, HIDDEN, width, "cuda")
    for words in (packed.gate_up, packed.down):
        words.random_(-(2**31), 2**31)
    for scale, columns in ((packed.gate_up_scale, HIDDEN), (packed.down_scale, width)):
        scale.uniform_(0.5, 1.5).mul_(0.2 / columns**0.5)
    return packed


def route(tokens: int, seed: int, *, kind: str = "uniform", experts: int = EXPERTS) -> torch.Tensor:
    """[tokens, 8] distinct experts: uniform, Zipf with exponent 1, or the same eight for all."""
    generator = torch.Generator("cuda").manual_seed(seed)
    chances = torch.ones(experts, device="cuda")
    if kind == "zipf":
        chances = 1 / torch.arange(1, experts + 1, device="cuda")
        chances = chances[torch.randperm(experts, generator=generator, device="cuda")]
    if kind == "same":
        return torch.arange(TOP, device="cuda").expand(tokens, TOP).contiguous()
    return torch.multinomial(chances.expand(tokens, experts), TOP, generator=generator)


def inputs(experts: PackedExperts, tokens: int, seed: int, kind: str = "uniform") -> Inputs:
    """Random activations and routing."""
    torch.manual_seed(seed)
    x = torch.randn(tokens, HIDDEN, device="cuda", dtype=torch.bfloat16)
    weights = torch.rand(tokens, TOP, device="cuda").softmax(-1)
    return Inputs(experts, x, weights, route(tokens, seed, kind=kind))


def reference(given: Inputs, tokens: torch.Tensor, first: int = 0) -> torch.Tensor:
    """The sampled tokens in fp32, expert by expert."""
    out = torch.zeros(len(tokens), HIDDEN, device="cuda")
    x, ids, weights = given.x[tokens].float(), given.ids[tokens] - first, given.weights[tokens]
    for expert in range(given.experts.count):
        row, choice = (ids == expert).nonzero(as_tuple=True)
        if len(row):
            one = PackedExperts(*(getattr(given.experts, name)[expert : expert + 1] for name in FIELDS))
            gate_up, gate_up_scale, down, down_scale = unpack_experts(one)
            gate, up = (x[row] @ unpack(gate_up, gate_up_scale, torch.float32)[0].T).chunk(2, -1)
            h = torch.nn.functional.silu(gate) * up
            part = h @ unpack(down, down_scale, torch.float32)[0].T
            out.index_add_(0, row, part * weights[row, choice, None])
    return out


FIELDS = ("gate_up", "gate_up_scale", "down", "down_scale")


def compare(shape: str, given: Inputs, plan: Plan | None = None, first: int = 0) -> Check:
    """Up to 48 tokens against fp32, on memory that held NaN; a second run must give the same bits."""
    tokens = torch.randperm(len(given.x), device="cuda")[:48]
    results = []
    for _ in range(2):
        poison = [
            torch.full((given.ids.numel(), n), torch.nan, device="cuda", dtype=torch.bfloat16) for n in (2048, 7168)
        ]
        del poison
        results.append(ours.int4_experts(given.x, given.experts, given.weights, given.ids, first=first, plan=plan))
    error = relative_error(results[0][tokens], reference(given, tokens, first))
    return Check("int4_experts", shape, error if torch.equal(*results) else float("inf"), 6e-3)


def checks() -> Iterator[Check]:
    """Every plan of the table at its size, skew, expert parallel, and a tensor-parallel slice."""
    experts = random_experts(EXPERTS, WIDTH)
    compile_all(experts)
    for tokens in (1, 2, 5, 16, 33, 64, 256, 1000, 4096):
        yield compare(f"{tokens} tokens", inputs(experts, tokens, tokens))
    for kind in ("zipf", "same"):
        yield compare(f"64 tokens, {kind}", inputs(experts, 64, 7, kind))
    given = inputs(experts, 70, 8)
    part = PackedExperts(*(getattr(experts, name)[16:32] for name in FIELDS))
    yield compare("70 tokens, 16 of 48 experts", replace(given, experts=part), first=16)
    yield compare("1 token, 16 of 48 experts", replace(inputs(part, 1, 9), ids=route(1, 9)), first=16)
    sliced = random_experts(16, 512)
    for tokens in (1, 40):
        yield compare(
            f"{tokens} tokens, width 512", replace(inputs(sliced, tokens, 3), ids=route(tokens, 3, experts=16))
        )
    for tokens, ups, downs in VARIANTS:
        given = inputs(experts, tokens, 5)
        for number in range(max(len(ups), len(downs))):
            plan = Plan(0, ups[number % len(ups)], downs[number % len(downs)])
            yield compare(f"{tokens} tokens, {name(plan.up)}; {name(plan.down)}", given, plan)


def rows(ceilings: Ceilings) -> Iterator[Row]:
    """Parts with every variant, then the block with the plan of the table and with the best parts."""
    sets = [random_experts(EXPERTS, WIDTH) for _ in range(SETS)]
    for tokens, ups, downs in VARIANTS:
        calls = [inputs(sets[number % SETS], tokens, number) for number in range(8 if tokens < 256 else 4)]
        yield from measure(tokens, calls, ups, downs, "uniform")
    for tokens in (16, 64, 1024):
        calls = [inputs(sets[number % SETS], tokens, number, "zipf") for number in range(8 if tokens < 256 else 4)]
        plan = ours.plan_for(tokens * TOP / EXPERTS)
        yield block_row(tokens, calls, plan, "zipf")
        if tokens == 64:
            yield block_row(tokens, calls, Plan(0, N32, replace(N32, stages=3)), "zipf")


def measure(
    tokens: int, calls: Sequence[Inputs], ups: Sequence[Tile], downs: Sequence[Tile], kind: str
) -> Iterator[Row]:
    """One size."""
    base = ours.plan_for(tokens * TOP / EXPERTS)
    best_up, best_down = Variants(), Variants()
    ups, downs = [base.up, *(t for t in ups if t != base.up)], [base.down, *(t for t in downs if t != base.down)]
    for tile in ups:
        plan = Plan(0, tile, base.down)
        blocks = [ours.blocks_of(one.ids, EXPERTS, plan) for one in calls]
        best_up.add(name(tile), graph_us([up_call(*given, plan) for given in zip(calls, blocks, strict=True)], 12))
    for tile in downs:
        plan = Plan(0, base.up, tile)
        blocks = [ours.blocks_of(one.ids, EXPERTS, plan) for one in calls]
        gates = [ours.launch_up(one.x, one.experts, some, plan) for one, some in zip(calls, blocks, strict=True)]
        prepared = zip(gates, calls, blocks, strict=True)
        best_down.add(name(tile), graph_us([down_call(*given, plan) for given in prepared], 12))
    yield part_row("up", tokens, calls, best_up, 2 / 3)
    yield part_row("down", tokens, calls, best_down, 1 / 3)
    down_rows = [torch.randn(tokens * TOP, HIDDEN, device="cuda").bfloat16() for _ in calls]
    pairs = list(zip(down_rows, calls, strict=True))
    sums = [partial(ours.launch_sum, r, c.x, c.ids, EXPERTS, 0, overlap=False) for r, c in pairs]
    yield Row("experts sum", f"{tokens} tokens", graph_us(sums), bytes=tokens * (TOP + 1) * HIDDEN * 2, note="in L2")
    sizes = tuple({base.up.tokens: 0, base.down.tokens: 0})
    yield Row("sort_routes", f"{tokens} tokens", graph_us([partial(sort_routes, c.ids, EXPERTS, sizes) for c in calls]))
    yield block_row(tokens, calls, base, kind)
    best = Plan(
        0,
        next(t for t in ups if name(t) == best_up.name),
        next(t for t in downs if name(t) == best_down.name),
    )
    if (best.up, best.down) != (base.up, base.down):
        yield block_row(tokens, calls, best, kind)


def up_call(one: Inputs, blocks: ours.Blocks, plan: Plan) -> Call:
    return lambda: ours.launch_up(one.x, one.experts, blocks, plan)


def down_call(gates: torch.Tensor, one: Inputs, blocks: ours.Blocks, plan: Plan) -> Call:
    return lambda: ours.launch_down(gates, one.experts, blocks, one.weights, plan)


def block_row(tokens: int, calls: Sequence[Inputs], plan: Plan, kind: str) -> Row:
    """The whole block behind a finished sort, as the peers were measured."""
    blocks = [ours.blocks_of(one.ids, EXPERTS, plan) for one in calls]

    def run(one: Inputs, some: ours.Blocks) -> torch.Tensor:
        gates = ours.launch_up(one.x, one.experts, some, plan)
        down = ours.launch_down(gates, one.experts, some, one.weights, plan)
        return ours.launch_sum(down, one.x, one.ids, EXPERTS, 0, overlap=plan.overlap)

    us = graph_us([partial(run, one, some) for one, some in zip(calls, blocks, strict=True)], 20)
    note = f"{name(plan.up)}; {name(plan.down)}{', overlapped' if plan.overlap else ''}"
    return Row("int4_experts", f"{tokens} tokens, {kind}", us, *work(tokens, calls), note=note)


def part_row(part: str, tokens: int, calls: Sequence[Inputs], variants: Variants, share: float) -> Row:
    """The fastest variant; the others in the note."""
    size, flops = work(tokens, calls)
    note = " | ".join(f"{tried} {us:.1f}" for tried, us in variants.tried)
    return Row(f"experts {part}", f"{tokens} tokens", variants.best, size * share, flops * share, note=note)


def work(tokens: int, calls: Sequence[Inputs]) -> tuple[float, float]:
    """(bytes of the experts that are touched, operations), the mean of the calls."""
    distinct = sum(int(one.ids.flatten().bincount().count_nonzero()) for one in calls) / len(calls)
    return distinct * EXPERT_BYTES, tokens * TOP * ROUTE_FLOPS


def name(tile: Tile) -> str:
    """As "N64 2x128 8w 3s r128 short"."""
    text = f"N{tile.tokens} {'2x' if tile.pair else ''}{tile.rows} {tile.warps}w {tile.stages}s"
    return text + (f" r{tile.registers}" if tile.registers else "") + (" short" if tile.short else "")


def compile_all(experts: PackedExperts) -> None:
    """Compile all variants side by side: one after the other they would take longer than what is measured."""
    plans = [(plan, 2) for plan in ours.PLANS] + [(ours.PLANS[0], 1)]
    for tokens, ups, downs in VARIANTS:
        for number in range(max(len(ups), len(downs))):
            plan = Plan(0, ups[number % len(ups)], downs[number % len(downs)])
            plans += [(plan, min(tokens, 2))]
    calls = {1: inputs(experts, 1, 0), 2: inputs(experts, 2, 0)}

    def run(case: tuple[Plan, int]) -> None:
        one = calls[case[1]]
        ours.int4_experts(one.x, one.experts, one.weights, one.ids, plan=case[0])

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(run, plans))
    torch.cuda.synchronize()


N8, N16, N32, N64, N128 = ours.N8, ours.N16, ours.N32, ours.N64, ours.N128
DOWN8 = replace(N8, stages=3)
VARIANTS: list[tuple[int, list[Tile], list[Tile]]] = [
    (1, [N8], [DOWN8]),
    (4, [N8], [DOWN8]),
    (16, [N8, N16], [DOWN8]),
    (64, [N32, N16], [replace(N16, stages=3), N16, replace(N32, stages=3)]),
    (256, [N64, Tile(64, 128, True, 8, 3, 128)], [N64, replace(N64, stages=4)]),
    (1024, [replace(N128, short=True), N64], [replace(N128, short=True), N64]),
    (4096, [N128, replace(N128, short=True)], [N128, replace(N128, short=True)]),
]
"""Sizes, and the tiles beside the table's own that are tried for up and for down."""
