"""A family on each side of the split, and a few mined functions, in files: training data in small."""

from pathlib import Path

from nano_training.bugs import mined
from nano_training.programs.families import is_held_out

FAMILY = '''\
## {name}
def {name}(values, start=0):
    """Return the running sums of values, beginning with start."""
    totals = []
    total = start
    for value in values:
        total += value
        totals.append(total)
    return totals
-- several: {name}(ints_(3, 6, -9, 20))
-- with_start: {name}([1, 2, 3], num_(5, 9))
-- one: {name}([num_(1, 9)])
-- empty: {name}([], 4)
'''
FUNCTION = '''\
def {name}(values):
    """Return the largest of values, or None."""
    best = None
    for value in values:
        if best is None or value > best:
            best = value
    return best
'''


def name_on(*, held_out: bool) -> str:
    """A family's name that falls on this side of the split."""
    return next(name for name in map("running_total_{}".format, range(1000)) if is_held_out(name) == held_out)


def package_on(*, held_out: bool) -> str:
    """The same of a package's name."""
    return next(name for name in map("package{}".format, range(1000)) if mined.is_held_out(name) == held_out)


def write_families(folder: Path) -> None:
    """One family that is trained on, and one that is held out."""
    folder.mkdir()
    names = [name_on(held_out=side) for side in (False, True)]
    (folder / "sums.txt").write_text("\n".join(FAMILY.format(name=name) for name in names))


def write_mined(path: Path) -> None:
    """A function of a package that is trained on, and one of a package that is held out."""
    found = [
        {
            "package": package_on(held_out=side),
            "name": f"f{side}",
            "source": FUNCTION.format(name=f"best_{side}".lower()),
        }
        for side in (False, True)
    ]
    mined.write(path, found)
