"""A quick proxy of the solve rate: how many messages of held-out episodes the model would write token by token.

Each message is judged behind the true conversation; it is right where every token of it is the likeliest one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from kimicode_engine.tokenizer import Tokenizer

LEARNT = 1.0
"""What tokens weigh as targets that the model is to write."""


@dataclass(frozen=True, slots=True)
class Written:
    """A message that the model is to write: where it stands, and what it does."""

    row: int
    start: int
    stop: int
    kind: str


def messages(tokens: torch.Tensor, weights: torch.Tensor, tokenizer: Tokenizer | None) -> list[Written]:
    """The learnt messages of rows, tokens and weights [B, T]: runs of targets of full weight.

    Kinds, told by the tokenizer: "first" and "test" (commands), "fix", "after a wrong fix", "submit"; else "any"."""
    found: list[Written] = []
    for row in range(len(tokens)):
        learnt = (weights[row] >= LEARNT).int()  # [T]
        edges = torch.diff(learnt, prepend=learnt.new_zeros(1), append=learnt.new_zeros(1)).nonzero().flatten().tolist()
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            kind = _kind(tokens[row].tolist(), start, stop, tokenizer) if tokenizer else "any"
            found.append(Written(row, start, stop, kind))
    return found


def _kind(tokens: Sequence[int], start: int, stop: int, tokenizer: Tokenizer) -> str:
    said = tokenizer.decode(tokens[start:stop])
    before = tokenizer.decode(tokens[:start])
    if "functions.submit" in said:
        return "submit"
    if "functions.strreplace" in said:
        return "after a wrong fix" if "functions.strreplace" in before else "fix"
    if "functions.bash" in said:
        return "test" if "functions.bash" in before else "first"
    return "any"


def tally(written: Sequence[Written], right: torch.Tensor) -> tuple[Counter[str], Counter[str]]:
    """How many messages of each kind there are, and were right in every token. right [B, T] bool."""
    asked: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    marks = right.cpu()
    for one in written:
        asked[one.kind] += 1
        whole[one.kind] += int(marks[one.row, one.start : one.stop].all())
    return asked, whole
