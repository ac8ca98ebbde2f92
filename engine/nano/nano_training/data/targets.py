"""What each token of an answer is as a target: a decision, or what follows from one, or nothing that should be learnt.

Decisions are which line is suspected, and what is said to be wrong with it; of an edit which line it quotes, and where
the new text parts from the old one."""

import json
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TypeVar

from kimicode_engine.tokenizer import Tokenizer
from nano_training.episodes.episode import Learn
from nano_training.episodes.script import SUSPECT

IGNORED, CONTEXT, LEARNT, DECISION = 0, 1, 2, 3
"""What a token is as a target: nothing, what files and tests say, what the model does, what matters most of that."""
CHOSEN = 4
"""So many first tokens of a quote tell which line it is."""
QUOTED = "`. "
"""What stands behind the quote of a line that is suspected."""

T = TypeVar("T")


def of_answer(learn: Learn, *, called: bool) -> int:
    """The kind of an answer's tokens but for suspicions and edits, in the text or, `called`, from the first call on."""
    return LEARNT if learn == Learn.ALL or (learn == Learn.FORM and called) else IGNORED


def of_text(tokens: Sequence[int], text: str, tokenizer: Tokenizer, learn: Learn) -> bytes:
    """The kinds of the tokens of what an answer says, one byte each: of a suspicion the first of the line's quote, and
    all that is said of it."""
    kinds = bytearray((of_answer(learn, called=False),)) * len(tokens)
    quote = text.rfind(SUSPECT) + len(SUSPECT)
    if learn != Learn.ALL or SUSPECT not in text:
        return bytes(kinds)
    end = text.find(QUOTED, quote)
    begin, behind = (len(text[:at].encode()) for at in (quote, end if end > 0 else len(text)))
    ends = [0, *accumulate(len(tokenizer.bytes_of(token)) for token in tokens)]
    line = [at for at in range(len(tokens)) if ends[at + 1] > begin and ends[at] < behind]
    said = [at for at in range(len(tokens)) if ends[at + 1] > behind + len(QUOTED)]
    for at in (*line[:CHOSEN], *said):
        kinds[at] = DECISION
    return bytes(kinds)


def of_edit(tokens: Sequence[int], arguments: str, tokenizer: Tokenizer, learn: Learn) -> bytes:
    """The kinds of the tokens of a strreplace's arguments, one byte each.

    Raises ValueError for arguments without texts `old_str` and `new_str`, or that are not as `json.dumps` writes them.
    """
    kinds = bytearray((of_answer(learn, called=True),)) * len(tokens)
    if learn == Learn.ALL:
        for at in decisions(tokens, arguments, tokenizer):
            kinds[at] = DECISION
    return bytes(kinds)


def decisions(tokens: Sequence[int], arguments: str, tokenizer: Tokenizer) -> Iterator[int]:
    """Indices of the tokens by which an edit is chosen, at least one of the new text. Raises as `of_edit`.

    Tokens, not characters, say where the new text parts from the old one: `values` and `value` differ in the first."""
    ends = [0, *accumulate(len(tokenizer.bytes_of(token)) for token in tokens)]
    raw = b"".join(map(tokenizer.bytes_of, tokens))
    spans = [_value(arguments, name) for name in ("old_str", "new_str")]
    old, new = ([at for at in range(len(tokens)) if ends[at + 1] > start and ends[at] <= end] for start, end in spans)
    yield from old[:CHOSEN]
    same = _alike([tokens[at] for at in old], [tokens[at] for at in new])
    # Behind the texts other signs stand, which a last token may hold too: only what is the texts' own is compared.
    inside = [
        [raw[ends[at] : min(ends[at + 1], end)] for at in reversed(places[same:])]
        for places, (_, end) in zip((old, new), spans, strict=True)
    ]
    yield from new[same : max(same + 1, len(new) - _alike(*inside))]


def _value(arguments: str, name: str) -> tuple[int, int]:
    """Where the text of an argument stands without its quotes, in bytes: its start, and the end behind it."""
    try:
        value = json.dumps(json.loads(arguments)[name], ensure_ascii=False)
    except (KeyError, TypeError) as error:
        raise ValueError(f"an edit without {name}: {arguments[:80]!r}") from error
    start = arguments.index(f'"{name}": {value}') + len(name) + 5
    first = len(arguments[:start].encode())
    return first, first + len(value[1:-1].encode())


def _alike(one: Sequence[T], other: Sequence[T]) -> int:
    """How many of both are the same, from the first on."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
