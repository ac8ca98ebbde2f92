"""`kimicode index`: brings the index of a folder up to date while somebody looks on, or says what it holds."""

import os
import shutil
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from kimicode.errors import ExitCode, UsageError
from kimicode.git.command import GitError
from kimicode.git.listing import files
from kimicode.git.repository import Repository
from kimicode.index.build import Report
from kimicode.index.database import NAME
from kimicode.index.service import folder_for, open_or_mend, refreshed

REPAINT_S = 0.1
_SKIPPED = {
    "pending": "wait to be read: `kimicode index` or a session does so",
    "large": "left out: larger than 2 MB",
    "binary": "left out: binary",
    "unreadable": "left out: unreadable",
}


def index(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Forget everything first.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say what the index holds; build nothing.")] = False,
    folder: Annotated[
        Path | None, typer.Option("-C", metavar="DIR", file_okay=False, exists=True, help="Work in this folder.")
    ] = None,
) -> None:
    """Bring the index of this folder's files up to date. A session does so by itself.

    It holds the names, uses and words of all files that git does not ignore, but for those over 2 MB and binaries, in
    the cache folder. All work trees of a repository share one.

    Examples:

      kimicode index

      kimicode index --status

      kimicode index --rebuild -C ../other
    """
    here = (folder or Path.cwd()).resolve()
    repository = Repository.discover(here)
    root = repository.root if repository else here
    place = folder_for(repository.origin.common_dir if repository else root)
    if status:
        if rebuild:
            raise UsageError("--status builds nothing: leave out --rebuild")
        print(described(place, root))
        return
    if rebuild:
        shutil.rmtree(place, ignore_errors=True)
    painted = _Painted()
    try:
        report, notice = refreshed(place, root, lambda: _files(repository), on_progress=painted.show)
    finally:
        painted.clear()
    if notice:
        print(f"kimicode: {notice}", file=sys.stderr)
    print(told(report, root))
    if not report.complete:
        raise typer.Exit(ExitCode.INTERRUPTED)


def described(place: Path, root: Path) -> str:
    """What the index of a work tree holds, for the person. Raises DiskError."""
    if not (place / NAME).exists():
        return f"no index of {root} yet: `kimicode index` builds it, and so does every session"
    store, notice = open_or_mend(place, root)
    rows = list(store.files())
    languages = Counter(row.language for row in rows if row.language)
    skipped = Counter(row.skipped for row in rows if row.skipped)
    size = sum(path.stat().st_size for path in place.iterdir())
    lines = [
        f"index of {root}",
        f"  in {place}, {size / 1e6:.1f} MB",
        f"  {len(rows):,} files, {sum(row.size for row in rows) / 1e6:.1f} MB",
        *(f"  {count:>9,} {language}" for language, count in languages.most_common()),
        *(f"  {count:>9,} {_SKIPPED.get(reason, reason)}" for reason, count in skipped.most_common()),
    ]
    store.close()
    return "\n".join([f"({notice})", *lines] if notice else lines)


def told(report: Report, root: Path) -> str:
    """One refresh in a line."""
    parts = [f"{report.indexed:,} files read", f"{report.unchanged:,} unchanged", f"{report.removed:,} gone"]
    left_out = {
        "larger than 2 MB": report.skipped_large,
        "binary": report.skipped_binary,
        "unreadable": report.unreadable,
        "out of time": report.timed_out,
    }
    parts += [f"{count:,} {reason}" for reason, count in left_out.items() if count]
    end = "" if report.complete else "; interrupted, the next run goes on"
    return f"{root}: {', '.join(parts)}, in {report.seconds:.1f} s{end}"


def _files(repository: Repository | None) -> list[str] | None:
    if repository is None:
        return None
    try:
        return files(repository)
    except GitError as error:
        print(f"kimicode: {error}; all files of the folder are taken", file=sys.stderr)
        return None


class _Painted:
    """One line on a terminal that says how far it is."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._at = 0.0

    def show(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._live and now - self._at > REPAINT_S:
            self._at = now
            sys.stderr.write(f"\r{done:,} of {total:,} files\x1b[K")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._live and self._at:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
