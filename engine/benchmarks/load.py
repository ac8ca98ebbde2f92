"""How close loading a checkpoint comes to the disk's own rate.

`python engine/benchmarks/load.py FOLDER [--gigabytes N] [--rounds N] [--keep]` writes a checkpoint of random bytes
with K2.6's expert shapes into FOLDER, and reads it cold, by turns: plainly with several threads, and into the slots.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from kimicode_engine.checkpoint.load import THREADS, load_weights
from kimicode_engine.checkpoint.names import Kind, Stored, stored
from kimicode_engine.checkpoint.tiny_config import Tiny, config_json
from kimicode_engine.checkpoint.tiny_tokenizer import control_ids
from kimicode_engine.config import ModelConfig, parse_config, read_config

BLOCK = 8 << 20
SHARD = 2_000_000_000
TYPES = {Kind.WEIGHT: ("BF16", 2), Kind.FLOAT32: ("F32", 4), Kind.SCALE: ("BF16", 2), Kind.PACKED: ("I32", 4)}
EXPERT = 24_772_608
"""Bytes of one of K2.6's experts."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write, measure, print, and delete again."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, help="on the disk to measure; its content is deleted unless --keep")
    parser.add_argument("--gigabytes", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="leave the checkpoint, and use one that is there")
    options = parser.parse_args(arguments)
    if not (options.folder / "config.json").exists():
        write(options.folder, max(8, round(options.gigabytes * 1e9 / EXPERT)))
    try:
        measure(options.folder, options.rounds)
    finally:
        if not options.keep:
            shutil.rmtree(options.folder)
    return 0


def measure(folder: Path, rounds: int) -> None:
    """Print the rates of each round, and the medians of their ratios."""
    config = read_config(folder)
    size = sum(path.stat().st_size for path in files(folder))
    ratios = []
    say(f"{size / 1e9:.2f} GB in {len(files(folder))} files, {THREADS} threads")
    say(f"{'plain':>12}{'into memory':>12}{'load':>12}")
    for _ in range(rounds):
        forget(folder)
        plain = size / seconds(lambda: read_plainly(folder))
        forget(folder)
        loaded = size / seconds(lambda: load(folder, config))
        forget(folder)
        fresh = size / seconds(lambda: read_plainly(folder, keep=True))
        ratios.append((loaded / plain, loaded / fresh))
        say(f"{plain / 1e9:>7.2f} GB/s{fresh / 1e9:>7.2f} GB/s{loaded / 1e9:>7.2f} GB/s".rstrip())
    to_disk, to_memory = (statistics.median(column) for column in zip(*ratios, strict=True))
    say(f"load, median: {to_disk:.2f} of the plain rate, {to_memory:.2f} of reading into as much fresh memory")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock time of a piece of work."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def load(folder: Path, config: ModelConfig) -> None:
    """What is measured; the weights are dropped at once."""
    load_weights(folder, config, device=torch.device("cpu"), dtype=torch.bfloat16)


def read_plainly(folder: Path, *, keep: bool = False) -> None:
    """Read all files in blocks with as many threads as the loader, each into one buffer, or into fresh memory.

    The former is the disk's rate; the latter what any loader can reach that keeps what it reads."""
    with ThreadPoolExecutor(THREADS) as pool:
        blocks = [(path, at) for path in files(folder) for at in range(0, path.stat().st_size, BLOCK)]
        buffers = [torch.empty(BLOCK, dtype=torch.uint8).numpy().data for _ in range(THREADS)]
        kept = torch.empty(len(blocks) if keep else 0, BLOCK, dtype=torch.uint8)  # [blocks, BLOCK]

        def share(number: int) -> None:
            opened = {path: os.open(path, os.O_RDONLY) for path in files(folder)}
            for place in range(number, len(blocks), THREADS):
                path, at = blocks[place]
                os.preadv(opened[path], [kept[place].numpy().data if keep else buffers[number]], at)
            for descriptor in opened.values():
                os.close(descriptor)

        list(pool.map(share, range(THREADS)))


def forget(folder: Path) -> None:
    """Drop the files from the page cache: theirs alone, and without being root."""
    for path in files(folder):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def files(folder: Path) -> list[Path]:
    """The checkpoint's shards in order."""
    return sorted(folder.glob("*.safetensors"))


def write(folder: Path, experts: int) -> None:
    """Write a checkpoint of two layers, the second with so many experts of K2.6's shape, in random bytes."""
    tiny = Tiny(
        hidden_size=7168, layers=2, heads=4, intermediate_size=1024, moe_intermediate_size=2048, experts=experts
    )
    described = config_json(tiny, control_ids(tiny.merges))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(described), "utf-8")
    shards: list[list[Stored]] = [[]]
    held = 0
    for item in stored(parse_config(described)):
        if held > SHARD:
            shards.append([])
            held = 0
        shards[-1].append(item)
        held += size_of(item)
    shapes = {item.name: item.shape for shard in shards for item in shard}
    for number, items in enumerate(shards):
        write_shard(folder / f"model-{number:05}.safetensors", items, shapes)


def write_shard(path: Path, items: Sequence[Stored], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """One file; its tensors' bytes are taken from one random block, over and over."""
    listed, at = {}, 0
    for item in items:
        kind = TYPES[item.kind][0]
        listed[item.name] = {"dtype": kind, "shape": item.shape, "data_offsets": [at, at + size_of(item)]}
        at += size_of(item)
    header = json.dumps(listed).encode()
    noise = os.urandom(BLOCK)
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for item in items:
            if not item.slot:
                rows, columns = shapes[item.name.removesuffix("shape") + "packed"]
                file.write(torch.tensor([rows, columns * 8], dtype=torch.int32).numpy().tobytes())
                continue
            left = size_of(item)
            while left:
                left -= file.write(noise[: min(left, BLOCK)])


def size_of(item: Stored) -> int:
    """Bytes of a tensor on disk."""
    return math.prod(item.shape) * TYPES[item.kind][1]


if __name__ == "__main__":
    raise SystemExit(main())
