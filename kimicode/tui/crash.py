"""When the interface itself fails: what to tell, and the trace in a file of its owner alone, without any values."""

import os
import platform
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path

from kimicode import __version__, paths


@dataclass(frozen=True, slots=True)
class Crash:
    """`text` is what the person reads, on the crash screen and after the exit."""

    text: str
    trace: Path | None


def crash(error: BaseException, session_id: str, *, folder: Path | None = None) -> Crash:
    """Write down the trace of an error and say what to do; a disk that is full costs the trace alone."""
    path = _written(error, session_id, folder or paths.data_dir() / "crashes")
    lines = [
        f"kimicode met a fault of its own: {type(error).__name__}: {_first_line(error)}",
        "The session is recorded up to here." if session_id else "No session was open yet.",
    ]
    if session_id:
        lines.append(f"To go on: kimicode --resume {session_id}")
    if path:
        lines.append(f"What happened where: {path}")
    return Crash("\n".join(lines), path)


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "")[:300]


def _written(error: BaseException, session_id: str, folder: Path) -> Path | None:
    where = f"kimicode {__version__}, Python {platform.python_version()}, {platform.system()}, session {session_id}"
    trace = "".join(traceback.format_exception(error))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix="crash-", suffix=".txt", dir=folder)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{where}\n\n{trace}")
    except OSError:
        return None
    return Path(name)
