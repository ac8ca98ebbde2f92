"""Source trees of a chosen size, made from the packages that are installed beside the interpreter.

`python -m kimicode.benchmarks.index_corpus DIR [--files N] [--megabytes M]`
"""

import argparse
import hashlib
import os
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

ENDINGS = (".py", ".pyi", ".h", ".hpp", ".c", ".cc", ".cpp", ".cu", ".cuh", ".js", ".ts", ".md", ".json", ".yaml")
LARGEST = 2_000_000
_STEP = 50


def main(arguments: Sequence[str] | None = None) -> int:
    """Make one tree and say what it holds."""
    parser = argparse.ArgumentParser(prog="python -m kimicode.benchmarks.index_corpus", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=5_100)
    parser.add_argument("--megabytes", type=float, default=85.0)
    options = parser.parse_args(arguments)
    files, size = make(options.folder, options.files, options.megabytes)
    print(f"{files:,} files, {size / 1e6:.1f} MB in {options.folder}")
    return 0


def make(folder: Path, files: int, megabytes: float) -> tuple[int, int]:
    """Copy a fixed choice of `files` sources; returns their number and bytes.

    Small files are left out until the sizes add up to `megabytes`. Where there are too few sources, some come twice,
    the second time with a line of their own.
    """
    source = Path(sysconfig.get_paths()["purelib"])
    chosen = choose(sorted(_candidates(source)), files, megabytes * 1e6)
    total = 0
    copied: set[str] = set()
    for path, _ in chosen:
        again = path in copied
        copied.add(path)
        target = folder / ("again" if again else "once") / path
        target.parent.mkdir(parents=True, exist_ok=True)
        data = (source / path).read_bytes() + (b"\n# again\n" if again else b"")
        target.write_bytes(data)
        total += len(data)
    return len(chosen), total


def choose(candidates: Sequence[tuple[str, int]], files: int, size: float) -> list[tuple[str, int]]:
    """So many (path, size) in an order that is mixed but always the same, of about so many bytes together."""
    mixed = sorted(candidates, key=lambda one: hashlib.sha256(one[0].encode()).digest())
    least = 0
    while True:
        fitting = [one for one in mixed if one[1] >= least]
        chosen = (fitting * (files // max(1, len(fitting)) + 1))[:files]
        if len(fitting) < files or sum(one[1] for one in chosen) >= size:
            return chosen
        least += _STEP


def _candidates(source: Path) -> Iterator[tuple[str, int]]:
    for folder, folders, names in os.walk(source):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            path = Path(folder, name)
            if name.endswith(ENDINGS) and not path.is_symlink() and 0 < path.stat().st_size <= LARGEST:
                yield path.relative_to(source).as_posix(), path.stat().st_size


if __name__ == "__main__":
    raise SystemExit(main())
