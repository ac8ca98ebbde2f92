"""The state file: how a program of the same user finds this server, its key included. Readable by its owner alone."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ServerState:
    """What is written when the server is ready. `window` counts tokens; `api_key` None: no key is wanted."""

    pid: int
    base_url: str
    api_key: str | None
    model: str
    window: int
    version: str


def write_state(path: Path, state: ServerState) -> None:
    """Write the file whole or not at all, with mode 0600. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{state.pid}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        json.dump(asdict(state), file)
    new.replace(path)


def remove_state(path: Path, pid: int) -> None:
    """Remove the file unless another process has written its own there since. Never raises for a missing file."""
    try:
        if json.loads(path.read_text("utf-8")).get("pid") == pid:
            path.unlink()
    except (OSError, ValueError, AttributeError):
        return
