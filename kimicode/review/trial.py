"""A throw-away copy of the reviewed tree in which a verifier may run commands: in the sandbox, or not at all.

What runs there reaches no network, sees no secrets, and can change nothing but the copy.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kimicode.agent.confinement import Confined
from kimicode.config.schema import Settings
from kimicode.config.secrets import Redact
from kimicode.errors import ConfigError, DiskError
from kimicode.review import scratch
from kimicode.workspace.sandbox import layers
from kimicode.workspace.sandbox.sandbox import Sandbox
from kimicode.workspace.sandbox.supervisor import hindrance_of
from kimicode.workspace.sandbox.workspace import Place, policy_for
from kimicode.workspace.shell import Shell

MOST_FILES = 20_000
MOST_BYTES = 300_000_000
_INSTALLED = (".venv", "venv", "node_modules")
"""What tests need and no commit holds: the copy gets links to it, and the sandbox lets it be read."""


@dataclass(frozen=True, slots=True)
class Trial:
    """`confinement` says in words of its own what commands may touch, as `ToolContext` has it."""

    folder: Path
    shell: Shell
    confinement: str


def hindrance(settings: Settings) -> str:
    """Why nothing can be run here; "" where it can. Blocks for some 0.2 s the first time."""
    if settings.sandbox == "off":
        return "the sandbox is switched off (sandbox in config.toml)"
    layer = layers.find()
    return f"there is no sandbox: {layer.lacking}" if layer.name == "none" else ""


@asynccontextmanager
async def trial(tree: Path, names: Iterable[str], redact: Redact) -> AsyncIterator[Trial | None]:
    """A copy of these files of the tree; None where they are too many, or cannot be confined. Raises DiskError."""
    place = scratch.make()
    making = asyncio.create_task(asyncio.to_thread(_made, tree, names, place, redact))
    try:
        yield await asyncio.shield(making)
    finally:
        clearing = asyncio.create_task(_cleared(making, place))
        while not clearing.done():  # a review that is interrupted may be told so more than once
            with suppress(asyncio.CancelledError):
                await asyncio.wait([clearing])


async def _cleared(making: "asyncio.Task[Trial | None]", place: Path) -> None:
    """Once the copy is made, end what runs in it and remove it."""
    await asyncio.wait([making])
    if not making.cancelled() and making.exception() is None and (made := making.result()) is not None:
        await made.shell.close()
    await asyncio.to_thread(scratch.remove, place)


def _made(tree: Path, names: Iterable[str], place: Path, redact: Redact) -> Trial | None:
    copy, private, outputs = place / "copy", place / "scratch", place / "outputs"
    try:
        for folder in (copy, private, outputs):
            folder.mkdir(mode=0o700)
        if not _copied(tree, names, copy):
            return None
        installed = _linked(tree, copy)
        layer = layers.find()
        policy = policy_for(Place([copy], private, readable=(*installed, outputs), cache=place / "cache"))
    except ConfigError:
        return None
    except OSError as error:
        raise DiskError.from_os("copy the reviewed files to", place, error) from error
    if layer.name == "none" or hindrance_of(layer, policy):
        return None
    sandbox = Sandbox(layer, policy)
    digest = Confined(sandbox, layer.name).digest
    return Trial(copy, Shell(copy, outputs, sandbox=sandbox, redact=redact), digest)


def _copied(tree: Path, names: Iterable[str], copy: Path) -> bool:
    """Regular files alone: a link could lead out of the copy. False where they are too many, or too large."""
    count = size = 0
    for name in names:
        source, target = tree / name, copy / name
        if source.is_symlink() or not source.is_file():
            continue
        count, size = count + 1, size + source.stat().st_size
        if count > MOST_FILES or size > MOST_BYTES:
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
    return True


def _linked(tree: Path, copy: Path) -> list[Path]:
    found = [tree / name for name in _INSTALLED if (tree / name).is_dir() and not (copy / name).exists()]
    for folder in found:
        (copy / folder.name).symlink_to(folder)
    return found
