"""Times of kernels as an engine sees them: many calls in one CUDA graph, caches cold, ceilings measured beside them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

import torch

Call = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What the card does at most, measured in the same run: bytes per second of reading and of copying (read and
    written bytes together), and floating-point operations per second of a bf16 matrix product."""

    read: float
    copy: float
    matmul: float


@dataclass(frozen=True, slots=True)
class Row:
    """One measured shape. `bytes` must be moved, `flops` computed; `peer` names who was measured, "" is ours."""

    op: str
    shape: str
    us: float
    bytes: float = 0.0
    flops: float = 0.0
    peer: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A comparison with fp32 before anything is timed; `error` is ‖out - ref‖ / ‖ref‖."""

    op: str
    shape: str
    error: float
    limit: float

    @property
    def passed(self) -> bool:
        """False for NaN as well."""
        return self.error <= self.limit


@dataclass(slots=True)
class Variants:
    """Keeps the fastest of several configurations, and says which it was."""

    best: float = float("inf")
    name: str = ""
    tried: list[tuple[str, float]] = field(default_factory=list)

    def add(self, name: str, us: float) -> None:
        """Note one configuration's time in µs."""
        self.tried.append((name, us))
        if us < self.best:
            self.best, self.name = us, name


def graph_us(calls: Sequence[Call], replays: int = 30, warm: int = 3) -> float:
    """µs of one call: all are captured into one graph, whose median replay is divided by their number.

    Give each call data of its own, together far beyond the L2 cache's 50 MB, so that each finds it cold."""
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for call in calls:
            call()
    torch.cuda.current_stream().wait_stream(stream)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for call in calls:
            call()
    times = []
    for number in range(warm + replays):
        took = _elapsed_us(graph.replay)
        if number >= warm:
            times.append(took)
    return median(times) / len(calls)


def relative_error(out: torch.Tensor, reference: torch.Tensor) -> float:
    """‖out - reference‖ / ‖reference‖ in fp64; NaN where anything is NaN."""
    out, reference = out.double(), reference.double()
    return float(torch.linalg.vector_norm(out - reference) / torch.linalg.vector_norm(reference))


def ceilings() -> Ceilings:
    """Measure the card: 4 GB read by a sum, 4 GB copied, a product of 8192² bf16 matrices."""
    target, source = torch.empty(2, 2**30, dtype=torch.float32, device="cuda").normal_()  # 4 GB each
    read = source.nbytes / (1e-6 * min(_eager_us(source.sum) for _ in range(3)))
    copy = 2 * source.nbytes / (1e-6 * min(_eager_us(lambda: target.copy_(source)) for _ in range(3)))
    a = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    matmul = 2 * 8192**3 / (1e-6 * min(_eager_us(lambda: a @ a) for _ in range(3)))
    return Ceilings(read, copy, matmul)


def _eager_us(call: Call, count: int = 10) -> float:
    call()
    return _elapsed_us(lambda: [call() for _ in range(count)]) / count


def _elapsed_us(work: Call) -> float:
    """µs between two events of the stream, around what `work` puts into it."""
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    begin.record()
    work()
    end.record()
    end.synchronize()
    return 1e3 * float(begin.elapsed_time(end))


Checks = Callable[[], Iterator[Check]]
Rows = Callable[[Ceilings], Iterator[Row]]
