"""A quick proxy of the solve rate: how many calls of held-out episodes the model would write token by token.

Each is judged behind the true conversation. Of the text only suspicions are looked at: which line, and what of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from kimicode_engine.template.render import ARGUMENTS, CALL_END, CALLED, CALLS, THOUGHT
from kimicode_engine.template.render import CALL as NEXT
from kimicode_engine.tokenizer import Tokenizer
from nano_training.data.targets import CHOSEN, DECISION, of_text
from nano_training.episodes.episode import Learn

LEARNT = 1.0
"""What tokens weigh at least as targets that the model is to write."""
CALL_KINDS = {"bash": ("first", "test"), "strreplace": ("fix", "after a wrong fix")}
"""What a tool's first call is, and any later one."""


@dataclass(frozen=True, slots=True)
class Written:
    """Tokens that the model is to write: where they stand, and what they do."""

    row: int
    start: int
    stop: int
    kind: str


@dataclass(frozen=True, slots=True)
class Call:
    """The last call of an answer: where its answer's text and calls begin, and its arguments with the sign of their
    end."""

    name: str
    text: int
    begin: int
    start: int
    stop: int


def written(tokens: torch.Tensor, weights: torch.Tensor, tokenizer: Tokenizer | None) -> list[Written]:
    """What is to be written in rows, tokens and weights [B, T]; without a tokenizer each run of full weight, as "any".

    Of answers that are learnt the last call's arguments: "first" and "test" (commands), "fix", "after a wrong fix", and
    any other by its name. Before edits also which line is suspected, "...: line", and that with all that is said of it,
    "...: suspicion". Of "submit" that it comes."""
    found: list[Written] = []
    for row, (ids, heavy) in enumerate(zip(tokens.tolist(), (weights >= LEARNT).tolist(), strict=True)):
        spans = _runs(heavy) if tokenizer is None else _judged(ids, heavy, tokenizer)
        found += [Written(row, start, stop, kind) for start, stop, kind in spans]
    return found


def _runs(heavy: Sequence[bool]) -> Iterator[tuple[int, int, str]]:
    """Runs of tokens that are learnt."""
    edges = [at for at, (a, b) in enumerate(zip((False, *heavy), (*heavy, False), strict=True)) if a != b]
    yield from ((start, stop, "any") for start, stop in zip(edges[::2], edges[1::2], strict=True))


def _judged(ids: Sequence[int], heavy: Sequence[bool], tokenizer: Tokenizer) -> Iterator[tuple[int, int, str]]:
    """Spans and kinds of a row."""
    seen: set[str] = set()
    for call in _calls(ids, tokenizer):
        kinds = CALL_KINDS.get(call.name, (call.name, call.name))
        kind = kinds[call.name in seen]
        seen.add(call.name)
        if not all(heavy[call.start : call.stop]):
            continue
        if call.name == "submit":
            yield call.begin, call.start, kind
            continue
        yield call.start, call.stop, kind
        if call.name == "strreplace" and heavy[call.begin - 1]:
            yield from _suspicion(ids, call, kind, tokenizer)


def _suspicion(ids: Sequence[int], call: Call, kind: str, tokenizer: Tokenizer) -> Iterator[tuple[int, int, str]]:
    """The spans of a suspicion in an answer's text, if there is one."""
    said = list(ids[call.text : call.begin])
    kinds = of_text(said, tokenizer.decode(said), tokenizer, Learn.ALL)
    first = kinds.find(DECISION)
    if first >= 0:
        start = call.text + first
        yield start, start + kinds[first : first + CHOSEN].count(DECISION), f"{kind}: line"
        yield start, call.begin, f"{kind}: suspicion"


def _calls(ids: Sequence[int], tokenizer: Tokenizer) -> Iterator[Call]:
    """The last call of each answer."""
    marks = {tokenizer.control[marker.name]: marker for marker in (THOUGHT, CALLS, NEXT, ARGUMENTS, CALL_END, CALLED)}
    last = dict.fromkeys(marks.values(), 0)
    for at, token in enumerate(ids):
        marker = marks.get(token)
        if marker is None:
            continue
        last[marker] = at
        if marker == CALLED:
            name = tokenizer.decode(ids[last[NEXT] + 1 : last[ARGUMENTS]])
            yield Call(
                name.removeprefix("functions.").partition(":")[0],
                last[THOUGHT] + 1,
                last[CALLS],
                last[ARGUMENTS] + 1,
                at,
            )


def tally(asked: Sequence[Written], right: torch.Tensor) -> tuple[Counter[str], Counter[str]]:
    """How many of each kind there are, and were right in every token. right [B, T] bool."""
    known: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    marks = right.cpu()
    for one in asked:
        known[one.kind] += 1
        whole[one.kind] += int(marks[one.row, one.start : one.stop].all())
    return known, whole
