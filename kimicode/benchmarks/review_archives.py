"""Holds the packages of the review set against the archives that were published.

`python -m kimicode.benchmarks.review_archives DIR`, where DIR has what `pip download` and `npm pack` fetch.
"""

import argparse
import hashlib
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from kimicode.benchmarks.review_set import Package, digest_of, load_packages


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare every package whose archives are there; 0 where none differs."""
    parser = argparse.ArgumentParser(prog="python -m kimicode.benchmarks.review_archives", description=__doc__)
    parser.add_argument("archives", type=Path, metavar="DIR")
    folder = parser.parse_args(arguments).archives
    problems = 0
    for package in load_packages():
        found = differences(package, folder)
        problems += len(found)
        print(f"{package.name} {package.version}: {', '.join(found) or 'as published'}")
    return int(problems > 0)


def differences(package: Package, folder: Path) -> list[str]:
    """What is not as in the package's archives below `folder`: each archive and each file, in words."""
    with tempfile.TemporaryDirectory(prefix="kimicode-package-") as scratch:
        package.unpack(Path(scratch))
        found = [
            f"{name} is not here" if not (folder / name).is_file() else f"{name} is another archive"
            for name, digest in package.archives.items()
            if digest_of(folder / name) != digest
        ]
        return found or [
            f"{name} differs from {member}"
            for name, (archive, member, _) in package.files.items()
            if _digest_inside(folder / archive, member) != digest_of(Path(scratch) / name)
        ]


def _digest_inside(archive: Path, member: str) -> str:
    """The SHA-256 of a file in an archive, "" where it has none of that name."""
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return hashlib.sha256(wheel.read(member)).hexdigest()
        with tarfile.open(archive) as tar:
            file = tar.extractfile(member)
            return hashlib.sha256(file.read()).hexdigest() if file else ""
    except KeyError:
        return ""


if __name__ == "__main__":
    raise SystemExit(main())
