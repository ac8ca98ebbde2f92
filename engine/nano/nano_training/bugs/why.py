"""One short sentence in plain words for what is wrong with edited lines, made from the actual code."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nano_training.bugs import wording
from nano_training.project import Edit

TOKEN = re.compile(
    r"\"[^\"\n]*\"|'[^'\n]*'|(?<=return )-\d+|(?<![\w)\]] )(?<![\w)\]])-\d+|[\w.]+|not\s+in\b|[-+*/%&|^<>=!]+|\s+|.",
    re.DOTALL,
)
SPREAD = frozenset({"bound", "index", "off by one", "constant", "sign", "negation", "default"})
"""Kinds whose difference is read together with what stands before it."""
SHORT = 36
"""Characters of code that a sentence has room for."""
LONG = 60
"""Likewise, where nothing else says what is to be done."""
PLACES = {
    (True, True): "`{wrong}` should be `{right}`.",
    (True, False): "`{right}` is missing.",
    (False, True): "`{wrong}` is too much.",
}
"""By whether there is something right and something wrong."""
LINES = ("The line `{wrong}` is too much.", "The line `{right}` is missing.")


@dataclass(frozen=True, slots=True)
class Difference:
    """What an edit takes away and puts there: whole tokens, without what both sides share."""

    right: str
    wrong: str
    edit: Edit

    @property
    def before(self) -> str:
        """Beginning of the right line, up to the difference."""
        return self.edit.old[: max(0, self.edit.old.find(self.right))] if self.right else ""


def sentence(edit: Edit, rng: random.Random) -> str:
    """Says what is wrong once `edit` has been made, of at most about 20 words."""
    found = difference(edit)
    choices = [each for each in wordings(found) if fits(each, found)]
    quoting = [each for each in choices if "{" in each]
    return rng.choice(quoting or choices).format(right=spoken(found.right), wrong=spoken(found.wrong))


def change(edit: Edit) -> str:
    """Says what has to become of what `edit` has made, always in the same words: a sentence where that is too long."""
    found = difference(edit)
    more = edit.old.count("\n") - edit.new.count("\n")
    right, wrong = spoken(found.right), spoken(found.wrong)
    text = LINES[more > 0] if more else PLACES.get((bool(right), bool(wrong)), "")
    if not text or not fits(text, found, LONG):
        return sentence(edit, random.Random(0))
    return text.format(right=right, wrong=wrong)


def difference(edit: Edit) -> Difference:
    """Trims what both sides share at the beginning and at the end: lines where some come or go, tokens elsewhere."""
    sides = edit.old.split("\n"), edit.new.split("\n")
    if len(sides[0]) != len(sides[1]):
        head, tail = shared(*sides)
        right, wrong = ((side[head : len(side) - tail] or [""])[0].strip() for side in sides)
        return Difference(right, wrong, edit)
    old, new = TOKEN.findall(edit.old), TOKEN.findall(edit.new)
    head, tail = shared(old, new)
    if edit.kind in SPREAD:
        head = spread(old, new, head, tail)
    right, wrong = "".join(old[head : len(old) - tail]), "".join(new[head : len(new) - tail])
    return Difference(right.strip(), wrong.strip(), edit)


def shared(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many parts are the same at the beginning, and how many of the rest at the end."""
    shorter = min(len(old), len(new))
    head = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    return head, next((at for at in range(shorter - head) if old[-1 - at] != new[-1 - at]), shorter - head)


def spread(old: Sequence[str], new: Sequence[str], head: int, tail: int) -> int:
    """An earlier beginning of the difference, where alone it would be a sign and a number."""
    sides = ["".join(side[head : len(side) - tail]).strip() for side in (old, new)]
    if all(re.match(r"[\w\"'\[({]", side) for side in sides):
        return head
    depth = 0
    while head > 0:
        head -= 1
        depth += (old[head] in ")]}") - (old[head] in "([{")
        if depth < 0:
            return head + 1
        if depth == 0 and re.match(r"[\w.\"']+$", old[head]):
            return head
    return head


def wordings(found: Difference) -> Sequence[str]:
    """Sentences for a difference, the special ones where there are any."""
    kind = found.edit.kind
    special = SPECIAL[kind](found) if kind in SPECIAL else ()
    if special:
        return (
            *special,
            *(each for each in wording.WORDINGS[kind][-1:] if not any(fits(one, found) for one in special)),
        )
    if kind in wording.ADDED and len(found.edit.new) > len(found.edit.old):
        return wording.ADDED[kind]
    return wording.WORDINGS[kind]


def fits(text: str, found: Difference, longest: int = SHORT) -> bool:
    """Whether the code that a sentence quotes is there, on one line and short."""
    parts = [part for name, part in (("{right}", found.right), ("{wrong}", found.wrong)) if name in text]
    return all(0 < len(part) <= longest and "\n" not in part and balanced(part) for part in parts)


def balanced(text: str) -> bool:
    """Whether all brackets in a piece of code are closed, so that it reads well alone."""
    plain = re.sub(r"\"[^\"]*\"|'[^']*'", "", text)
    return all(plain.count(one) == plain.count(other) for one, other in ("()", "[]", "{}")) and not text.endswith(",")


def spoken(text: str) -> str:
    """A piece of code as it is quoted: without what belongs to its neighbours."""
    return re.sub(r"\s+", " ", text).strip(" ,:")


def comparison(found: Difference) -> Sequence[str]:
    pair = re.sub(r"\s+", " ", found.right), re.sub(r"\s+", " ", found.wrong)
    pair = {("not", ""): ("not in", "in"), ("", "not"): ("in", "not in")}.get(pair, pair)
    if "not" in pair[0] + pair[1] and "is" in found.edit.old.split() and "in" not in found.edit.old.split():
        pair = ("is not", "is") if found.right else ("is", "is not")
    turned = pair[0][:1] != pair[1][:1] and {pair[0][:1], pair[1][:1]} == {"<", ">"}
    return wording.TURNED if turned else wording.COMPARISONS.get(pair, ())


def bound(found: Difference) -> Sequence[str]:
    right, wrong = found.right, found.wrong
    where = found.before.rstrip()
    if where.endswith("range(") and wrong.startswith("1,") and not right:
        return wording.SKIPS_FIRST
    if not right and re.fullmatch(r"1,|1", wrong) and "range(" in found.edit.old:
        return wording.SKIPS_FIRST
    if "enumerate(" in found.edit.old and wrong.endswith("1") and not right:
        return wording.COUNTS_FROM_ONE
    step = one_step(right, wrong)
    if step and "range(" in found.edit.old and not re.search(r"-\s*1\)", found.edit.old):
        return wording.LATE_END if step > 0 else wording.EARLY_END
    return ()


def off_by_one(found: Difference) -> Sequence[str]:
    step = one_step(found.right, found.wrong)
    return wording.ONE_MORE if step > 0 else wording.ONE_LESS if step < 0 else ()


def one_step(right: str, wrong: str) -> int:
    """1 where the wrong text is one more than the right one, -1 where it is one less, 0 where neither can be said."""
    if re.fullmatch(r"-?\d+", right) and re.fullmatch(r"-?\d+", wrong):
        return {1: 1, -1: -1}.get(int(wrong) - int(right), 0)
    (base, more), (other, less) = stepped(wrong), stepped(right)
    order = ("- 1", "", "+ 1")
    if base != other or more == less:
        return 0
    return 1 if order.index(more) > order.index(less) else -1


def stepped(text: str) -> tuple[str, str]:
    """An expression without the `+ 1` or `- 1` at its end, and that."""
    return (text[:-4], text[-3:]) if text.endswith((" + 1", " - 1")) else (text, "")


def missing_return(found: Difference) -> Sequence[str]:
    if found.right.startswith("return") and found.wrong == "" and "\n" not in found.edit.old:
        return wording.NOT_RETURNED
    if found.right and found.wrong == "" and found.edit.new.strip() == "return":
        return wording.BARE_RETURN
    return ()


def indentation(found: Difference) -> Sequence[str]:
    old, new = (len(text) - len(text.lstrip()) for text in (found.edit.old, found.edit.new))
    leaves = found.edit.old.lstrip().startswith("return")
    if new > old:
        return wording.EARLY_RETURN if leaves else wording.TOO_DEEP
    return wording.LATE_RETURN if leaves else wording.TOO_SHALLOW


def default(found: Difference) -> Sequence[str]:
    return wording.SHARED if found.wrong in {"[]", "{}"} else ()


def missing_call(found: Difference) -> Sequence[str]:
    copies = re.search(r"^(?:list|dict)\(|\[:\]$|\.copy\(\)$", found.right) and len(found.edit.new) < len(
        found.edit.old
    )
    return wording.UNCOPIED if copies else ()


SPECIAL: dict[str, Callable[[Difference], Sequence[str]]] = {
    "comparison": comparison,
    "bound": bound,
    "off by one": off_by_one,
    "index": off_by_one,
    "missing return": missing_return,
    "indentation": indentation,
    "default": default,
    "missing call": missing_call,
}
