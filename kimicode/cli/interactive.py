"""The way into the interactive interface. Imports little: what stands here delays the first paint."""

import gc
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kimicode.cli.main import seen
from kimicode.errors import DiskError, UsageError
from kimicode.tui.wanted import LAST, Wanted

if TYPE_CHECKING:
    from kimicode.agent.delivery import Delivery

_SETTINGS = ("model", "base_url", "checkpoint", "thinking", "mode", "theme")
_LIMITS = {"max_steps": "turn_steps", "max_tokens": "tokens", "max_price": "price"}


def begin(given: Mapping[str, Any], *, delivery: "Delivery | None" = None) -> int:
    """Open the interface with options by the names of `tui.command`'s parameters. Raises UsageError, DiskError."""
    if given.get("go_on") and given.get("resume"):
        raise UsageError("--continue and --resume contradict each other", hint="Give one of them.")
    flags = {name: given.get(name) for name in _SETTINGS}
    if flags["checkpoint"]:
        flags["checkpoint"] = Path(flags["checkpoint"]).expanduser().absolute()
    limits = {field: given[name] for name, field in _LIMITS.items() if given.get(name) is not None}
    resume = LAST if given.get("go_on") else given.get("resume", "")
    ways = {name: bool(given.get(name)) for name in ("plain", "trust")}
    return start(given.get("folder"), flags, limits, resume, **ways, delivery=delivery)


def start(
    folder: Path | None = None,
    flags: Mapping[str, Any] | None = None,
    limits: Mapping[str, Any] | None = None,
    resume: str = "",
    *,
    plain: bool = False,
    trust: bool = False,
    delivery: "Delivery | None" = None,
) -> int:
    """Open the interface and return the exit code. Raises DiskError where there is no folder to work in."""
    try:
        here = (folder or Path()).expanduser().absolute()
    except FileNotFoundError:
        raise DiskError("the current folder no longer exists", hint="Change to another folder, or use -C.") from None
    wanted = Wanted(
        folder=here,
        named=folder is not None,
        flags=flags or {},
        limits=limits or {},
        resume=resume,
        environ=dict(os.environ),
        trust=trust,
        delivery=delivery,
        doctor=lambda: _doctor(here),
    )
    if plain or os.environ.get("TERM") == "dumb" or not seen():
        from kimicode.tui.plain import run_plain

        return run_plain(wanted)
    # Nothing of what is loaded now is garbage; the app collects again once a session is open.
    gc.disable()
    from kimicode.tui.app import run_app

    return run_app(wanted)


def _doctor(folder: Path) -> str:
    from kimicode.cli.doctor import diagnose, render

    return render(diagnose({}, cwd=folder, environ=os.environ), "utf-8")
