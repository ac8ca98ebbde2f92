"""What an oracle is to do in one episode, drawn beforehand: wrong tries, detours, and whether it gives up."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

MOST_TRIES = 7
SUSPECT = "See `"
"""How a suspicion begins: the line's quote follows, then what has to change in it. Each is easier to tell once the one
before it is settled, and an edit is but the writing down of it."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How often which thing happens; `tries` are the weights of 0 to 6 wrong tries before the right one."""

    tries: tuple[float, ...] = (45, 25, 15, 5, 5, 2.5, 2.5)
    slip: float = 0.04
    """An edit is miswritten."""
    look: float = 0.1
    """The file is viewed although it was shown."""
    odd: float = 0.05
    """The project asks for pytest, which is not there."""
    give_up: float = 0.03
    endless: float = 0.02
    """A wrong try makes the tests run for ever: of a bug in a program with a `while`."""
    stuck: float = 0.004
    """The bug itself does so, of such a program, where one can be found."""


@dataclass(frozen=True, slots=True)
class Try:
    """An edit that is made: the module's whole text then; before it, where and what is suspected; and behind it, once
    it has helped, what was wrong, in a sentence."""

    target: str
    suspicion: str
    why: str


@dataclass(frozen=True, slots=True)
class Script:
    """`tries` are in order, the last one right unless the oracle gives up; `slips` says at which one an edit slips."""

    tries: tuple[Try, ...]
    gives_up: bool
    looks: bool
    slips: int
    """Index of the try whose first edit is miswritten; -1 for none."""
    endless: frozenset[str] = frozenset()
    """Texts of the module with which the tests are said not to end."""


def count(rates: Rates, rng: random.Random) -> tuple[int, bool]:
    """How many wrong tries there are to be, and whether that is the end."""
    if rng.random() < rates.give_up:
        return MOST_TRIES, True
    return rng.choices(range(len(rates.tries)), rates.tries)[0], False


def script(rates: Rates, rng: random.Random, wrong: Sequence[Try], right: Try, *, gives_up: bool) -> Script:
    """The plan for these tries; a slip may come before any of them."""
    gives_up = gives_up and len(wrong) == MOST_TRIES
    tries = (*wrong,) if gives_up else (*wrong, right)
    slips = rng.choice((len(tries) - 1, rng.randrange(len(tries)))) if rng.random() < rates.slip else -1
    loops = [one.target for one in wrong if "while " in one.target] if rng.random() < rates.endless else []
    return Script(tries, gives_up, rng.random() < rates.look, slips, frozenset(loops[:1]))
