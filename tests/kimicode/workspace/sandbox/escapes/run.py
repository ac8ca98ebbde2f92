"""Makes attempts in one way after the other, as the user that runs this, and judges each from outside.

`python -m tests.kimicode.workspace.sandbox.escapes.run OUT WAYS [NAMES]` is started by `matrix.py`.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from kimicode.workspace.sandbox.layers import Layer, best, find
from kimicode.workspace.sandbox.policy import Limits
from kimicode.workspace.sandbox.sandbox import Sandbox
from kimicode.workspace.sandbox.workspace import Place, policy_for
from kimicode.workspace.shell import Shell
from tests.kimicode.workspace.sandbox.escapes.attempt import Attempt
from tests.kimicode.workspace.sandbox.escapes.disturbing import DISTURBING
from tests.kimicode.workspace.sandbox.escapes.field import Field, Template
from tests.kimicode.workspace.sandbox.escapes.files import FILES
from tests.kimicode.workspace.sandbox.escapes.planting import PLANTING
from tests.kimicode.workspace.sandbox.escapes.reaching import REACHING
from tests.kimicode.workspace.sandbox.escapes.reading import READING
from tests.kimicode.workspace.sandbox.escapes.world import World

FAMILIES = {
    "writing outside": FILES,
    "reading secrets": READING,
    "the network and sockets": REACHING,
    "planting for later": PLANTING,
    "disturbing others": DISTURBING,
}
ATTEMPTS = tuple(attempt for family in FAMILIES.values() for attempt in family)
WAYS = ("bare", "bubblewrap", "landlock")
LIMITS = Limits(processes=300, file_bytes=16_000_000)
AGENT_SECRET = "FORGE_TOKEN"
_TIMEOUT_S = 8.0
_TIMEOUT_OF_CROWD_S = 4.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """`traces` is what was found outside; `gaps` are those that the layer names."""

    name: str
    way: str
    traces: tuple[str, ...]
    seconds: float


class Arena:
    """Fresh ground with a shell on it, for as many attempts as do no harm."""

    def __init__(self, layer: Layer | None, template: Template, world: World, home: Path) -> None:
        self._world = world
        self.field: Field = template.field(home)
        self._stack = contextlib.ExitStack()
        self._stack.callback(self.field.remove)
        os.environ["HOME"] = str(home)
        os.chdir(self.field.other)
        held = os.open(self.field.other / "held", os.O_RDWR)
        self._stack.callback(os.close, held)
        self._stack.callback(os.chdir, "/")
        world.listen_at(home / ".cache/agent.sock")
        _write_handle(home / ".ssh/id_ed25519", self.field.project / "handle")
        sandbox = None
        if layer is not None:
            place = Place((self.field.project,), self.field.scratch, limits=LIMITS)
            sandbox = Sandbox(layer, policy_for(place))
        self.shell = Shell(self.field.project, self.field.scratch / "spill", sandbox=sandbox, environment=self._environment())
        self._names = {*os.listdir(self.field.project)}

    def _environment(self) -> dict[str, str]:
        home, project = self.field.home, self.field.project
        return {
            **os.environ,
            **self._world.variables,
            "HOMES": str(home.parent),
            "OUT": str(self.field.other),
            "WORK": str(project),
            "NATIVE": str(project / "native"),
            "PRELOADED": str(project / "preloaded"),
            "HANDLE_FILE": str(project / "handle"),
            "MARK": self._world.mark,
        }

    async def make(self, attempt: Attempt) -> tuple[set[str], bool]:
        """What came of it, and whether the ground is as it was before."""
        field, world = self.field, self._world
        field.mark = world.mark
        field.remember()
        limit = _TIMEOUT_OF_CROWD_S if attempt.trace == "crowd" else _TIMEOUT_S
        result = await self.shell.run(attempt.command, timeout=limit)
        if attempt.afterwards:
            await self.shell.run(attempt.afterwards, outside=True)
        traces = field.harm() | field.come_back(result.output) | world.traces()
        traces |= field.large(LIMITS.file_bytes or 0)
        crowd = world.lingering()
        if crowd > (LIMITS.processes or 0):
            traces.add("crowd: processes")
        if result.job_id is not None:
            await self.shell.stop(result.job_id)
        if attempt.leaves:
            await self.shell.close()
            traces |= {"survivor: process"} if world.lingering() else set()
        return traces, not (traces or attempt.afterwards or attempt.leaves) and self._tidy()

    def _tidy(self) -> bool:
        """Take away what attempts may leave in a project; whether all that was there still is."""
        names = {*os.listdir(self.field.project)}
        for path in (self.field.project / name for name in names - self._names - {".kimicode"}):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        return self._names <= names

    async def close(self) -> set[str]:
        """End it. Returns what a layer has left behind in the project."""
        await self.shell.close()
        field = self.field
        ghosts = {f"ghost: {name}" for name in (".kimicode", ".git/commondir", ".git/config.worktree")
                  if (field.project / name).exists() and not any(field.harm())}
        self._stack.close()
        return ghosts


async def make_all(attempts: Sequence[Attempt], way: str, folder: Path, homes: Path) -> list[Outcome]:
    """Each of them in that way. Raises OSError where the layer does not work here."""
    layer = _layer(way)
    template = Template(folder / f"template-{way}")
    outcomes: list[Outcome] = []
    world: World | None = None
    arena: Arena | None = None
    marks = dict(template.marks)
    for number, attempt in enumerate(attempts):
        started = time.monotonic()
        if world is None:
            outside = Path(tempfile.mkdtemp(prefix="outside-", dir=folder))
            world = World(outside, private=os.geteuid() == 0)
        if arena is None:
            template.marks = {**marks, **world.marks, "agent": os.environ[AGENT_SECRET], "run": "SECRET-run", "shadow": "SECRET-shadow"}
            arena = Arena(layer, template, world, homes / f"me-{way}-{number}")
        traces, clean = await arena.make(attempt)
        if not clean:
            traces |= await arena.close()
            arena = None
        if traces:
            world.close()
            world = None
            if arena is not None:
                await arena.close()
                arena = None
        outcomes.append(Outcome(attempt.name, way, tuple(sorted(traces)), round(time.monotonic() - started, 3)))
        print(way, outcomes[-1].name, *outcomes[-1].traces[:4], file=sys.stderr, flush=True)
    if arena is not None and (left := await arena.close()):
        outcomes.append(Outcome("ghosts", way, tuple(left), 0.0))
    if world is not None:
        world.close()
    return outcomes


def _layer(way: str) -> Layer | None:
    if way == "bare":
        return None
    layer = find() if way == "bubblewrap" else best(None)
    if layer.name != way:
        raise OSError(f"{way} does not work here: {layer.lacking}")
    return layer


def _write_handle(secret: Path, target: Path) -> None:
    """What root can open a file by, whatever lies over its path."""
    handle = ctypes.create_string_buffer(136)
    ctypes.c_uint.from_buffer(handle).value = 128
    mount = ctypes.c_int()
    call = getattr(ctypes.CDLL(None), "name_to_handle_at", None)
    if call is not None:
        call(-100, os.fsencode(secret), handle, ctypes.byref(mount), 0)
    target.write_bytes(handle.raw)


def _selected(names: Sequence[str]) -> Iterator[Attempt]:
    root = os.geteuid() == 0
    return (each for each in ATTEMPTS if (root or not each.root) and (not names or each.name in names))


def main() -> None:
    out, ways, *names = sys.argv[1:]
    homes = Path(os.environ["HOMES"])
    (homes / "neighbour").mkdir(exist_ok=True)
    record: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="escapes-") as name:
        (homes / "neighbour" / "notes").write_text("SECRET-run")
        for way in ways.split(","):
            outcomes = asyncio.run(make_all([*_selected(names)], way, Path(name).resolve(), homes))
            layer = _layer(way)
            record[way] = {"gaps": layer.gaps if layer else (), "outcomes": [asdict(each) for each in outcomes]}
    Path(out).write_text(json.dumps(record))


if __name__ == "__main__":
    main()
