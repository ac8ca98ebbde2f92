"""A scripted model that takes a step only when the test lets it: what happens between two steps needs no clock."""

import threading
from collections.abc import Sequence

import torch

from kimicode_engine.scripted import ScriptedRunner
from kimicode_engine.sequence import Part

_PATIENCE_SECONDS = 60.0
_FREE = 1_000_000


class SteppedRunner(ScriptedRunner):
    """Waits before every step until it is permitted. `release` before the server or worker is stopped."""

    def __init__(self, pages: int, vocab_size: int, word: int) -> None:
        super().__init__(pages, vocab_size, lambda request, context: word)
        self._permits = threading.Semaphore(0)

    def permit(self, steps: int) -> None:
        """Let it take so many more steps."""
        self._permits.release(steps)

    def release(self) -> None:
        """Let it run on by itself."""
        self.permit(_FREE)

    def run(self, parts: Sequence[Part]) -> torch.Tensor:
        if not self._permits.acquire(timeout=_PATIENCE_SECONDS):
            raise RuntimeError("the test never permitted this step")
        return super().run(parts)
