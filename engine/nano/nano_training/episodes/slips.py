"""How an edit goes wrong under a small model's hands, on purpose: a misquote, a syntax error."""

import ast
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kimicode.workspace.match import find
from nano_training.episodes import wording
from nano_training.episodes.replacing import Replacement

_NAME = re.compile(r"\b[A-Za-z_]\w*\b")
_STRUCTURE = "()[]{}:="


@dataclass(frozen=True, slots=True)
class Slip:
    """The arguments of the call that is not what was meant, the text after it, and what is said with the repair."""

    old: str
    new: str
    after: str
    words: Sequence[str]


def slip(current: str, edit: Replacement, rng: random.Random) -> Slip | None:
    """One of the kinds that this edit of `current` can have; None where it can have none."""
    kinds: list[Callable[[str, Replacement, random.Random], Slip | None]] = [misquoted, garbled]
    rng.shuffle(kinds)
    return next((found for kind in kinds if (found := kind(current, edit, rng))), None)


def misquoted(current: str, edit: Replacement, rng: random.Random) -> Slip | None:
    """A quote that does not fit one place: too short, or one name of it written wrongly."""
    if edit.alone != edit.old and len(find(current, edit.alone, "")) > 1:
        return Slip(edit.alone, edit.new, current, wording.AMBIGUOUS)
    known = {node.id for node in ast.walk(ast.parse(current)) if isinstance(node, ast.Name)}
    names = sorted(known & {*_NAME.findall(edit.old)})
    others = sorted(known - {*names})
    if not names or not others:
        return None
    wrong = re.sub(rf"\b{rng.choice(names)}\b", rng.choice(others), edit.old, count=1)
    return None if find(current, wrong, "") else Slip(wrong, edit.new, current, wording.MISQUOTED)


def garbled(current: str, edit: Replacement, rng: random.Random) -> Slip | None:
    """The right line but for a bracket, colon or sign that is lost, so that the program does not parse."""
    places = [at for at, character in enumerate(edit.new) if character in _STRUCTURE]
    rng.shuffle(places)
    for at in places:
        new = edit.new[:at] + edit.new[at + 1 :]
        after = current.replace(edit.old, new)
        if new != edit.old and not parses(after):
            return Slip(edit.old, new, after, wording.GARBLED)
    return None


def parses(source: str) -> bool:
    """Whether it is a program."""
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True
