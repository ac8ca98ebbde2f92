"""What commands may touch: plain data, made once for a session and enforced by a layer (bubblewrap, Landlock)."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What one command and all that it starts may use; None is no limit."""

    processes: int | None = 4096
    memory_bytes: int | None = None
    file_bytes: int | None = 16 * 1024**3
    open_files: int | None = 4096


@dataclass(frozen=True, slots=True)
class Policy:
    """Absolute real paths throughout. What no field names is there to be read and not to be changed."""

    writable: tuple[Path, ...]
    """Folders in which everything may be changed, but for `protected`."""
    protected: tuple[Path, ...] = ()
    """Below writable folders: never changed, replaced, removed or, where absent, made."""
    hidden: tuple[Path, ...] = ()
    """Neither read nor listed: secrets, and sockets of the host."""
    shown: tuple[Path, ...] = ()
    """Below hidden folders: there to be read all the same."""
    hosts: tuple[str, ...] = ()
    """Names that may be reached through the proxy; none: no network but the sandbox's own loopback."""
    limits: Limits = field(default_factory=Limits)
