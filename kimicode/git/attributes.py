"""Which attributes the .gitattributes files of a commit give to paths; those of the work tree have no say."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from kimicode.git.command import run
from kimicode.git.entries import Entries, index_info
from kimicode.git.shadow import Origin

_SETTINGS = (("core.attributesFile", "/dev/null"),)
_SAYS_NO = frozenset({b"unspecified", b"unset", b"false"})


def given(origin: Origin, entries: Entries, paths: Sequence[str], names: Sequence[str]) -> dict[str, frozenset[str]]:
    """Which of these attributes each path has, of those that have any, by the files in `entries`. Raises GitError."""
    told = {
        path: entry for path, entry in entries.items() if os.path.basename(path) == ".gitattributes" and entry.is_file
    }
    if not (told and paths):
        return {}
    with tempfile.TemporaryDirectory(prefix="kimicode-git-") as scratch:
        env = _environment(origin, Path(scratch))
        run(["update-index", "-z", "--index-info"], cwd=Path(scratch), env=env, feed=index_info(dict(told), ""))
        # "./" keeps a name that begins with a colon or a dash from being taken for something else.
        feed = b"".join(b"./" + os.fsencode(path) + b"\0" for path in paths)
        asked = ["check-attr", "--cached", "--stdin", "-z", *names]
        output = run(asked, cwd=Path(scratch) / "files", env=env, feed=feed, settings=_SETTINGS).output
    fields = output.split(b"\0")
    found: dict[str, frozenset[str]] = {}
    for path, name, value in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        if value not in _SAYS_NO:
            plain = os.fsdecode(path).removeprefix("./")
            found[plain] = found.get(plain, frozenset()) | {name.decode("ascii")}
    return found


def _environment(origin: Origin, folder: Path) -> dict[str, str]:
    """A git folder of our own with an index of attributes alone, which borrows the repository's objects."""
    form = origin.run(["rev-parse", "--show-object-format"]).line
    for name in ("objects", "refs", "files"):
        (folder / name).mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/unborn\n")
    (folder / "config").write_text(
        f"[core]\n\trepositoryformatversion = 1\n\tbare = false\n[extensions]\n\tobjectFormat = {form}\n"
    )
    return {
        "GIT_DIR": str(folder),
        "GIT_COMMON_DIR": str(folder),
        "GIT_WORK_TREE": str(folder / "files"),
        "GIT_INDEX_FILE": str(folder / "index"),
        "GIT_OBJECT_DIRECTORY": str(origin.common_dir / "objects"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
    }
