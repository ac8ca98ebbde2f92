"""Writing a file so that a reader, or a crash, sees the old bytes or the new ones and never a part."""

import contextlib
import errno
import os
import secrets
import sys
from pathlib import Path

from kimicode.workspace import beneath


def write(path: Path, data: bytes, before: bytes | None) -> None:
    """Give the regular file at the real `path` new bytes; `before` is what it holds, None if it does not exist.

    Where a link has come to stand on the way, it is not followed. Mode, owner and extended attributes stay where the
    system allows. A file with several hard links is written in place, since a rename would tear them apart. Raises
    OSError; then the file is as it was, with no temporary one left.
    """
    with beneath.folder(path.parent) as folder:
        if before is None:
            _swap(folder, path.name, data, None)
            return
        status = os.stat(path.name, dir_fd=folder, follow_symlinks=False)
        if not os.access(path.name, os.W_OK, dir_fd=folder):  # a rename would ignore that the file is read-only
            raise PermissionError(errno.EACCES, "the file is read-only", str(path))
        if status.st_nlink > 1:
            _write_in_place(folder, path.name, data, before)
        else:
            _swap(folder, path.name, data, status)


def put(path: Path, data: bytes) -> None:
    """Give a file that a person named these bytes, whatever it held. Where a link has come to stand in the place of
    the real `path`, or on the way, it is not followed. Raises OSError.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with beneath.folder(path.parent) as folder, open(os.open(path.name, flags, 0o666, dir_fd=folder), "wb") as file:
        file.write(data)


def _swap(folder: int, name: str, data: bytes, like: os.stat_result | None) -> None:
    temporary = f".{name[:40]}.{secrets.token_hex(4)}.tmp"
    mode = 0o666 if like is None else 0o600
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode, dir_fd=folder)
        with open(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            if like is not None:
                _imitate(descriptor, folder, name, like)
            os.fsync(descriptor)
        _place(folder, temporary, name, new=like is None)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
    _sync(folder)


def _place(folder: int, temporary: str, name: str, *, new: bool) -> None:
    if new:
        try:
            # unlike a rename, it never overwrites what came into being meanwhile
            os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            return
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            pass
    os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)


def _imitate(descriptor: int, folder: int, name: str, like: os.stat_result) -> None:
    own = os.fstat(descriptor)
    if (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
        with contextlib.suppress(OSError):
            os.fchown(descriptor, like.st_uid, like.st_gid)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            _copy_attributes(descriptor, folder, name)
    os.fchmod(descriptor, like.st_mode & 0o7777)  # last: a change of owner clears the set-id bits


def _copy_attributes(descriptor: int, folder: int, name: str) -> None:
    source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        for attribute in os.listxattr(source):
            os.setxattr(descriptor, attribute, os.getxattr(source, attribute))
    finally:
        os.close(source)


def _write_in_place(folder: int, name: str, data: bytes, before: bytes) -> None:
    descriptor = os.open(name, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=folder)
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


def _sync(folder: int) -> None:
    # the file is in place already; some file systems cannot sync a folder
    with contextlib.suppress(OSError):
        descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
