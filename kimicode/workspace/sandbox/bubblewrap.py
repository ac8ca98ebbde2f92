"""The main layer: bubblewrap's arguments for a policy. Its mounts are made in order of depth, so the deepest decides.

A mask over a single file falls when somebody outside replaces that file: `fallen` tells which.
"""

import errno
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from kimicode.workspace.sandbox.policy import Policy

NAMESPACES = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")
ALWAYS = ("--as-pid-1", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--chdir", "/")
VARIANTS_OF_ROOT: tuple[tuple[str, ...], ...] = ((), ("--unshare-user", "--disable-userns"), ("--unshare-user",))
VARIANTS_OF_USERS: tuple[tuple[str, ...], ...] = (("--unshare-user", "--disable-userns"), ("--unshare-user",))
"""The first one that works is taken. A new user namespace costs root the files that belong to others."""
MOST_MOUNTS = 1000
"""bubblewrap's time grows with their square: 100 take 0.1 s, 1,000 take 1.5 s (measured); its own limit is 3,000."""
_DEVICES = Path("/dev")
_KERNEL_FOLDERS = ("sys", "fs", "acpi", "scsi", "driver", "irq", "bus", "tty", "pressure")
_NOWHERE = "/dev/null"  # what is bound as a file here can neither be read nor written: mounts know no devices


class _Kind(IntEnum):
    """What stands at a path. Of two for one path the later counts."""

    BLANK = 0
    SHOWN = 1
    WRITABLE = 2
    PROTECTED = 3


@dataclass(frozen=True, slots=True)
class _Mount:
    path: Path
    kind: _Kind
    source: Path | None = None


def arguments(policy: Policy, variant: Sequence[str]) -> list[str]:
    """All of bubblewrap's options for `policy`, the program to run not among them. What is protected has to exist.

    Raises OSError where there are too many places.
    """
    options = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for name in kernel_settings():
        options += ["--ro-bind", name, name]
    empty: list[str] = []
    mounts = plan(policy)
    if len(mounts) > MOST_MOUNTS:
        raise OSError(errno.E2BIG, f"{len(mounts)} places are hidden, shown or protected; {MOST_MOUNTS} can be")
    for mount in mounts:
        options += _options(mount)
        if "--tmpfs" in _options(mount):
            empty += ["--remount-ro", str(mount.path)]
    # A folder that is read-only at once could not take the mounts below it.
    return [*options, *empty, *NAMESPACES, *ALWAYS, *variant]


def kernel_settings(proc: Path = Path("/proc")) -> list[str]:
    """What in a fresh /proc root may write without any capability, core_pattern among it: as good as the machine."""
    with os.scandir(proc) as listing:
        entries = [entry for entry in listing if not entry.name.isdigit() and not entry.is_symlink()]
    return sorted(
        entry.path
        for entry in entries
        if (entry.name in _KERNEL_FOLDERS if entry.is_dir() else entry.stat().st_mode & 0o222)
    )


def plan(policy: Policy) -> list[_Mount]:
    """The mounts in their order, without those that would change nothing."""
    wanted: dict[Path, _Mount] = {}
    for kind, paths in _by_kind(policy):
        wanted |= {path: _Mount(path, kind) for path in paths if os.path.lexists(path)}
    if policy.scratch:
        wanted |= {path: _Mount(path, _Kind.WRITABLE, policy.scratch) for path in scratch_places(policy.scratch)}
    ordered = sorted(wanted.values(), key=lambda mount: len(mount.path.parts))
    around = {_DEVICES: _Mount(_DEVICES, _Kind.BLANK)} | wanted  # bubblewrap makes a new one
    return [mount for mount in ordered if not _is_idle(mount, around)]


def scratch_places(scratch: Path) -> Iterable[Path]:
    """Where the scratch folder stands: at its own path, too, so that one name means the same inside and outside."""
    shared = {Path(folder).resolve() for folder in ("/tmp", "/var/tmp") if os.path.isdir(folder)}
    return (*shared, scratch)


def fallen(before: Iterable[tuple[Path, tuple[int, int]]]) -> tuple[Path, ...]:
    """Which of the paths no longer are what they were (device and inode): no mask lies over those any more."""
    return tuple(path for path, was in before if identity(path) != was)


def identity(path: Path) -> tuple[int, int]:
    """Device and inode of what stands at `path`; zeros where there is nothing."""
    try:
        status = os.lstat(path)
    except OSError:
        return (0, 0)
    return (status.st_dev, status.st_ino)


def masked(policy: Policy) -> tuple[Path, ...]:
    """What a mask of its own lies over: a replacement from outside would come to light."""
    return tuple(mount.path for mount in plan(policy) if mount.kind in (_Kind.BLANK, _Kind.PROTECTED))


def _by_kind(policy: Policy) -> tuple[tuple[_Kind, tuple[Path, ...]], ...]:
    return (
        (_Kind.BLANK, policy.hidden),
        (_Kind.SHOWN, policy.shown),
        (_Kind.WRITABLE, policy.writable),
        (_Kind.PROTECTED, policy.protected),
    )


def _is_idle(mount: _Mount, all_mounts: dict[Path, _Mount]) -> bool:
    """Whether what lies around it gives the same already."""
    around = next((all_mounts[parent] for parent in mount.path.parents if parent in all_mounts), None)
    if around is None:
        return mount.kind in (_Kind.SHOWN, _Kind.PROTECTED)
    if around.source is not None:  # the private folder: nothing of the host is in it
        return mount.kind in (_Kind.BLANK, _Kind.PROTECTED)
    match mount.kind:
        case _Kind.BLANK:
            return around.kind is _Kind.BLANK
        case _Kind.SHOWN:
            return around.kind is not _Kind.BLANK
        case _Kind.PROTECTED:
            return around.kind is not _Kind.WRITABLE
    return False


def _options(mount: _Mount) -> list[str]:
    path = str(mount.path)
    if mount.kind is _Kind.WRITABLE:
        return ["--bind", str(mount.source or path), path]
    if mount.kind is not _Kind.BLANK:
        is_device = _DEVICES in mount.path.parents
        return ["--dev-bind" if is_device else "--ro-bind", path, path]
    return ["--tmpfs", path] if stat.S_ISDIR(mount.path.stat().st_mode) else ["--ro-bind", _NOWHERE, path]
