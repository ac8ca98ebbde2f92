"""The policy of a session, made once: from where it works, the person's home and settings, never from model input."""

import contextlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kimicode import paths
from kimicode.errors import ConfigError
from kimicode.workspace.sandbox import caches, door, gitfolders, home, secretfiles
from kimicode.workspace.sandbox.layers import program_places
from kimicode.workspace.sandbox.policy import Limits, Policy, real

_TOO_WIDE = 'Start kimicode in a project\'s own folder, or set sandbox = "off" to go without.'
_GIT_COPY = "gitconfig"
_SHARE_OF_MEMORY = 0.75


def _most_of_memory() -> int:
    """What commands may take of this machine's memory: the rest is for the person's other programs."""
    return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * _SHARE_OF_MEMORY)


@dataclass(frozen=True, slots=True)
class Place:
    """What a policy is made from. All of it is the person's: settings, and where the agent was started."""

    roots: Sequence[Path]
    """Folders to work in: the one that the agent was started in, its repository, extra ones."""
    scratch: Path
    """A new and empty folder of this session, which the caller removes."""
    readable: Sequence[Path] = ()
    """Shown although they are of a kind that is hidden: from the settings, and where long outputs are kept."""
    hosts: Sequence[str] = ()
    limits: Limits = field(default_factory=lambda: Limits(resident_bytes=_most_of_memory()))
    home: Path = field(default_factory=lambda: Path(os.path.expanduser("~")))
    own: Sequence[Path] = field(
        default_factory=lambda: (paths.config_dir(), paths.data_dir(), paths.cache_dir(), paths.engines_dir().parent)
    )
    """The agent's own folders."""
    cache: Path = field(default_factory=paths.cache_dir)


def policy_for(place: Place) -> Policy:
    """The policy. It makes the project's cache folder and the agent's own ones, so that they can be hidden.

    Raises ConfigError where a folder is too wide to be given to commands, or holds a link in the place of something
    that has to be protected; OSError where not even the scratch folder can be written to.
    """
    person = real(place.home)
    named = [real(root) for root in place.roots]
    tops = _outermost(named)
    for top in tops:
        _refuse_wide(top, person)
    own = [real(folder) for folder in place.own]
    for folder in own:
        with contextlib.suppress(OSError):  # what cannot be made now no command can make either
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    cache = _cache(place, named[0])
    found = [secretfiles.search(top) for top in tops]
    guarded = [_guarded(root, person) for root in named]
    nested = [gitfolders.guard_nested(link) for each in found for link in each.repositories]
    changed = [*tops, *(path for each in (*guarded, *nested) for path in each.writable)]
    protected = [path for each in guarded for path in each.protected if _within(path, changed)]
    readable = [real(path) for path in place.readable]
    hidden = [*home.system_secrets(), *_homes(person), *own, *_secrets(found)]
    return Policy(
        writable=_unique([*changed, *_pins(protected, tops), cache]),
        protected=_unique([*protected, *(path for each in nested for path in each.protected)]),
        hidden=_unique(path for path in hidden if not _within(path, readable)),
        shown=_unique([*home.shown_of(person), *_existing(home.SYSTEM_SHOWN), *program_places(), *readable]),
        scratch=real(place.scratch),
        variables={**_variables(person, cache, real(place.scratch)), **(door.variables() if place.hosts else {})},
        hosts=tuple(place.hosts),
        limits=place.limits,
        gaps=(*(gap for each in guarded for gap in each.gaps), *_unsearched(tops, found), *_own_program(tops)),
    )


def bounds_for(place: Place) -> Policy:
    """What is hidden, and what is shown of it, where nothing keeps commands in: what takes a question to be read."""
    person = real(place.home)
    hidden = [*home.system_secrets(), *_homes(person), *map(real, place.own)]
    shown = [*home.shown_of(person), *_existing(home.SYSTEM_SHOWN), *program_places(), *map(real, place.readable)]
    return Policy(_unique(map(real, place.roots)), hidden=_unique(hidden), shown=_unique(shown))


def _cache(place: Place, root: Path) -> Path:
    """The project's cache folder, made; in the scratch folder where the agent's own one cannot be written to."""
    folder = caches.project_folder(real(place.cache), root)
    try:
        caches.make(folder)
    except OSError:
        folder = real(place.scratch) / "caches"
        caches.make(folder)
    return folder


def _refuse_wide(top: Path, person: Path) -> None:
    if top == person or top in person.parents:
        what = "the home folder" if top == person else "a folder that holds the home folder"
        raise ConfigError(f"commands cannot be confined to {top}: it is {what}", hint=_TOO_WIDE)


def _guarded(root: Path, person: Path) -> gitfolders.Guarded:
    for link in (root / ".git", root / ".kimicode"):
        if os.path.islink(link):
            hint = f"Replace the link by what it points to: {os.readlink(link)}"
            raise ConfigError(f"commands cannot be confined: {link} is a link, which cannot be protected", hint=hint)
    found = gitfolders.guard(root, person)
    found.protected.append(root / ".kimicode")
    return found


def _homes(person: Path) -> list[Path]:
    """The person's home, and those of others on this machine."""
    if person == Path(person.root):  # so it is in some containers
        return []
    return [person.parent, person] if person.parent == Path("/home") else [person]


def _secrets(found: Iterable[secretfiles.Found]) -> list[Path]:
    """Where links lead as well: the link itself cannot be covered."""
    paths = (real(path) for each in found for path in each.secrets)
    return [path for path in paths if os.path.isfile(path)]


def _unsearched(tops: Sequence[Path], found: Sequence[secretfiles.Found]) -> list[str]:
    return [
        f"{top} is too large: not all .env files and repositories in it are covered"
        for top, each in zip(tops, found, strict=True)
        if not each.complete
    ]


def _own_program(tops: Sequence[Path]) -> list[str]:
    return [
        f"kimicode itself runs from {place}: commands can change the program that confines later ones"
        for place in program_places()
        if _within(place, tops)
    ][:1]


def _variables(person: Path, cache: Path, scratch: Path) -> dict[str, str]:
    """Where tools keep what is temporary; git's settings stand in a copy where there is a password among them."""
    # The search for leaks traces processes, which the sandbox forbids: a program would fail that has none.
    variables = {"TMPDIR": str(scratch), "LSAN_OPTIONS": "detect_leaks=0", **caches.variables(cache, person)}
    text = home.git_settings_without_secrets(person)
    if text is not None:
        copy = cache / _GIT_COPY
        copy.write_text(text, "utf-8", errors="surrogateescape")
        variables["GIT_CONFIG_GLOBAL"] = str(copy)
    return variables


def _pins(protected: Iterable[Path], tops: Sequence[Path]) -> list[Path]:
    """The folders on the way to what is protected: renamed, they would make room for others of their names."""
    return [
        parent
        for path in protected
        for parent in path.parents
        if any(top in parent.parents for top in tops) and os.path.isdir(parent)
    ]


def _outermost(folders: Sequence[Path]) -> list[Path]:
    return [folder for folder in _unique(folders) if not any(other in folder.parents for other in folders)]


def _within(path: Path, folders: Sequence[Path]) -> bool:
    return any(folder == path or folder in path.parents for folder in folders)


def _existing(names: Iterable[str]) -> list[Path]:
    return [Path(name) for name in names if os.path.exists(name)]


def _unique(items: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(items))
