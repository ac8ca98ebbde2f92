"""How the harmless ways to call a program are written down, and how arguments are compared with them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Program:
    """Its harmless options: single letters, letters that take a value, whole words; and which operands it may have."""

    letters: str = ""
    valued: str = ""
    words: frozenset[str] = frozenset()
    operands: int | None = None
    """How many at most."""
    operand: str = ""
    """What each has to match, if not everything is harmless."""

    def allows(self, arguments: Sequence[str]) -> bool:
        """Whether nothing among the arguments is unknown."""
        # Words with a dash are judged as options wherever they stand, and counted as operands wherever they may be
        # some: after "--", and after the first operand, because not every system looks for options there.
        first = next((i for i, a in enumerate(arguments) if not a.startswith("-") or a in ("-", "--")), len(arguments))
        operands = [a for a in arguments[first:] if a != "--"]
        options = [a for a in arguments if a.startswith("-") and a not in ("-", "--")]
        if self.operands is not None and len(operands) > self.operands:
            return False
        if self.operand and not all(re.fullmatch(self.operand, each, re.DOTALL) for each in operands):
            return False
        return all(map(self._allows_option, options))

    def _allows_option(self, option: str) -> bool:
        if option.partition("=")[0] in self.words:
            return True
        if option.startswith("--"):
            return False
        for letter in option[1:]:
            if letter in self.valued:
                return True
            if letter not in self.letters:
                return False
        return True


def program(
    letters: str = "", valued: str = "", words: str = "", operands: int | None = None, operand: str = ""
) -> Program:
    """The same with its words in one string."""
    return Program(letters, valued, frozenset(words.split()), operands, operand)


def alike(names: str, described: Program) -> dict[str, Program]:
    """Several programs with the same options."""
    return dict.fromkeys(names.split(), described)
