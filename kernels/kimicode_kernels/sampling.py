"""The next token of each row of logits: greedy, or by one uniform number over what the cuts leave.

Greedy reads 4·V bytes a row once (655 KB at 163,840) in one launch, and a second ends it: the read rate at many rows,
two launches at one. What `sample` costs beyond that is in `nucleus`."""

from collections.abc import Iterator

import torch
import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_wait

from kimicode_kernels._masses import MOST_TOKENS, row_peak
from kimicode_kernels.compiling import CompileCase
from kimicode_kernels.nucleus import BLOCK, WARPS, draw, peaks


@triton.jit
def _best(part, tokens, blocks, PARTS: tl.constexpr, CHAINED: tl.constexpr):
    """The token of a row's highest logit; -1 where it is no sane number."""
    if CHAINED:
        gdc_wait()
    row = tl.program_id(0).to(tl.int64)
    _, token = row_peak(part, row, blocks, PARTS)
    tl.store(tokens + row, token)


def greedy(logits: torch.Tensor) -> torch.Tensor:
    """The lowest id of the highest of logits [n, V], floating-point of any type, stride 1 in a row → [n] int64.

    -1 where a row holds NaN or +Inf, or no number at all. ValueError if V is beyond 262,144.
    """
    _check(logits)
    count, vocab = logits.shape
    blocks = triton.cdiv(vocab, BLOCK)
    part = torch.empty(count, blocks, dtype=torch.int64, device=logits.device)
    tokens = torch.empty(count, dtype=torch.int64, device=logits.device)
    if count:
        peaks[(blocks, count)](
            logits, part, part, vocab, logits.stride(0), BLOCK=BLOCK, SCRATCH=0, CHAINED=chained(),
            num_warps=WARPS,
        )  # fmt: skip
        _best[(count,)](
            part, tokens, blocks, PARTS=triton.next_power_of_2(blocks), CHAINED=chained(),
            num_warps=1, launch_pdl=chained(),
        )  # fmt: skip
    return tokens


def sample(
    logits: torch.Tensor,
    uniforms: torch.Tensor,
    *,
    temperature: torch.Tensor,
    top_k: torch.Tensor | None = None,
    top_p: torch.Tensor | None = None,
    min_p: torch.Tensor | None = None,
) -> torch.Tensor:
    """Draw a token of each row by its uniform number in [0, 1), in order of ids over the tokens that the cuts leave.

    logits [n, V] floating-point, stride 1 in a row; uniforms [n] fp64; temperature, top_p, min_p [n] floating-point,
    top_k [n] integers, 0 where it cuts nothing → [n] int64. min-p comes first (against the likeliest), then top-k,
    then top-p of what these leave: the smallest set of the likeliest that holds as much; of equals the lowest ids stay.
    Rows of a temperature below 1e-5, top-k 1 or top-p 0 are greedy; rows with NaN, +Inf or no number at all get -1.
    Probabilities closer than 1.5e-8 of their value count as equal. ValueError if V is beyond 262,144 or shapes differ.
    """
    _check(logits, uniforms, temperature, *(one for one in (top_k, top_p, min_p) if one is not None))
    tokens = torch.empty(logits.shape[0], dtype=torch.int64, device=logits.device)
    if logits.shape[0]:
        draw(logits, uniforms, temperature, top_k, top_p, min_p, tokens, chain=chained())
    return tokens


def _check(logits: torch.Tensor, *others: torch.Tensor) -> None:
    count, vocab = logits.shape
    if not 0 < vocab <= MOST_TOKENS or logits.stride(1) != 1 or any(one.shape != (count,) for one in others):
        raise ValueError(f"logits {list(logits.shape)}, beside them {[list(one.shape) for one in others]}")


def chained() -> bool:
    """Whether a call's kernels may start while the one before ends: on a GPU that can, not where interpreted."""
    return not triton.knobs.runtime.interpret


def compile_cases() -> Iterator[CompileCase]:
    """What greedy adds to `nucleus`."""
    signature = {"part": "*i64", "tokens": "*i64", "blocks": "i32"}
    yield CompileCase("best", _best, signature, {"PARTS": 256, "CHAINED": True}, num_warps=1, launch_pdl=True)
