"""What commands may touch: plain data, made once for a session and enforced by a layer (bubblewrap, Landlock).

The program inside the sandbox reads it as well, so nothing but the standard library is imported here.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PATHS = ("writable", "protected", "hidden", "shown")


@dataclass(frozen=True, slots=True)
class Limits:
    """What commands and all that they start may use; None is no limit."""

    processes: int | None = 4096
    memory_bytes: int | None = None
    """Address space, of each process."""
    resident_bytes: int | None = None
    """What is in memory, of all that runs in the sandbox together: beyond it, all of it is ended."""
    file_bytes: int | None = 16 * 1024**3
    open_files: int | None = 4096


@dataclass(frozen=True, slots=True)
class Policy:
    """Absolute real paths throughout. What no field names is there to be read and not to be changed."""

    writable: tuple[Path, ...]
    """Folders in which everything may be changed, but for `protected`. One that lies in another one is kept in its
    place: it cannot be renamed or removed."""
    protected: tuple[Path, ...] = ()
    """Below writable folders: never changed, replaced, removed or, where absent, made."""
    hidden: tuple[Path, ...] = ()
    """Neither read nor listed: secrets, and sockets of the host."""
    shown: tuple[Path, ...] = ()
    """Below hidden folders: there to be read all the same."""
    scratch: Path | None = None
    """A private folder of this session, writable, which commands find at /tmp too."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What commands find in their environment over what they would find anyway: where caches are."""
    hosts: tuple[str, ...] = ()
    """Names that may be reached through the proxy; none: no network but the sandbox's own loopback."""
    limits: Limits = field(default_factory=Limits)
    gaps: tuple[str, ...] = ()
    """What the policy itself could not cover here, a sentence each: for the person."""


def real(path: Path) -> Path:
    """Without links on the way. Unlike `Path.resolve` it bears whatever a hostile repository has put there."""
    return Path(os.path.realpath(path))


def to_record(policy: Policy) -> dict[str, Any]:
    """The policy as JSON knows it; `from_record` gives it back."""
    return {
        **{name: [_packed(path) for path in getattr(policy, name)] for name in _PATHS},
        "scratch": _packed(policy.scratch) if policy.scratch else None,
        "variables": dict(policy.variables),
        "hosts": list(policy.hosts),
        "limits": {name: getattr(policy.limits, name) for name in Limits.__slots__},
        "gaps": list(policy.gaps),
    }


def from_record(record: Mapping[str, Any]) -> Policy:
    """What `to_record` wrote. Raises KeyError or TypeError for anything else."""
    paths = {name: tuple(_unpacked(path) for path in record[name]) for name in _PATHS}
    return Policy(
        **paths,
        scratch=_unpacked(record["scratch"]) if record["scratch"] else None,
        variables=dict(record["variables"]),
        hosts=tuple(record["hosts"]),
        limits=Limits(**record["limits"]),
        gaps=tuple(record["gaps"]),
    )


def _packed(path: Path) -> str:
    """A path's bytes, one character each: the program inside need not decode them as this one does."""
    return os.fsencode(path).decode("latin-1")


def _unpacked(text: str) -> Path:
    return Path(os.fsdecode(text.encode("latin-1")))
