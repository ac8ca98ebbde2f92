"""Where the agent finds programs that it starts itself, outside of any sandbox: on PATH, but in nobody's project.

An activated environment has a project's own folder first on PATH, and commands in the sandbox write there: a `git` that
one of them left would be run by the agent with all rights.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path


def places(environ: Mapping[str, str] = os.environ) -> str:
    """PATH without what is not absolute, in the project around the present folder, or in an environment of one."""
    here = _project()
    named = [place for place in environ.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(place)]
    real = {place: Path(os.path.realpath(place)) for place in named}
    return os.pathsep.join(p for p in named if not _below(real[p], here) and not _in_an_environment(real[p]))


def find(name: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """The absolute path of a program in these places."""
    return shutil.which(name, path=places(environ))


def _project() -> Path | None:
    """The nearest folder upwards with a `.git`, or the present one; none where that holds the system's own programs."""
    try:
        here = Path.cwd()
    except FileNotFoundError:
        return None
    found = next((folder for folder in (here, *here.parents) if os.path.lexists(folder / ".git")), here)
    return None if any(Path(place).is_relative_to(found) for place in os.defpath.split(os.pathsep)) else found


def _below(place: Path, folder: Path | None) -> bool:
    return folder is not None and place.is_relative_to(folder)


def _in_an_environment(place: Path) -> bool:
    """A virtual environment, or what node packages bring: made per project, wherever the present folder is."""
    return os.path.lexists(place.parent / "pyvenv.cfg") or "node_modules" in place.parts
