"""The angles of RoPE, stretched by YaRN (Peng et al., arXiv 2309.00071, §3.2): made once, then looked up."""

import math

import torch

from kimicode_engine.config import ModelConfig, Yarn


def rope_table(config: ModelConfig, device: torch.device) -> torch.Tensor:
    """Cosine and sine of each pair's angle at every position of the window, [window, rope/2, 2] fp32."""
    places = torch.arange(config.window, dtype=torch.float32, device=device)
    angles = places.unsqueeze(1) * frequencies(config).to(device)  # [window, rope/2]
    table = torch.stack((angles.cos(), angles.sin()), dim=-1)  # [window, rope/2, 2]
    return table * config.yarn.rotary_multiplier if config.yarn else table


def frequencies(config: ModelConfig) -> torch.Tensor:
    """Radians per position of each pair, [rope/2] fp32 on the CPU.

    YaRN leaves pairs that turn often within the original window as they are, slows those that turn less than about
    once by its factor, and mixes in between.
    """
    size = config.qk_rope_head_dim
    periods = config.rope_theta ** (torch.arange(0, size, 2, dtype=torch.float32) / size)  # [rope/2]
    if config.yarn is None:
        return 1.0 / periods
    slowed = ramp(config.yarn, size, config.rope_theta)  # [rope/2]
    return slowed / (config.yarn.factor * periods) + (1.0 - slowed) / periods


def ramp(yarn: Yarn, size: int, theta: float) -> torch.Tensor:
    """How much of each pair is slowed, [size/2] fp32: 0 up to the ramp's low end, 1 from its high end."""
    low, high = (_pair_that_turns(times, yarn, size, theta) for times in (yarn.beta_fast, yarn.beta_slow))
    if yarn.truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, size - 1)
    width = high - low or 0.001
    return ((torch.arange(size // 2, dtype=torch.float32) - low) / width).clamp(0.0, 1.0)


def _pair_that_turns(times: float, yarn: Yarn, size: int, theta: float) -> float:
    """The index, not rounded, of the pair that turns so many times within the original window."""
    return size * math.log(yarn.original_max_position / (times * 2 * math.pi)) / (2 * math.log(theta))
