"""Where attempts are made: as root in namespaces of its own, so that without a sandbox none of them harms the machine.

`run` starts the program that makes them, as this user or as an ordinary one.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.kimicode.workspace.sandbox.escapes.reaching import ALLOWED
from tests.kimicode.workspace.sandbox.escapes.run import AGENT_SECRET, MACHINE_SECRET
from tests.kimicode.workspace.sandbox.escapes.world import ADDRESSES

ROOT = Path(__file__).parents[5]
NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
NAMESPACES = ("unshare", "--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc")
_PYTHONS = (sys.executable, "/usr/bin/python3")
_SIOCSIFADDR, _SIOCSIFNETMASK, _SIOCSIFFLAGS, _IFF_UP = 0x8916, 0x891C, 0x8914, 1


class NotHere(Exception):
    """What is asked for cannot be done on this machine."""


def people() -> list[str]:
    """Whom attempts can be made as: an ordinary user as well where root runs this."""
    return ["root", "user"] if os.geteuid() == 0 else ["user"]


def run(who: str, ways: Sequence[str], names: Sequence[str] = (), timeout: float = 900.0) -> dict[str, Any]:
    """What came of the attempts, by way (see `run.py`). Raises NotHere, and RuntimeError where it failed."""
    with tempfile.TemporaryDirectory(prefix="stage-") as name, _one_at_a_time(who == "root" and "bare" in ways):
        os.chmod(name, 0o777)
        out = Path(name, "out.json")
        words = ("-m", "tests.kimicode.workspace.sandbox.escapes.run", str(out), ",".join(ways), *names)
        argv: tuple[str, ...] = (_python(who), "-B", *words)
        if os.geteuid() == 0:
            _check_namespaces()
            script = "-m", "tests.kimicode.workspace.sandbox.escapes.stage", who
            argv = (*NAMESPACES, sys.executable, "-B", *script, *argv)
        homes = "/home" if os.geteuid() == 0 else str(Path(name).resolve())
        done = subprocess.run(
            argv,
            cwd=ROOT,
            env={
                "PATH": f"/usr/bin:/bin:/usr/sbin:/sbin:{Path(sys.executable).parent}",
                "PYTHONPATH": os.pathsep.join((str(ROOT), *filter(None, sys.path))),
                "HOMES": homes,
                "HOME": homes,
                "LANG": "C.UTF-8",
                "PY": shutil.which("python3", path="/usr/bin:/bin") or sys.executable,
                AGENT_SECRET: f"SECRET-agent-{secrets.token_hex(6)}",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if done.returncode != 0 or not out.exists():
            raise RuntimeError(done.stderr[-4000:])
        return dict(json.loads(out.read_text()), log=done.stderr)


@contextlib.contextmanager
def _one_at_a_time(needed: bool) -> Iterator[None]:
    """Runs that change settings of the kernel, which has only one of each, must not put back what another has left."""
    with open(__file__, "rb") as lock:
        if needed:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _check_namespaces() -> None:
    with contextlib.suppress(OSError):
        if subprocess.run([*NAMESPACES, "true"], capture_output=True).returncode == 0:
            return
    raise NotHere("no namespaces to make attempts in: without them they would reach the machine itself")


def _python(who: str) -> str:
    """One that this user can run, and that finds what it needs."""
    before = AS_NOBODY if who == "user" and os.geteuid() == 0 else ()
    environment = {"PYTHONPATH": os.pathsep.join((str(ROOT), *filter(None, sys.path))), "PATH": os.defpath}
    for python in _PYTHONS:
        # A shell between: what may not be executed is then an exit code.
        argv = [*before, "sh", "-c", 'exec "$@"', "sh", python, "-B", "-c", "import kimicode.workspace.shell"]
        if subprocess.run(argv, cwd="/", env=environment, capture_output=True).returncode == 0:
            return python
    raise NotHere("no Python that an ordinary user could run all of this with")


def main() -> None:
    """In the namespaces, as root: make them look like a machine, and become who makes the attempts."""
    who, *argv = sys.argv[1:]
    _mount("tmpfs", "/home")
    _mount("tmpfs", "/run")
    for folder in ("/home", "/run"):
        os.chmod(folder, 0o1777)
    Path("/run/secrets").mkdir()
    Path("/run/secrets/value").write_text(MACHINE_SECRET)
    Path("/run/shadow").write_text(f"root:{MACHINE_SECRET}:1:0:99999:7:::\n")
    subprocess.run(["mount", "--bind", "/run/shadow", "/etc/shadow"], check=False)
    os.mknod("/run/full", stat.S_IFCHR | 0o666, os.stat("/dev/full").st_rdev)
    os.chmod("/run/full", 0o666)
    subprocess.run(["mount", "--bind", "/run/full", "/dev/full"], check=False)
    Path("/run/hosts").write_text(f"127.0.0.1 localhost {ALLOWED}\n")
    subprocess.run(["mount", "--bind", "/run/hosts", "/etc/hosts"], check=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        _set(control, _SIOCSIFFLAGS, "lo", struct.pack("H", _IFF_UP))
        for number, address in enumerate(ADDRESSES, 1):
            for request, value in ((_SIOCSIFADDR, address), (_SIOCSIFNETMASK, "255.255.255.255")):
                _set(
                    control, request, f"lo:{number}", struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(value))
                )
    before = AS_NOBODY if who == "user" else ()
    os.execvp((*before, *argv)[0], (*before, *argv))


def _mount(kind: str, place: str) -> None:
    subprocess.run(["mount", "-t", kind, kind, place], check=True)


def _set(control: socket.socket, request: int, interface: str, value: bytes) -> None:
    fcntl.ioctl(control, request, struct.pack("16s24s", interface.encode(), value))


if __name__ == "__main__":
    main()
