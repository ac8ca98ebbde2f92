"""The bug set: small repositories with one injected bug each, under bugs/NAME.

`repo/` is the broken code, `fix.patch` the right fix, `bug.toml` what the agent is told and how it is judged.
"""

import shlex
import shutil
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kimicode.errors import UsageError

FOLDER = Path(__file__).parent / "bugs"
_LEFTOVERS = shutil.ignore_patterns("__pycache__", ".pytest_cache")


@dataclass(frozen=True, slots=True)
class Bug:
    name: str
    title: str
    kind: str
    prompt: str
    """What the agent is told: one plain sentence."""
    test: tuple[str, ...]
    """The command that judges, run in the copy; it has to be pytest."""
    protected: tuple[str, ...]
    """Folders and files that a solution leaves as they are."""
    folder: Path

    @property
    def fix(self) -> Path:
        """The unified diff of the right fix, relative to the repository."""
        return self.folder / "fix.patch"

    def copy_to(self, target: Path) -> None:
        """Put the broken repository at `target`, which must not exist yet."""
        shutil.copytree(self.folder / "repo", target, ignore=_LEFTOVERS)


def load(names: Iterable[str] = ()) -> list[Bug]:
    """The bugs of these names, or all of them, sorted by name. Raises UsageError for an unknown name."""
    known = {path.parent.name: path.parent for path in sorted(FOLDER.glob("*/bug.toml"))}
    wanted = sorted(set(names)) or list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise UsageError(f"no such bug: {', '.join(unknown)}", hint=f"The set holds: {', '.join(known)}")
    return [_read(known[name]) for name in wanted]


def _read(folder: Path) -> Bug:
    entry = tomllib.loads((folder / "bug.toml").read_text("utf-8"))
    return Bug(
        name=folder.name,
        title=entry["title"],
        kind=entry["kind"],
        prompt=entry["prompt"],
        test=tuple(shlex.split(entry["test"])),
        protected=tuple(entry["protected"]),
        folder=folder,
    )
