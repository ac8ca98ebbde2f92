"""One step of training: a pass, its gradient, the update, QK-Clip and the routers' balance."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from nano_training.data.batch import Batch
from nano_training.learning.accuracy import LEARNT, Written, tally
from nano_training.learning.balance import rebalance, unevenness
from nano_training.learning.loss import Predicted, predicted, token_losses
from nano_training.learning.model import Nano
from nano_training.learning.muon import MuonClip, clip_logits

BALANCE_WEIGHT = 1e-4
"""Of the sequence-wise loss, as DeepSeek-V3 had it."""
BIAS_SPEED = 1e-3
"""Likewise, of the routers' biases."""
LONGEST_GRADIENT = 1.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What a step shows; losses are means, not a number where there was no such target."""

    loss: float
    learnt: float
    """Of what the model is to write."""
    context: float
    """Of files and test output."""
    gradient: float
    """Length, before it was cut."""
    logit: float
    """The largest attention logit of the sample."""
    load: float
    """The busiest expert's load over the mean."""

    @property
    def finite(self) -> bool:
        """Whether the update may be made."""
        return abs(self.loss) + self.gradient < float("inf")


class Trainer:
    """A model with its optimiser."""

    def __init__(self, model: Nano, optimiser: MuonClip) -> None:
        self.model, self.optimiser = model, optimiser
        self.compute: Predicted = self._compiled if model.way.compiled else predicted
        self._traced: Predicted = torch.compile(predicted, dynamic=None)

    def gradient(self, batch: Batch, *, quantised: bool) -> "Asked":
        """Forward and backward, not waited for. The batch lies on the model's device."""
        seen = self.model.run(batch.prefix, batch.tokens, quantised=quantised)
        losses, _ = token_losses(seen.before, seen.head, batch.tokens.flatten(), self.compute)
        weights = batch.weights.flatten()  # [B·T]
        loss = (losses * weights).sum() / weights.sum().clamp_min(1e-6)
        (loss + BALANCE_WEIGHT * seen.balance).backward()  # type: ignore[no-untyped-call]
        gradients = [values.grad for values in self.model.parameters.values() if values.grad is not None]
        length = torch.nn.utils.get_total_norm(gradients)
        with torch.no_grad():
            said, met = weights >= LEARNT, (weights > 0) & (weights < LEARNT)
            means = [(losses * some).sum() / some.sum() for some in (said, met)]
            shown = torch.stack((loss, *means, length, seen.largest.amax(), unevenness(seen.load))).float()
        return Asked(shown, length, seen.load, seen.largest)

    def _compiled(
        self, before: torch.Tensor, head: torch.Tensor, targets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """`predicted`, compiled once for any number of tokens."""
        for part in (before, targets):
            torch._dynamo.maybe_mark_dynamic(part, 0)
        return self._traced(before, head, targets)

    @torch.no_grad()
    def update(self, asked: "Asked", rate: float) -> None:
        """Use the gradient: cut it, step, clip the attention's logits, and rebalance the routers."""
        gradients = [values for values in self.model.parameters.values() if values.grad is not None]
        torch.nn.utils.clip_grads_with_norm_(gradients, LONGEST_GRADIENT, asked.length)
        self.optimiser.step(rate)
        clip_logits(self.model.parameters, self.model.config, asked.largest)
        rebalance(self.model.bias, asked.load, BIAS_SPEED)

    def measure(
        self, batches: Sequence[Batch], written: Sequence[Sequence[Written]], *, quantised: bool
    ) -> dict[str, float]:
        """Of held-out batches, in which `written` is to be judged: the loss of learnt tokens ("loss"), and by kind the
        share that is right as a whole.

        Gradients stay switched on, or everything would be compiled once more for this; they are let go."""
        asked: Counter[str] = Counter()
        whole: Counter[str] = Counter()
        total = count = 0.0
        for batch, said_here in zip(batches, written, strict=True):
            here = on_device(batch, self.model.bias.device)
            seen = self.model.run(here.prefix, here.tokens, quantised=quantised)
            losses, right = token_losses(seen.before, seen.head, here.tokens.flatten(), self.compute)
            said = here.weights.flatten() >= LEARNT
            total += float(losses.detach()[said].sum())
            count += float(said.sum())
            more, good = tally(said_here, right.view_as(here.tokens))
            asked, whole = asked + more, whole + good
        shares = {kind: whole[kind] / asked[kind] for kind in sorted(asked)}
        return {"loss": total / max(count, 1.0), **shares}


@dataclass(frozen=True, slots=True)
class Asked:
    """A gradient that is being computed: its figures and what the update needs, all on the device."""

    shown: torch.Tensor
    length: torch.Tensor
    load: torch.Tensor
    largest: torch.Tensor

    def figures(self) -> Figures:
        """Waits for the device."""
        return Figures(*self.shown.tolist())


def on_device(batch: Batch, device: torch.device) -> Batch:
    """The batch there; the copy is not waited for where it comes from pinned memory."""
    parts = (batch.prefix, batch.tokens, batch.weights)
    return Batch(*(part.to(device, non_blocking=True) for part in parts))
