"""Reads what `mine` wrote: functions as text alone, and projects made of functions and calls.

A file has one JSON object a line, compressed with gzip. A package is wholly for training or wholly held out.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from nano_training.project import Project

HELD_OUT_OF_TEN = 1


def is_held_out(package: str) -> bool:
    """Whether nothing of a package is trained on."""
    return hashlib.sha256(f"mined:{package}".encode()).digest()[0] * 10 // 256 < HELD_OUT_OF_TEN


def read(path: Path, held_out: bool = False) -> Iterator[Project]:
    """The projects of one side of the split."""
    for record in records(path):
        if "tests" in record and is_held_out(record["package"]) == held_out:
            name = f"{record['package']}:{record['name']}"
            yield Project((name,), record["module"], record["source"], record["tests"])


def functions(path: Path, held_out: bool = False) -> Iterator[str]:
    """Functions and small classes of one side of the split, without tests."""
    for record in records(path):
        if "tests" not in record and "source" in record and is_held_out(record["package"]) == held_out:
            yield record["source"]


def records(path: Path) -> Iterator[dict[str, str]]:
    """All lines: packages (`version`, `licence`), functions and projects. Raises OSError, ValueError."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def write(path: Path, found: list[dict[str, str]]) -> None:
    """Writes all lines anew, the same bytes for the same lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in found)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
