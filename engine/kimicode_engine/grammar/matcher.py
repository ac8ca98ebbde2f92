"""One answer's grammar while the answer grows: asleep at first where the model may think or talk, then strict.

This is the only layer that knows of the reasoning before a constrained answer."""

from dataclasses import dataclass

import torch
from llguidance import LLMatcher
from torch import Tensor

from kimicode_engine.errors import RequestError
from kimicode_engine.grammar.schemas import first_line


@dataclass(frozen=True, slots=True)
class Plan:
    """How the answers to one kind of request are constrained; shared by all of them."""

    grammar: LLMatcher | None
    """In its first state; never advanced itself."""
    asleep: bool
    """Whether the answer begins with what the grammar does not cover."""
    banned: Tensor | None
    """Packed mask int32 [ceil(V/32)] while asleep."""
    end_ids: frozenset[int]
    words: int
    """Length of a packed mask, ceil(V/32)."""
    enters: frozenset[int] = frozenset()
    """Tokens that wake the grammar and are its first token."""
    wakes: frozenset[int] = frozenset()
    """Tokens that wake the grammar and come before its first."""


class Matcher:
    """Says which tokens may come next, and is told which one came. For one answer, from one thread at a time."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._grammar = plan.grammar.deep_copy() if plan.grammar else None
        self._asleep = plan.asleep or plan.grammar is None
        self._ended = False

    def mask(self) -> Tensor | None:
        """The allowed tokens as packed int32 [ceil(V/32)], bit set = allowed; None: all of them.

        Raises RequestError with code "grammar_error" when the grammar became too complex or allows nothing."""
        if self._ended:
            return None
        if self._asleep or self._grammar is None:
            return self._plan.banned
        packed = bytearray(self._grammar.compute_bitmask())
        if self._grammar.is_error():
            raise _broken(self._grammar.get_error())
        mask = torch.frombuffer(packed, dtype=torch.int32)[: self._plan.words]  # [ceil(V/32)]
        if not mask.any():
            raise _broken("nothing can follow that would satisfy it")
        return mask

    def accept(self, token: int) -> None:
        """Go on by a token. Raises RequestError with code "grammar_error" if it was not allowed."""
        if self._ended:
            return
        if self._asleep:
            self._asleep = token not in self._plan.enters | self._plan.wakes or self._grammar is None
            if token not in self._plan.enters:
                return
        if self._grammar is not None and not self._grammar.consume_token(token):
            raise _broken(self._grammar.get_error())
        self._ended = token in self._plan.end_ids


def _broken(why: str) -> RequestError:
    return RequestError(f"the answer's grammar failed: {first_line(why)}", code="grammar_error", status=500)
