"""The last review of each repository, kept so that one of its findings can be handed to the agent."""

import hashlib
import os
from pathlib import Path

from kimicode import paths
from kimicode.errors import DiskError, UsageError
from kimicode.git.repository import Repository
from kimicode.review import document
from kimicode.review.findings import Review
from kimicode.review.source import Source
from kimicode.workspace import atomic


def keep(source: Source, review: Review) -> None:
    """Remember it in place of the one before. Raises DiskError."""
    place = _place(source.repository.root)
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        atomic.put(place, document.dump(review).encode())
    except OSError as error:
        raise DiskError.from_os("keep the review in", place, error) from error


def last(repository: Repository) -> Review:
    """Raises UsageError where there is none, DiskError."""
    place = _place(repository.root)
    try:
        return document.load(place.read_bytes())
    except FileNotFoundError:
        hint = "`kimicode review` makes one."
        raise UsageError(f"there is no review of {repository.root} yet", hint=hint) from None
    except OSError as error:
        raise DiskError.from_os("read the last review from", place, error) from error


def _place(root: Path) -> Path:
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    return paths.data_dir() / "reviews" / f"{name}.json"
