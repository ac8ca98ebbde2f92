"""`python -m nano_training.data.pack`: episodes encoded once, into a file that training reads at once.

`--recorded FILE.jsonl.gz` takes those of the real agent; `--held-out N --families FOLDER` plays N of families that are
never trained on, always the same ones, to measure by."""

import argparse
import gzip
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from nano_training.data import packed
from nano_training.data.encode import Encoder, open_encoder, read_prefixes
from nano_training.data.sources import Twin
from nano_training.episodes.episode import Episode, read

SEED = "held out"


def main(arguments: Sequence[str] | None = None) -> int:
    """Encode and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--recorded", type=Path, nargs="+", metavar="FILE")
    what.add_argument("--held-out", type=int, metavar="N")
    parser.add_argument("--families", type=Path, metavar="FOLDER", help="with --held-out")
    parser.add_argument("--tokenizer", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--prefixes", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.npz")
    given = parser.parse_args(arguments)
    if given.held_out and not given.families:
        parser.error("--held-out needs --families")
    played = recorded(given.recorded, given.prefixes) if given.recorded else held_out(given.families, given.held_out)
    count = pack(played, open_encoder(given.tokenizer, given.prefixes), given.out)
    sys.stdout.write(f"{count} episodes in {given.out}, {given.out.stat().st_size / 1e6:.1f} MB\n")
    return 0


def recorded(files: Iterable[Path], prefixes: Path) -> Iterator[Episode]:
    """The episodes of files of lines. Raises OSError, ValueError."""
    tools = {name: prefix.tools for name, prefix in read_prefixes(prefixes.read_text("utf-8")).items()}
    for path in files:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from (read(line, tools) for line in lines)


def held_out(families: Path, count: int) -> Iterator[Episode]:
    """So many episodes of held-out families, always the same."""
    return islice(Twin(families, held_out=True).played(random.Random(SEED)), count)


def pack(episodes: Iterable[Episode], encoder: Encoder, path: Path) -> int:
    """Encode and write them → how many they are."""
    return packed.write(path, map(encoder.encode, episodes))


if __name__ == "__main__":
    sys.exit(main())
