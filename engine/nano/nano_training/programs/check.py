"""`python -m nano_training.programs.check [TOPIC...]`: what is wrong with families, for those who write them."""

import argparse
import importlib
import importlib.util
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from nano_training.programs import families
from nano_training.programs.families import Family
from nano_training.programs.limits import bounded
from nano_training.programs.outcome import BUILT_IN, Outcome, namespace, outcome
from nano_training.project import Edit

Edits = Callable[[str, random.Random], Iterable[Edit]]

DRAWS = 12
SLOW = 0.05
"""Seconds that all examples of a family may take together."""
SECONDS = 2.0
"""That a family has before it is taken not to end."""
HANGING = 0.1
"""Seconds after which an edited family is taken to hang."""
MUTATIONS = "nano_training.bugs.mutate"


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Exits with a message where a text cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("topics", nargs="*", help="names of topics; all of them without")
    parser.add_argument("--folder", type=Path, default=families.FOLDER)
    parser.add_argument("--escaped", action="store_true", help="show the edits that no example notices")
    arguments = parser.parse_args(argv)
    wanted: list[Family] = []
    for path in sorted(arguments.folder.glob("*.txt")):
        if not arguments.topics or path.stem in arguments.topics:
            try:
                wanted.extend(families.parse(path.read_text("utf-8"), path))
            except families.FamilyError as error:
                sys.exit(str(error))
    names = Counter(families.named(arguments.folder))
    wrong = 0
    for family in wanted:
        problems = list(complaints(family))
        if names[family.name] > 1:
            problems.append("there is another one of this name")
        wrong += bool(problems)
        for problem in problems:
            print(f"{family.topic}.txt: {family.name}: {problem}")
        if not problems:
            report(family, arguments.escaped)
    print(f"{len(wanted)} families, {wrong} with problems")
    return int(wrong > 0)


def complaints(family: Family) -> Iterator[str]:
    """What is wrong with a family, each in a sentence."""
    began = time.perf_counter()
    problems: list[str] = []
    with bounded(SECONDS) as bounds:
        problems.extend(tried(family))
    yield from problems
    if bounds.expired:
        yield "does not end"
    elif time.perf_counter() - began > DRAWS * SLOW:
        yield "is slow: less work in its examples, please"


def tried(family: Family) -> Iterator[str]:
    """Runs every example under several draws, twice each."""
    try:
        names, again = namespace(family.code), namespace(family.code)
    except BUILT_IN as error:
        yield f"does not run: {error!r}"
        return
    for example in family.examples:
        for seed in range(DRAWS):
            text = example.drawn(random.Random(f"{example.name} {seed}"))
            try:
                first, second = outcome(names, text), outcome(again, text)
            except BUILT_IN as error:
                yield f"{example.name}: {text}: {type(error).__name__}: {error}"
                break
            if first != second or outcome(names, text) != first:
                yield f"{example.name}: {text}: not the same twice"
                break


# --- how much the examples notice ---------------------------------------------------------------------------


def report(family: Family, escaped: bool) -> None:
    """Prints how many single edits a family's examples notice, once there are operators for edits."""
    edits = mutations()
    if edits is None:
        return
    every = list(edits(family.code, random.Random(0)))
    right = [outcomes(family.code, family, seed) for seed in range(3)]
    missed = [edit for edit in every if not is_noticed(family, edit, right)]
    share = 1 - len(missed) / max(1, len(every))
    mark = "" if share > 0.8 else "   <- too few: think of boundaries, ties, empty, defaults"
    print(f"{family.topic}.txt: {family.name}: notices {len(every) - len(missed)} of {len(every)} edits{mark}")
    for edit in missed if escaped else ():
        print(f"    {edit.kind}: {edit.old.strip()}  ->  {edit.new.strip()}")


def mutations() -> Edits | None:
    """The operators stand in a sibling that imports this folder, so they are looked for only here and now."""
    if importlib.util.find_spec(MUTATIONS.rpartition(".")[0]) is None or importlib.util.find_spec(MUTATIONS) is None:
        return None
    edits: Edits = importlib.import_module(MUTATIONS).edits
    return edits


def is_noticed(family: Family, edit: Edit, right: Sequence[Sequence[Outcome | None]]) -> bool:
    """Whether an example gives something else after the edit, under one of a few draws."""
    code = edit.apply(family.code)
    return any(outcomes(code, family, seed) != wanted for seed, wanted in enumerate(right))


def outcomes(code: str, family: Family, seed: int) -> list[Outcome | None]:
    """Of every example under one draw; None for what no test can say, or that does not end."""
    found: list[Outcome | None] = []
    with bounded(HANGING):
        try:
            names = namespace(code)
        except BUILT_IN:
            return found
        for example in family.examples:
            text = example.drawn(random.Random(f"{example.name} {seed}"))
            try:
                found.append(outcome(names, text))
            except BUILT_IN:
                found.append(None)
    return found


if __name__ == "__main__":
    sys.exit(main())
