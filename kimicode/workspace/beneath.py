"""Reaches a folder by its real path, so that what is done in it is done there: no link on the way is followed.

Commands in the sandbox change folders while the agent, which nothing confines, reads and writes in them. A path that
was looked at and is then opened by its name may by then lead anywhere.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextlib.contextmanager
def folder(path: Path, *, make: bool = False) -> Iterator[int]:
    """A descriptor of the folder at a real path, for `dir_fd`; with `make` folders that are missing come into being.

    Raises OSError: NotADirectoryError also where a link has taken a folder's place.
    """
    descriptor = os.open(path.anchor, _FOLDER)
    try:
        for name in path.parts[1:]:
            deeper = _enter(name, descriptor, path, make=make)
            os.close(descriptor)
            descriptor = deeper
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def above(path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """The same for the folder that a real path lies in, with the last part of the path. Raises OSError."""
    parent, name = os.path.split(path)
    with folder(Path(parent), make=make) as descriptor:
        yield descriptor, name


def _enter(name: str, above: int, path: Path, *, make: bool) -> int:
    if make:
        with contextlib.suppress(FileExistsError):
            return _made(name, above)
    try:
        return os.open(name, _FOLDER, dir_fd=above)
    except OSError as error:
        error.filename = str(path)
        raise


def _made(name: str, above: int) -> int:
    os.mkdir(name, dir_fd=above)
    return os.open(name, _FOLDER, dir_fd=above)
