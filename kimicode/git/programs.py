"""Programs that a repository's own configuration names, and the settings under which git starts none of them.

Git runs filters, text converters and external diffs even for `git status` and `git diff`, under names of the
repository's choice; none can be switched off but by its name. What the person configured for all repositories stays.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kimicode.git.command import run
from kimicode.git.shadow import Origin, Shadow

READING = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("diff.autoRefreshIndex", "false"),
    ("diff.ignoreSubmodules", "dirty"),
    ("log.showSignature", "false"),
    ("safe.bareRepository", "explicit"),
    *((f"gpg.{each}program", "false") for each in ("", "openpgp.", "x509.", "ssh.")),
)
"""Holds for every command that only reads. The last lines: signatures are not verified, and a folder of a clone that
looks like a bare repository is none."""

READING_VARIABLES = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
"""Without locks `git status` does not write the index, and so starts no hook."""

_PLAIN_DIFF = 'diff -u --label "a/$1" --label "b/$1" "$2" "$5" || true #'
"""In place of an external diff, which an empty setting does not switch off; git gives path, old file, ..., new file."""
_ALL_DIFF = re.compile(r"diff\.external")
_ONE_DIFF = re.compile(r"diff\..+\.command", re.DOTALL)
_TEXT = re.compile(r"diff\..+\.textconv", re.DOTALL)
_FILTER = re.compile(r"(?P<filter>filter\..+)\.(clean|smudge|process|required)", re.DOTALL)
_MERGE = re.compile(r"merge\..+\.driver", re.DOTALL)
_SUBMODULE = re.compile(r"(?P<module>submodule\..+)\.(ignore|path)", re.DOTALL)


def reading_settings(folders: Iterable[Path]) -> list[tuple[str, str]]:
    """The settings for a command that only reads, in the repositories around these folders."""
    replaced: dict[str, str] = dict(READING)
    for folder in folders:
        if folder.is_dir():
            replaced.update(pair for key in _own_keys(folder) for pair in _reading(key))
    return list(replaced.items())


def writing_settings(origin: Origin) -> list[tuple[str, str]]:
    """The settings under which a checkout or a merge runs no filter and no merge driver, whoever configured them."""
    keys = _keys(origin.run(["config", "--list", "--null", "--show-scope", "--name-only"]).output, everybody=True)
    replaced: dict[str, str] = {}
    for key in keys:
        if match := _FILTER.fullmatch(key):
            replaced.update(_without_filter(match["filter"]))
        elif _MERGE.fullmatch(key):
            replaced[key] = "false"  # a driver that fails leaves a conflict
    return list(replaced.items())


def filtered(place: Origin | Shadow, paths: Sequence[str]) -> dict[str, str]:
    """The filter that attributes name for a path, where they name one. Raises GitError."""
    if not paths:
        return {}
    feed = b"".join(os.fsencode(path) + b"\0" for path in paths)
    fields = place.run(["check-attr", "--stdin", "-z", "filter"], feed=feed).output.split(b"\0")
    named = zip(fields[::3], fields[2::3], strict=False)
    return {
        os.fsdecode(path): value.decode("utf-8", "replace")
        for path, value in named
        if value not in (b"unspecified", b"unset", b"set")
    }


def _own_keys(folder: Path) -> Iterator[str]:
    listed = run(["config", "--list", "--null", "--show-scope", "--name-only"], cwd=folder, env={}, check=False)
    yield from _keys(listed.output, everybody=False)
    top = run(["rev-parse", "--show-toplevel"], cwd=folder, env={}, check=False).output.rstrip(b"\n")
    modules = Path(os.fsdecode(top)) / ".gitmodules"
    if top and modules.is_file():
        named = run(
            ["config", "--file", str(modules), "--list", "--null", "--name-only"], cwd=folder, env={}, check=False
        )
        yield from (key.decode("utf-8", "surrogateescape") for key in named.output.split(b"\0") if key)


def _keys(output: bytes, *, everybody: bool) -> Iterator[str]:
    fields = output.split(b"\0")
    for scope, key in zip(fields[::2], fields[1::2], strict=False):
        if everybody or scope in (b"local", b"worktree"):
            yield key.decode("utf-8", "surrogateescape")


def _reading(key: str) -> list[tuple[str, str]]:
    if match := _FILTER.fullmatch(key):
        return _without_filter(match["filter"])
    if match := _SUBMODULE.fullmatch(key):
        return [(f"{match['module']}.ignore", "dirty")]  # its own configuration may name more
    if _ALL_DIFF.fullmatch(key) or _ONE_DIFF.fullmatch(key):
        return [(key, _PLAIN_DIFF)]
    return [(key, "cat")] if _TEXT.fullmatch(key) else []


def _without_filter(name: str) -> list[tuple[str, str]]:
    return [(f"{name}.clean", ""), (f"{name}.smudge", ""), (f"{name}.process", ""), (f"{name}.required", "false")]
