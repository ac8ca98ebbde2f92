"""Ground on which commands are confined by a real layer, as root or as an ordinary user, and judged from outside."""

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kimicode.workspace.sandbox import bubblewrap
from kimicode.workspace.sandbox.layers import PACKAGE_ROOT, Layer, best, bubblewrap_program, prepare
from kimicode.workspace.sandbox.policy import Policy, to_record

NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
PYTHON_OF_ALL = "/usr/bin/python3"
INSIDE = ("__init__", "confine", "landlock", "policy", "privileges", "seccomp", "syscalls")
CODE = """
import json, os, sys
sys.path.append(sys.argv[1])
from kimicode.workspace.sandbox.confine import confine
from kimicode.workspace.sandbox.policy import from_record
confine(from_record(json.loads(sys.argv[2])), alone=sys.argv[3] == "alone")
os.chdir(sys.argv[4])
os.execvp(sys.argv[5], sys.argv[5:])
"""


@functools.cache
def layer(name: str) -> Layer:
    """The layer of that name. Skips the test where it does not work."""
    found = best(bubblewrap_program() if name == "bubblewrap" else None)
    if found.name != name:
        pytest.skip(f"{name} does not work here: {found.lacking}")
    return found


def people() -> list[str]:
    """Whom tests can act as: an ordinary user as well where root runs them."""
    return ["self", "nobody"] if os.geteuid() == 0 and shutil.which("setpriv") else ["self"]


@contextmanager
def ground(name: str, who: str) -> Iterator["Ground"]:
    """Fresh ground in the machine's temporary folder, open to everybody; gone afterwards."""
    if who == "nobody" and not os.access(PYTHON_OF_ALL, os.X_OK):
        pytest.skip("no Python that an ordinary user may run")
    with tempfile.TemporaryDirectory(prefix="ground-") as top:
        os.chmod(top, 0o755)
        yield Ground(Path(top).resolve(), name, who)


class Ground:
    """A workspace, a folder outside of it and a scratch folder; `who` is "self", or "nobody" where root runs this."""

    def __init__(self, top: Path, name: str, who: str) -> None:
        self.layer = layer(name)
        self.who = who
        self.workspace, self.outside, self.scratch = (top / part for part in ("work space", "outside", "scratch"))
        self.records = top / "records"
        for folder in (self.workspace, self.outside, self.scratch):
            folder.mkdir()
            folder.chmod(0o777)
        self._package = top / "package"
        self._copy_package()
        shown = (self.outside, self._package, *self._python_places())
        self.policy = Policy((self.workspace,), shown=shown, scratch=self.scratch)
        if who == "nobody":
            self.belongs_to_them(self.workspace, self.scratch)
            if name == "bubblewrap":
                self.layer = replace(self.layer, variant=bubblewrap.VARIANTS_OF_USERS[0])

    def give(self, **changes: Any) -> None:
        """Another policy, like this one but for `changes`."""
        self.policy = replace(self.policy, **changes)

    def belongs_to_them(self, *paths: Path) -> None:
        """Make the commands' user the owner of these and of all below."""
        if self.who == "nobody":
            for path in (each for top in paths for each in (top, *top.rglob("*"))):
                os.lchown(path, NOBODY, NOBODY)

    @contextmanager
    def prepared(self, *words: str) -> Iterator[tuple[Sequence[str], tuple[int, ...]]]:
        """The command line, and descriptors for it, of a program in the workspace; what the layer made goes after."""
        way = "alone" if self.layer.alone else "within"
        python = PYTHON_OF_ALL if self.who == "nobody" else sys.executable
        record = json.dumps(to_record(self.policy))
        inside = (python, "-I", "-S", "-c", CODE, str(self._package), record, way, str(self.policy.writable[0]), *words)
        ready = prepare(self.layer, self.policy, inside, {}, records=self.records)
        try:
            yield (*(AS_NOBODY if self.who == "nobody" else ()), *ready.argv), ready.pass_fds
        finally:
            ready.cleanup()

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a program in the first writable folder to its end, its output and errors together."""
        with self.prepared(*words) as (argv, descriptors):
            return subprocess.run(
                argv,
                pass_fds=descriptors,
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TMPDIR": str(self.scratch), "HOME": "/nowhere"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=60,
            )

    def sh(self, script: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a shell script there; `words` are its parameters."""
        return self.run("bash", "-c", script, "bash", *words)

    def bare(self, script: str, *words: str) -> subprocess.CompletedProcess[str]:
        """The same script without any layer, as whoever runs the tests: proves that the attempt itself is sound."""
        argv = ["bash", "-c", script, "bash", *words]
        return subprocess.run(argv, cwd=self.policy.writable[0], capture_output=True, text=True, timeout=30)

    def _python_places(self) -> tuple[Path, ...]:
        return tuple({Path(place).resolve() for place in (sys.prefix, sys.base_prefix)} if self.who == "self" else ())

    def _copy_package(self) -> None:
        source = PACKAGE_ROOT / "kimicode"
        target = self._package / "kimicode" / "workspace" / "sandbox"
        target.mkdir(parents=True)
        shutil.copy(source / "__init__.py", self._package / "kimicode")
        shutil.copy(source / "workspace" / "__init__.py", target.parent)
        for module in INSIDE:
            shutil.copy(source / "workspace" / "sandbox" / f"{module}.py", target)
