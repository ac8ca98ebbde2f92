"""What a kernel is compiled as: each kernel module lists its cases, the tests compile them for sm_90 without a GPU."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class CompileCase:
    """One entry of a kernel's tile table.

    A kernel module has `compile_cases() -> Iterable[CompileCase]`: every jitted function with every tile that its
    launcher can choose, as it is launched on the GPU (UPCAST off, inline assembly on).
    """

    name: str
    """Unique in its module, as "up n8 64 rows"."""
    function: Any
    """What @triton.jit returned."""
    signature: Mapping[str, str]
    """Types of all arguments that are no constexprs: "*bf16", "*fp32", "*i32", "*i64", "i32", "i64", "fp32"."""
    constexprs: Mapping[str, Any] = field(default_factory=dict)
    num_warps: int = 4
    num_stages: int = 3
    maxnreg: int | None = None
    expected: Literal["wgmma", "mma", "none"] = "none"
    """The matrix instruction that must be there: wgmma (HGMMA), mma (HMMA and no HGMMA), none at all."""
    words: int | None = None
    """Packed int32 that a thread unpacks in one iteration of the longest loop; None where nothing is packed."""
    divisible: tuple[str, ...] = ()
    """Integer arguments that are always multiples of 16, as Triton specialises them; pointers count as such anyway."""
    launch_pdl: bool = False
    spill_bytes: int = 0
    """Stack bytes that are known and accepted; say why beside it."""
