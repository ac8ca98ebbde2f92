"""Writing a file so that a reader, or a crash, sees the old bytes or the new ones and never a part."""

import contextlib
import errno
import os
import secrets
import sys
from pathlib import Path


def write(path: Path, data: bytes, before: bytes | None) -> None:
    """Give the regular file at `path` (no symlink) new bytes; `before` is what it holds, None if it does not exist.

    Mode, owner and extended attributes stay where the system allows. A file with several hard links is written in
    place, since a rename would tear them apart. Raises OSError; then the file is as it was, with no temporary one left.
    """
    if before is None:
        _swap(path, data, None)
        return
    status = path.stat()
    if not os.access(path, os.W_OK):  # a rename would ignore that the file is read-only
        raise PermissionError(errno.EACCES, "the file is read-only", str(path))
    if status.st_nlink > 1:
        _write_in_place(path, data, before)
    else:
        _swap(path, data, status)


def _swap(path: Path, data: bytes, like: os.stat_result | None) -> None:
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.tmp")
    mode = 0o666 if like is None else 0o600
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with open(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            if like is not None:
                _imitate(descriptor, path, like)
            os.fsync(descriptor)
        _place(temporary, path, new=like is None)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
    _sync_folder(path.parent)


def _place(temporary: Path, path: Path, *, new: bool) -> None:
    if not new:
        os.replace(temporary, path)
        return
    try:
        os.link(temporary, path)  # unlike a rename, it never overwrites what came into being meanwhile
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        os.replace(temporary, path)


def _imitate(descriptor: int, path: Path, like: os.stat_result) -> None:
    own = os.fstat(descriptor)
    if (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
        with contextlib.suppress(OSError):
            os.fchown(descriptor, like.st_uid, like.st_gid)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            for name in os.listxattr(path):
                os.setxattr(descriptor, name, os.getxattr(path, name))
    os.fchmod(descriptor, like.st_mode & 0o7777)  # last: a change of owner clears the set-id bits


def _write_in_place(path: Path, data: bytes, before: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        _overwrite(descriptor, data)
    except OSError:
        with contextlib.suppress(OSError):
            _overwrite(descriptor, before)
        raise
    finally:
        os.close(descriptor)


def _overwrite(descriptor: int, data: bytes) -> None:
    written = 0
    while written < len(data):
        written += os.pwrite(descriptor, data[written:], written)
    os.ftruncate(descriptor, len(data))
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    # the file is in place already; some file systems cannot sync a folder
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
