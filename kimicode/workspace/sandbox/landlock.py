"""Landlock: the kernel's allow-list of files for a process and all that it starts, by three system calls.

Inside bubblewrap it is the second layer and cheap: all may be read, the writable folders changed. Alone it also
decides what may be read. Rights and structures: the kernel's include/uapi/linux/landlock.h. Standard library only.
"""

import ctypes
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from kimicode.workspace.sandbox.policy import Policy

SMALLEST_ABI = 3
"""Before it a file outside could be emptied (no right for truncate), and before 2 none moved between folders."""

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_FS_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""All rights that are known from a version on."""
_NET_RIGHTS, _NET_ABI = 0b11, 4  # bind and connect, TCP
_SCOPES, _SCOPE_ABI = 0b11, 6  # abstract Unix sockets, signals
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

READ = _EXECUTE | _READ_FILE | _READ_DIR
_TO_DEVICES = READ | _WRITE_FILE | _TRUNCATE | _IOCTL_DEV
CHANGE = ((1 << 16) - 1) & ~(_MAKE_CHAR | _MAKE_BLOCK)

_DEVICE_FILES = ("null", "zero", "full", "random", "urandom", "tty")
"""No pseudo-terminals: in their folder are those of the person, to be read and written to."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def abi() -> int:
    """The version of Landlock that this kernel speaks; 0 where it has none or has it switched off."""
    version: int = _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION)
    return max(0, version)


def restrict(policy: Policy, *, alone: bool) -> None:
    """Restrict this process and all that it starts from now on, for good. Raises OSError where the kernel refuses.

    `alone`: there is nothing around this process that hides files or the network. Without it a kernel that is too old
    is passed over: the layer around decides.
    """
    version = abi()
    if version < SMALLEST_ABI:
        if alone:
            raise OSError(f"Landlock {SMALLEST_ABI} is needed, this kernel has {version or 'none'}")
        return
    fs = _FS_RIGHTS[max(known for known in _FS_RIGHTS if known <= version)]
    net = _NET_RIGHTS if alone and version >= _NET_ABI else 0
    ruleset = _create(_Ruleset(fs, net, _SCOPES if version >= _SCOPE_ABI else 0), version)
    try:
        for path, rights in readings(policy) if alone else _EVERYTHING_READ:
            _allow(ruleset, path, rights & fs)
        for path in changeable(policy):
            _allow(ruleset, path, CHANGE & fs)
        _checked(_libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(_libc().syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)


_EVERYTHING_READ = ((Path("/"), READ), (Path("/dev"), CHANGE))


def changeable(policy: Policy) -> Iterator[Path]:
    """The folders in which anything may be changed."""
    yield from policy.writable
    if policy.scratch:
        yield from (
            (policy.scratch, Path("/tmp"), Path("/var/tmp")) if _stands_at_tmp(policy.scratch) else (policy.scratch,)
        )


def _stands_at_tmp(scratch: Path) -> bool:
    """Whether the layer around has put the scratch folder at /tmp: otherwise /tmp is everybody's."""
    try:
        return os.path.samefile(scratch, "/tmp")
    except OSError:
        return False


def readings(policy: Policy) -> Iterator[tuple[Path, int]]:
    """What may be read and with which rights, where Landlock stands alone: all that is not hidden, one by one.

    A right holds for everything below a path, so a folder that has something hidden in it is opened up into its
    entries. Names in it can still be listed.
    """
    yield Path("/"), _READ_DIR
    yield from ((Path("/dev") / name, _TO_DEVICES) for name in _DEVICE_FILES)
    hidden = frozenset(policy.hidden) | {Path("/dev"), Path("/tmp"), Path("/var/tmp")}
    above = frozenset(parent for path in hidden for parent in path.parents)
    for top in (Path("/"), *policy.shown):
        yield from ((path, READ) for path in (_entries(top, hidden, above) if top in above else (top,)))


def _entries(folder: Path, hidden: frozenset[Path], above: frozenset[Path]) -> Iterator[Path]:
    try:
        with os.scandir(folder) as listing:
            paths = [Path(entry.path) for entry in listing if not entry.is_symlink()]
    except OSError:
        return
    for path in paths:
        if path in above and path not in hidden:
            yield from _entries(path, hidden, above)
        elif path not in hidden:
            yield path


def _create(attributes: _Ruleset, version: int) -> int:
    size = 8 if version < _NET_ABI else 16 if version < _SCOPE_ABI else 24
    return _checked(_libc().syscall(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), 0))


def _allow(ruleset: int, path: Path, rights: int) -> None:
    """What does not exist, or cannot be opened, needs no permission."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _OF_FILES
        rule = _PathBeneath(rights, descriptor)
        _checked(_libc().syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(descriptor)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result
