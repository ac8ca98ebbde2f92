"""What stood at a path, and a store that keeps its bytes: zlib-compressed, named by their SHA-256, each only once."""

import contextlib
import errno
import hashlib
import os
import secrets
import stat
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from kimicode.errors import DiskError
from kimicode.workspace import beneath

FILE_LIMIT = 50_000_000
"""Larger files are noticed but not kept, in bytes."""
STORE_LIMIT = 1_000_000_000
"""What a session's store may hold, in compressed bytes; what a restore replaces is kept even beyond that."""
_SYNC_ALL = 64
"""With more files than this, one sync of all disks is sooner done than one of each."""

Kind = Literal["absent", "file", "link", "folder", "other"]


@dataclass(frozen=True, slots=True)
class State:
    """What stands at a path. `digest` names the bytes of a file or the target of a link; "" where they are not kept."""

    kind: Kind
    mode: int = 0
    """The permission bits of a file or folder."""
    digest: str = ""
    size: int = 0

    @property
    def restorable(self) -> bool:
        return self.kind in ("absent", "folder") or bool(self.digest)


ABSENT = State("absent")


class Store:
    """Bytes by their digest, in a folder of its own. For one writer at a time."""

    def __init__(self, folder: Path, limit: int = STORE_LIMIT) -> None:
        self.folder = folder
        self._limit = limit
        self._size = -1

    def put(self, data: bytes, *, insist: bool = False) -> str:
        """Keep the bytes and return their digest; "" where they would pass a limit. `insist`: no limit holds.

        Raises DiskError.
        """
        if not insist and len(data) > FILE_LIMIT:
            return ""
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        if path.exists():
            return digest
        packed = zlib.compress(data, 1)
        if not insist and self._used() + len(packed) > self._limit:
            return ""
        temporary = path.with_name(f"{secrets.token_hex(8)}.tmp")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.write_bytes(packed)
            os.replace(temporary, path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise DiskError.from_os("keep a snapshot in", self.folder, error) from error
        self._size = self._used() + len(packed)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes. Raises DiskError where they are not there any more, or damaged."""
        path = self._path(digest)
        try:
            data = zlib.decompress(path.read_bytes())
        except OSError as error:
            raise DiskError.from_os("read the snapshot", path, error) from error
        except zlib.error as error:
            raise DiskError(f"the snapshot {path} is damaged: {error}") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise DiskError(f"the snapshot {path} is damaged: it holds other bytes")
        return data

    def sync(self, digests: Iterable[str]) -> None:
        """Return once the bytes would survive a loss of power. Raises DiskError."""
        blobs = {self._path(digest) for digest in digests}
        try:
            flush([*blobs, *{path.parent for path in blobs}])
        except OSError as error:
            raise DiskError.from_os("flush the snapshots in", self.folder, error) from error

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest[2:]

    def _used(self) -> int:
        if self._size < 0:
            found = self.folder.glob("??/*")
            self._size = sum(path.stat().st_size for path in found)
        return self._size


def observe(path: str, store: Store | None = None, *, insist: bool = False) -> State:
    """What stands at the absolute `path` now, its last part not followed; with `store` its bytes are kept there.

    A path below a link to a folder counts as absent: what is there belongs to another place. Raises DiskError.
    """
    try:
        with beneath.above(path) as (folder, name):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                target = os.readlink(name, dir_fd=folder)
                return _kept(State("link"), os.fsencode(target), store, insist=insist)
            if stat.S_ISDIR(status.st_mode):
                return State("folder", stat.S_IMODE(status.st_mode))
            if not stat.S_ISREG(status.st_mode):
                return State("other", status.st_mode)
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        with open(descriptor, "rb") as stream:
            return _of_file(stream, store, insist=insist)
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except PermissionError:
        return State("other")  # not ours to read, so not ours to restore
    except OSError as error:
        if error.errno == errno.ELOOP:
            return ABSENT
        raise DiskError.from_os("look at", path, error) from error


def _of_file(stream: BinaryIO, store: Store | None, *, insist: bool) -> State:
    status = os.fstat(stream.fileno())
    if not stat.S_ISREG(status.st_mode):  # something else stands there since it was looked at
        return State("other", status.st_mode)
    plain = State("file", stat.S_IMODE(status.st_mode), "", status.st_size)
    if status.st_size > FILE_LIMIT and not insist:
        return plain
    return _kept(plain, stream.read(), store, insist=insist)


def flush(paths: Sequence[Path | str]) -> None:
    """Have files and folders on the disk. Raises OSError."""
    if len(paths) > _SYNC_ALL:
        os.sync()
        return
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _kept(state: State, data: bytes, store: Store | None, *, insist: bool) -> State:
    digest = hashlib.sha256(data).hexdigest() if store is None else store.put(data, insist=insist)
    return State(state.kind, state.mode, digest, len(data))
