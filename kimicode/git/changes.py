"""What two trees differ in and what they hold, told from objects alone: no attribute, filter or setting has a say.

A file .gitattributes could call code binary and so hide its changes; here nothing of a repository is asked but objects.
"""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from kimicode.git.command import GitError, run
from kimicode.git.contents import blobs
from kimicode.git.entries import Entries, of_tree
from kimicode.git.shadow import Origin, Shadow, quoted

LARGEST_BYTES = 2_000_000
"""A larger file has no lines: nobody wrote it by hand, and it is told as a binary one."""
BATCH_BYTES = 16_000_000

_OPTIONS = (
    *("-r", "-p", "--full-index", "--unified=3", "--find-renames", "--diff-algorithm=myers", "--submodule=short"),
    *("--no-color", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/"),
)
_SETTINGS = (
    ("core.attributesFile", "/dev/null"),
    ("core.bigFileThreshold", str(LARGEST_BYTES)),
    ("core.quotePath", "true"),
    ("diff.renameLimit", "1000"),
)
_PARTIAL = "A clone that was made with --filter lacks the contents of files; make one without it."
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_DIFF_OPTS": "",
}


def patch(origin: Origin, before: str, after: str, *, more: Iterable[Path] = ()) -> bytes:
    """The difference of two trees or commits as `git diff -p` prints it, renames found.

    `more` are folders of objects beside the repository's own. Raises GitError.
    """
    with tempfile.TemporaryDirectory(prefix="kimicode-git-") as scratch:
        folder = Path(scratch)
        env = _empty_repository(origin, folder, [origin.common_dir / "objects", *more])
        command = ["diff-tree", *_OPTIONS, before, after, "--"]
        answer = run(command, cwd=folder, env=env, settings=_SETTINGS, check=False)
    if answer.status != 0:
        hint = _PARTIAL if "unable to read" in answer.errors else ""
        raise GitError(f"git could not compare {before[:12]} and {after[:12]}: {answer.errors.strip()}", hint=hint)
    return answer.output


def entries(place: Origin | Shadow, tree: str) -> Entries:
    """All that a tree or commit holds, by path: files, links and submodules. Raises GitError."""
    return of_tree(place.run(["ls-tree", "-r", "-z", "--full-tree", tree]))


def subjects(origin: Origin, base: str, head: str, most: int) -> tuple[str, ...]:
    """First lines of messages: of the commits that `head` has and `base` has not, newest first. Raises GitError."""
    return _told("%s", origin, base, head, most)


def messages(origin: Origin, base: str, head: str, most: int) -> tuple[str, ...]:
    """Whole messages of the same commits, with the names of who made them. Raises GitError."""
    return _told("%B%n%an%n%cn", origin, base, head, most)


def _told(form: str, origin: Origin, base: str, head: str, most: int) -> tuple[str, ...]:
    options = [f"--max-count={most}", f"--format={form}", "-z", "--encoding=UTF-8", "--no-show-signature"]
    output = origin.run(["log", *options, f"{base}..{head}", "--"]).output.decode("utf-8", "replace")
    return tuple(output.split("\0")[:-1])


def read(origin: Origin, ids: Iterable[str], *, largest: int = LARGEST_BYTES) -> Iterator[tuple[str, bytes]]:
    """The bytes of blobs by id; those that are not there or larger are left out. Raises GitError."""
    wanted = dict.fromkeys(ids)
    batch: list[str] = []
    room = BATCH_BYTES
    for name, size in _sizes(origin, wanted):
        if size > largest:
            continue
        if batch and size > room:
            yield from _batch(origin, batch)
            batch, room = [], BATCH_BYTES
        batch.append(name)
        room -= size
    yield from _batch(origin, batch)


def _sizes(origin: Origin, ids: Iterable[str]) -> Iterator[tuple[str, int]]:
    """From lines "id type size"; "id missing" where there is none."""
    feed = "".join(f"{name}\n" for name in ids).encode("ascii")
    if not feed:
        return
    for line in origin.run(["cat-file", "--batch-check"], feed=feed).output.decode("ascii").splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[1] == "blob":
            yield fields[0], int(fields[2])


def _batch(origin: Origin, ids: list[str]) -> Iterator[tuple[str, bytes]]:
    if not ids:
        return
    output = origin.run(["cat-file", "--batch"], feed="".join(f"{name}\n" for name in ids).encode("ascii")).output
    for name, data in zip(ids, blobs(output), strict=True):
        if data is not None:
            yield name, data


def _empty_repository(origin: Origin, folder: Path, objects: list[Path]) -> dict[str, str]:
    """A git folder without files, index and settings of its own, and the environment in which git works with it."""
    form = origin.run(["rev-parse", "--show-object-format"]).line
    for name in ("objects/info", "refs", "files"):
        (folder / name).mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/unborn\n")
    (folder / "config").write_text(
        f"[core]\n\trepositoryformatversion = 1\n\tbare = false\n[extensions]\n\tobjectFormat = {form}\n"
    )
    lines = "".join(f"{quoted(str(each))}\n" for each in objects)
    (folder / "objects/info/alternates").write_text(lines, "utf-8", "surrogateescape")
    return {
        **_ENVIRONMENT,
        "GIT_DIR": str(folder),
        "GIT_COMMON_DIR": str(folder),
        "GIT_WORK_TREE": str(folder / "files"),
        "GIT_INDEX_FILE": str(folder / "index"),
        "GIT_OBJECT_DIRECTORY": str(folder / "objects"),
    }
