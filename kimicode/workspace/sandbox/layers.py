"""The layers that can confine commands here, each tried before it is trusted, and a confined program's start."""

import contextlib
import functools
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import kimicode
from kimicode import paths
from kimicode.workspace.sandbox import bubblewrap, ghosts, seatbelt, seccomp
from kimicode.workspace.sandbox.policy import Policy, to_record
from kimicode.workspace.sandbox.trial import CANARY, LEAK, MACHINE, SECRET, WORKS

LayerName = Literal["bubblewrap", "landlock", "seatbelt", "none"]
PACKAGE_ROOT = Path(kimicode.__file__).parents[1]
_TRIAL_S = 20.0

_INSTALL = "Install bubblewrap, such as by `apt install bubblewrap`, `dnf install bubblewrap`, `pacman -S bubblewrap`."
_NAMESPACES = (
    "It needs user namespaces: Ubuntu since 23.10 permits them by a profile of AppArmor for bwrap, or with\n"
    "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`; a container by `--security-opt seccomp=unconfined`."
)
GAPS_OF_BUBBLEWRAP = (
    "a command can make a new git repository in a sub-folder, whose settings git obeys when it is called there",
    "a file that somebody outside replaces, hidden or protected as it is, is open to commands that run at that moment",
    "a file with secrets that comes to be in a writable folder while a session runs can be read",
    "a socket of a service outside that comes to be while a session runs, where commands may read, can be reached",
)
GAP_OF_ROOT = "a command of root can change permissions of /dev/null and its like: run kimicode as an ordinary user"
GAPS_OF_LANDLOCK = (
    "git's settings and hooks, .env files and the like inside the writable folders can be read and changed",
    "names in hidden folders can be listed, and permissions, times and attributes of files outside be changed",
    "processes of the machine and their command lines can be seen, and slowed down, not signalled or looked into",
    "commands have no network at all, not even among themselves, and no Unix sockets",
    "/tmp cannot be used by that name (TMPDIR names a private folder), nor /dev/shm, nor pseudo-terminals",
    "commands that leave their group are found by their mark alone when the session ends",
)
WITH_A_DOOR: frozenset[LayerName] = frozenset({"bubblewrap"})
"""Where single hosts can be let in: a network of its own that ends at the agent. Landlock knows ports alone, and any
host of the internet can listen at any port."""
GAPS_OF_SEATBELT = (
    "commands have no network at all, not even among themselves",
    "processes of the machine can be seen",
)


@dataclass(frozen=True, slots=True)
class Layer:
    """What confines commands. `gaps` is what it cannot keep from happening, a sentence each.

    `lacking` is why it is not a better one and `hint` what would help; both are empty for the best.
    """

    name: LayerName
    gaps: tuple[str, ...] = ()
    lacking: str = ""
    hint: str = ""
    program: Path | None = None
    variant: tuple[str, ...] = ()

    @property
    def alone(self) -> bool:
        """Whether the confined program has to hide files and the network by itself (see `confine`)."""
        return self.name == "landlock"


NONE = Layer("none", ("commands run with all of your rights",))


@dataclass(frozen=True, slots=True)
class Prepared:
    """How to start a confined program. Call `cleanup` once it and all that it started are gone, or never began."""

    argv: tuple[str, ...]
    pass_fds: tuple[int, ...]
    variables: Mapping[str, str]
    cleanup: Callable[[], None]
    fallen: Callable[[], tuple[Path, ...]]
    """What is not masked any more, because somebody outside replaced it: only a new sandbox masks it again."""


def prepare(
    layer: Layer,
    policy: Policy,
    inside_argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    records: Path | None = None,
) -> Prepared:
    """What to execute so that `inside_argv` runs confined; in it `confine` has to be called first of all.

    `environment` is all that it gets to see. `records` is where ghosts are noted, for tests. Raises OSError where the
    layer cannot be had for this policy.
    """
    match layer.name:
        case "bubblewrap":
            return _bubblewrapped(layer, policy, inside_argv, environment, records or paths.data_dir() / "ghosts")
        case "seatbelt":
            inside_argv = (str(seatbelt.PROGRAM), "-p", seatbelt.profile(policy), *inside_argv)
        case "landlock":
            for place in program_places():
                _refuse_changeable(place, policy)
    return Prepared(tuple(inside_argv), (), environment, _nothing, tuple)


def _refuse_changeable(program: Path, policy: Policy) -> None:
    """Nothing confines but what commands cannot change."""
    if any(folder == program or folder in program.parents for folder in policy.writable):
        raise PermissionError(f"{program} lies where commands may change it")


def _nothing() -> None:
    pass


def _bubblewrapped(
    layer: Layer, policy: Policy, inside_argv: Sequence[str], environment: Mapping[str, str], records: Path
) -> Prepared:
    program = layer.program or Path("bwrap")
    _refuse_changeable(program, policy)
    made = ghosts.Ghosts(records)
    made.make(policy.protected)
    with contextlib.ExitStack() as on_failure:
        on_failure.callback(made.remove)
        options = bubblewrap.arguments(policy, layer.variant)
        before = [(path, bubblewrap.identity(path)) for path in bubblewrap.masked(policy)]
        descriptor = os.memfd_create("bubblewrap")
        on_failure.callback(os.close, descriptor)
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(b"\0".join(map(os.fsencode, options)) + b"\0")
        os.lseek(descriptor, 0, os.SEEK_SET)
        cleanup = on_failure.pop_all().close
    argv = (str(program), "--args", str(descriptor), "--", *inside_argv)
    return Prepared(argv, (descriptor,), environment, cleanup, lambda: bubblewrap.fallen(before))


@functools.cache
def find() -> Layer:
    """The best layer that works here, found by trial once in a process: it takes some 0.1 s and blocks."""
    return best(bubblewrap_program())


def bubblewrap_program() -> Path | None:
    """bubblewrap as it is installed; a system's own is preferred to what a search path names first."""
    found = shutil.which("bwrap", path=f"/usr/bin:/usr/local/bin:/bin:{os.environ.get('PATH', '')}")
    return Path(found).resolve() if found else None


def best(program: Path | None) -> Layer:
    """The same with `program` as bubblewrap, or without one."""
    if sys.platform == "darwin":
        return Layer("seatbelt", ("this layer was never tested on a Mac", *GAPS_OF_SEATBELT), program=seatbelt.PROGRAM)
    if sys.platform != "linux" or not seccomp.available():
        where = f"{sys.platform} on {platform.machine()}"
        return replace(NONE, lacking=f"there is no sandbox for {where}", hint="Run kimicode in a container.")
    lacking, hint = "bubblewrap is not installed", _INSTALL
    if program is not None:
        root = os.geteuid() == 0
        gaps = (*GAPS_OF_BUBBLEWRAP, GAP_OF_ROOT) if root else GAPS_OF_BUBBLEWRAP
        for variant in bubblewrap.VARIANTS_OF_ROOT if root else bubblewrap.VARIANTS_OF_USERS:
            layer = Layer("bubblewrap", gaps, program=program, variant=variant)
            if not (reason := trial(layer)):
                return layer
        lacking, hint = f"bubblewrap does not work here: {reason}", _NAMESPACES
    layer = Layer("landlock", GAPS_OF_LANDLOCK, lacking, hint)
    if not (reason := trial(layer)):
        return layer
    return replace(NONE, lacking=f"{lacking}; Landlock does not either: {reason}", hint=hint)


def trial(layer: Layer) -> str:
    """Start a program in it that tries to get out, and look at what came of it. An empty text: nothing did."""
    with tempfile.TemporaryDirectory(prefix="kimicode-trial-") as name, socket.create_server(("127.0.0.1", 0)) as host:
        place = Path(name).resolve()
        inside, outside, scratch = (place / part for part in ("inside", "outside", "scratch"))
        for folder in (inside, outside, scratch):
            folder.mkdir()
        (outside / SECRET).write_text("secret")
        shown = (outside, *program_places())
        policy = Policy((inside,), hidden=(outside / SECRET,), shown=shown, scratch=scratch)
        way = "alone" if layer.alone else "within"
        arguments = (way, json.dumps(to_record(policy)), str(inside), str(outside), str(host.getsockname()[1]))
        complaint = _complaint(layer, policy, (*program_of("trial"), *arguments), place / "records")
        return complaint or _verdict(inside, outside, host)


def program_of(module: str) -> tuple[str, ...]:
    """How `main` of a module of this folder is started with the standard library alone."""
    code = f"import sys; sys.path.append({str(PACKAGE_ROOT)!r}); from {__package__}.{module} import main; main()"
    return (sys.executable, "-I", "-S", "-c", code)


def program_places() -> tuple[Path, ...]:
    """What has to be there for such a program: Python, its environment and this package."""
    places = (sys.prefix, sys.base_prefix, sys.exec_prefix, PACKAGE_ROOT / "kimicode")
    return tuple({Path(place).resolve() for place in places} | {Path(sys.executable).resolve().parent})


def _complaint(layer: Layer, policy: Policy, argv: Sequence[str], records: Path) -> str:
    try:
        prepared = prepare(layer, policy, argv, {"PATH": os.defpath}, records=records)
        try:
            done = subprocess.run(
                prepared.argv,
                pass_fds=prepared.pass_fds,
                env=prepared.variables,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TRIAL_S,
            )
        finally:
            prepared.cleanup()
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return (last or f"exit code {done.returncode}") if done.returncode else ""


def _verdict(inside: Path, outside: Path, host: socket.socket) -> str:
    host.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        host.accept()[0].close()
        return "a program reached the network in it"
    if (outside / CANARY).exists():
        return "a program wrote outside of it"
    if (inside / LEAK).exists():
        return "a program read what is hidden"
    if (inside / MACHINE).exists():
        return "a program could change settings of the kernel"
    return "" if (inside / WORKS).exists() else "a program could not write where it may"
