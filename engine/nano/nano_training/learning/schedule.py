"""How a training's rate, quantisation and mixture follow its time: by share of its seconds, however fast it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schedule:
    """Warm-up by steps, for the first one may take a minute to compile; then stable, then linear decay."""

    peak: float = 1.5e-3
    warm_up_steps: int = 100
    decay_from: float = 0.15
    """Share of the run's seconds."""
    least: float = 0.02
    """Of the peak, at the end."""
    quantise_from: float = 0.5
    """Share of the run's seconds from which experts are trained as INT4; above 1: never."""

    def rate(self, step: int, share: float) -> float:
        """Of a step, counted from 0, begun after this share of the run's seconds."""
        warm = min(1.0, (step + 1) / self.warm_up_steps) if self.warm_up_steps else 1.0
        left = min(1.0, max(0.0, (1.0 - share) / (1.0 - self.decay_from))) if self.decay_from < 1.0 else 1.0
        return self.peak * warm * max(left, self.least)

    def quantised(self, share: float) -> bool:
        """Whether experts are trained as INT4 now."""
        return share >= self.quantise_from


@dataclass(frozen=True, slots=True)
class Phase:
    """What is read until a share of the run's seconds: each source's share."""

    until: float
    mixture: Mapping[str, float]


def phase_at(phases: Sequence[Phase], share: float) -> int:
    """The index of the phase; the last one lasts to the end."""
    return next((index for index, phase in enumerate(phases) if share < phase.until), len(phases) - 1)
