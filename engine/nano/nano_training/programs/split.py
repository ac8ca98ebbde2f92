"""`python -m nano_training.programs.split`: settles which families are held out; what is settled never moves.

With `--training` new ones are trained on, but for near-twins of those that are held out."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from nano_training.programs import families
from nano_training.programs.clusters import clusters, neighbours
from nano_training.programs.families import Family, falls_out


class SplitError(ValueError):
    """A family is nearly the same as others on both sides: names it and them."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--training", action="store_true", help="hold no more out, but for near-twins")
    given = parser.parse_args(arguments)
    found = families.load(families.FOLDER)
    known = families.sides()
    try:
        settled = extended(found, known, (lambda _: False) if given.training else falls_out)
    except SplitError as error:
        sys.exit(str(error))
    write(settled, families.SPLIT)
    held = sum(settled.values())
    print(f"{len(settled)} families, {len(settled) - len(known)} of them new; {held} held out")
    return 0


def extended(
    found: Sequence[Family], known: Mapping[str, bool], chance: Callable[[str], bool] = falls_out
) -> dict[str, bool]:
    """The sides of all families, known ones unmoved; `chance` says whether a cluster of new ones is held out, by its
    first name. Raises SplitError."""
    settled = dict(known)
    near = neighbours(found)
    new = {
        name: {other for other in others if other not in known} for name, others in near.items() if name not in known
    }
    for cluster in clusters(new):
        old = sorted({other for name in cluster for other in near[name] if other in known})
        sides = {known[other] for other in old}
        if len(sides) > 1:
            raise SplitError(f"{', '.join(cluster)}: as good as {', '.join(old)}, which stand on both sides")
        side = sides.pop() if sides else chance(cluster[0])
        settled.update(dict.fromkeys(cluster, side))
    return settled


def write(settled: Mapping[str, bool], path: Path) -> None:
    lines = [f"{name}\t{'held out' if settled[name] else 'training'}\n" for name in sorted(settled)]
    path.write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
