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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from kimicode.errors import ToolError
from kimicode.workspace.network.hosts import AllowList
from kimicode.workspace.network.proxy import Contact, Proxy
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
from tests.kimicode.workspace.sandbox.escapes.reaching import ALLOWED, REACHING
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
PROXIED = "proxied"
"""One way more, for what reaches out: bubblewrap, where commands may reach a host by the agent's proxy."""
GHOSTS = (".kimicode", ".git/commondir", ".git/config.worktree", ".git/info/attributes")
"""What is absent from the project, and has to be so afterwards."""
LIMITS = Limits(processes=300, file_bytes=16_000_000)
AGENT_SECRET = "FORGE_TOKEN"
"""The variable of the agent's own environment."""
MACHINE_SECRET = "SECRET-of-the-machine"
_HARMLESS = ("outside", "protected", "reached", "secret", "survivor")
"""Kinds of traces after which the world is as it was; where a message was taken, it is not."""
_TIMEOUT_S = 8.0
_TIMEOUT_OF_CROWD_S = 2.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found outside, "KIND: WHAT" each."""

    name: str
    traces: tuple[str, ...]
    seconds: float


class Arena:
    """Fresh ground with a shell on it, for as many attempts as do no harm."""

    def __init__(
        self, layer: Layer | None, template: Template, world: World, home: Path, hosts: tuple[str, ...]
    ) -> None:
        """`hosts` may be reached by a proxy."""
        self._world = world
        self.asked: list[Contact] = []
        """What commands wanted of the proxy."""
        self.field: Field = template.field(home)
        of_agent = {"agent": os.environ[AGENT_SECRET], "machine": MACHINE_SECRET}
        self.field.marks = {**template.marks, **world.marks, **of_agent}
        self._stack = contextlib.ExitStack()
        self._stack.callback(self.field.remove)
        os.environ["HOME"] = str(home)
        os.chdir(self.field.other)
        held = os.open(self.field.other / "held", os.O_RDWR)
        self._stack.callback(os.close, held)
        self._stack.callback(os.chdir, "/")
        self._stack.enter_context(world.listening_at(home / ".cache/agent.sock"))
        _write_handle(home / ".ssh/id_ed25519", self.field.project / "handle")
        sandbox = None
        if layer is not None:
            place = Place((self.field.project,), self.field.scratch, limits=LIMITS, hosts=hosts)
            proxy = Proxy(AllowList.of(hosts)) if hosts else None
            if proxy is not None:
                proxy.tell = self.asked.append
            sandbox = Sandbox(layer, policy_for(place), proxy=proxy)
        self._stack.enter_context(world.listening_at(self.field.other / "late.sock"))
        self.shell = Shell(
            self.field.project, self.field.scratch / "spill", sandbox=sandbox, environment=self._environment()
        )
        self._harmed = False
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
        if len(world.lingering()) > (LIMITS.processes or 0):
            traces.add("crowd: processes")
        if result.job_id is not None:
            await self.shell.stop(result.job_id)
        if attempt.leaves:
            await self.shell.close()
            traces |= {"survivor: process"} if world.lingering() else set()
        self._harmed = bool(traces)
        return traces, not (traces or attempt.afterwards or attempt.leaves) and self._tidy()

    def _tidy(self) -> bool:
        """Take away what attempts may leave in a project; whether all that was there still is."""
        names = {*os.listdir(self.field.project)}
        for path in (self.field.project / name for name in names - self._names - {*GHOSTS}):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        return self._names <= names

    async def close(self) -> set[str]:
        """End it. Returns what the layer has left behind in the project."""
        await self.shell.close()
        ghosts = {name for name in GHOSTS if os.path.lexists(self.field.project / name)}
        left = set() if self._harmed else {f"ghost: {name}" for name in ghosts}
        self._stack.close()
        return left


class Campaign:
    """All attempts in one way. World and ground are made anew as soon as an attempt has done harm to them."""

    def __init__(self, way: str, folder: Path, homes: Path) -> None:
        self._way, self._folder, self._homes = way, folder, homes
        self._layer = layer_of(way)
        self._template = Template(folder / f"template-{way}")
        self._world: World | None = None
        self._arena: Arena | None = None
        self._count = 0
        self._asked = 0

    async def make(self, attempts: Iterable[Attempt]) -> list[Outcome]:
        """What came of each, and of ending the session that they were made in."""
        outcomes = []
        for attempt in attempts:
            started = time.monotonic()
            try:
                traces, clean = await self._ready().make(attempt)
            except ToolError:  # an attempt before has broken the ground for no one but itself
                await self._end_arena()
                traces, clean = await self._ready().make(attempt)
            if not clean:
                traces |= await self._end_arena()
            if any(not trace.startswith(_HARMLESS) for trace in traces):
                traces |= await self._end_arena()
                self._end_world()
            outcomes.append(Outcome(attempt.name, tuple(sorted(traces)), round(time.monotonic() - started, 3)))
        if left := await self._end_arena():
            outcomes.append(Outcome("the end of the session", tuple(sorted(left)), 0.0))
        self._end_world()
        if self._way == PROXIED and not self._asked:
            outcomes.append(Outcome("the proxy was never asked", ("nothing: of what is tried here",), 0.0))
        return outcomes

    def _ready(self) -> "Arena":
        if self._world is None:
            outside = Path(tempfile.mkdtemp(prefix="outside-", dir=self._folder))
            self._world = World(outside)
        if self._arena is None:
            self._count += 1
            home = self._homes / f"me-{self._way}-{self._count}"
            hosts = (f"{ALLOWED}:{self._world.variables['PORT']}",) if self._way == PROXIED else ()
            self._arena = Arena(self._layer, self._template, self._world, home, hosts)
        return self._arena

    async def _end_arena(self) -> set[str]:
        arena, self._arena = self._arena, None
        if arena is None:
            return set()
        self._asked += len(arena.asked)
        return await arena.close()

    def _end_world(self) -> None:
        world, self._world = self._world, None
        if world is not None:
            world.close()


def layer_of(way: str) -> Layer | None:
    """None for the way without one. Raises OSError where it does not work here."""
    if way == "bare":
        return None
    name = "bubblewrap" if way == PROXIED else way
    layer = find() if name == "bubblewrap" else best(None)
    if layer.name != name:
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


def selected(way: str, names: Sequence[str]) -> Iterator[Attempt]:
    """Those that this user can make in that way."""
    root = os.geteuid() == 0
    attempts = REACHING if way == PROXIED else ATTEMPTS
    return (each for each in attempts if (root or not each.root) and (not names or each.name in names))


def main() -> None:
    """Write {way: {"gaps": ..., "outcomes": ...}} as JSON."""
    out, ways, *names = sys.argv[1:]
    homes = Path(os.environ["HOMES"])
    (homes / "neighbour").mkdir(exist_ok=True)
    (homes / "neighbour" / "notes").write_text(MACHINE_SECRET)
    record: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="escapes-") as name:
        for way in ways.split(","):
            layer = layer_of(way)
            outcomes = asyncio.run(Campaign(way, Path(name).resolve(), homes).make(selected(way, names)))
            record[way] = {"gaps": layer.gaps if layer else (), "outcomes": [asdict(each) for each in outcomes]}
    Path(out).write_text(json.dumps(record))


if __name__ == "__main__":
    main()
