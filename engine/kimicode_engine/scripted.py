"""A model of no weights: a shipped stand-in for tests, benchmarks and demos that needs neither checkpoint nor time.

It keeps the cache honest: tokens are written through the page tables and the whole context is read back through them
before each answer, so that any fault in paging, sharing or preemption changes what it says."""

import time
import zlib
from array import array
from collections.abc import Callable
from collections.abc import Sequence as Row
from itertools import chain

import torch

from kimicode_engine.limits import PAGE
from kimicode_engine.request import Request
from kimicode_engine.sampling import Draw
from kimicode_engine.sequence import Part, Sequence

NAN = -1
"""What a script returns to have the logits of that row be NaN."""

Script = Callable[[Request, Row[int]], int]
"""(request, all tokens so far) → the next token. May raise RuntimeError, as a model out of memory does."""

_CERTAIN = 50.0
_EMPTY = -1


class ScriptedRunner:
    """A Runner (see runner.py) whose next token is what `script` says; by default a hash of the whole context."""

    def __init__(
        self,
        pages: int,
        vocab_size: int,
        script: Script | None = None,
        *,
        verify: bool = True,
        delay: float = 0.0,
    ) -> None:
        """`verify`: read the context back through the pages, which costs time; else it is taken from the sequence.
        `delay`: seconds that each step waits."""
        self.vocab_size = vocab_size
        self.draw: Draw | None = None
        self.steps = 0
        self.computed = 0
        self._memory = [[_EMPTY] * PAGE for _ in range(pages)]
        self._script = script or hashed(vocab_size)
        self._verify = verify
        self._delay = delay

    def run(self, parts: Row[Part]) -> torch.Tensor:
        """Logits [n, vocab] fp32, a row per part that samples, in order: its next token is all but certain."""
        if self._delay:
            time.sleep(self._delay)
        self.steps += 1
        self.computed += sum(part.count for part in parts)
        if self._verify:
            for part in parts:
                self._write(part)
        sequences = [part.sequence for part in parts if part.samples]
        chosen = [self._script(sequence.request, self._context(sequence)) for sequence in sequences]
        logits = torch.zeros(len(chosen), self.vocab_size)  # [n, vocab]
        for row, token in zip(logits, chosen, strict=True):
            row[... if token == NAN else token] = float("nan") if token == NAN else _CERTAIN
        return logits

    def _write(self, part: Part) -> None:
        tokens, pages = part.sequence.tokens, part.sequence.pages
        for position in range(part.start, part.start + part.count):
            self._memory[pages[position // PAGE]][position % PAGE] = tokens[position]

    def _context(self, sequence: Sequence) -> Row[int]:
        if not self._verify:
            return sequence.tokens
        kept = chain.from_iterable(self._memory[page] for page in sequence.pages)
        return list(kept)[: len(sequence.tokens)]


def hashed(vocab_size: int) -> Script:
    """The next token is a pure function of all tokens before it, the same on every machine."""

    def script(request: Request, context: Row[int]) -> int:
        return zlib.crc32(array("q", context)) % vocab_size

    return script


def in_turn(*answers: Row[int]) -> Script:
    """The first request gets the first answer, and so on, the last answer for all further ones.

    An answer should end with an end token: its last token is repeated for as long as more is asked for."""
    given: dict[str, Row[int]] = {}

    def script(request: Request, context: Row[int]) -> int:
        answer = given.setdefault(request.id, answers[min(len(given), len(answers) - 1)])
        return answer[min(len(context) - len(request.prompt), len(answer) - 1)]

    return script
