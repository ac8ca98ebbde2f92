"""A real sandbox for tests: the best layer of this machine, or a named one, around folders that may be written to."""

import functools
from pathlib import Path

import pytest

from kimicode.workspace.sandbox.layers import Layer, best, find
from kimicode.workspace.sandbox.policy import Limits, Policy
from kimicode.workspace.sandbox.sandbox import Sandbox
from kimicode.workspace.sandbox.supervisor import ANSWER_LIMIT_S

LAYERS = ("bubblewrap", "landlock")
WORLDS = ("bare", "sandboxed")
UNCONFINED = Layer("none")
"""The supervisor alone: most of what it does has nothing to do with the walls around it."""


def walls(name: str = "") -> Layer:
    """The best layer of this machine, or the one of that name; the test is skipped where there is none."""
    layer = _landlock() if name == "landlock" else find()
    if layer.name == "none" or name not in ("", layer.name):
        pytest.skip(f"no {name or 'sandbox'} here: {layer.lacking}")
    return layer


@functools.cache
def _landlock() -> Layer:
    return best(None)


def sandbox(
    *writable: Path, layer: Layer | None = None, limits: Limits | None = None, patience: float = ANSWER_LIMIT_S
) -> Sandbox:
    """A sandbox that starts with its first command."""
    folders = tuple(folder.resolve() for folder in writable)
    return Sandbox(layer or walls(), Policy(writable=folders, limits=limits or Limits()), patience=patience)


def in_world(world: str, *writable: Path) -> Sandbox | None:
    """The sandbox of a world: none in the bare one."""
    return sandbox(*writable) if world == "sandboxed" else None
