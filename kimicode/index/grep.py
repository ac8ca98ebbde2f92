"""Lines that match a pattern: by ripgrep where it is installed, else by a process of our own that answers alike.

`python -m kimicode.index.grep` is that process: a pattern that takes for ever can be ended with it, while a thread
inside `re` could not, and would hold up everything else.
"""

import contextlib
import functools
import os
import re
import stat
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kimicode import programs
from kimicode.errors import ToolError
from kimicode.workspace.encoding import UTF8

TIMEOUT_S = 20.0
WIDEST = 300
"""Characters of a line that are shown."""

LONGEST = 2_000
"""Bytes of a line that our own process looks at."""

LARGEST = 2_000_000
PER_FILE = 50
MOST_BYTES = 2_000_000
"""Of answers; beyond that the pattern says nothing."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that matches, counted from 1."""

    path: str
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Lines:
    """What was found, in no order that means anything; `cut` says that there is more."""

    lines: tuple[Line, ...]
    cut: bool


def grep(
    root: Path, pattern: str, files: Iterable[str], *, below: str = "", regex: bool = True, program: str | None = None
) -> Lines:
    """Lines below `root` that match; upper and lower case are the same for a pattern that is all lower-case.

    `files` are what our own process reads; ripgrep finds them itself, `.gitignore` honoured. `program` is ripgrep's
    path, "" for none. Raises ToolError for a pattern that is none, and for one that takes too long.
    """
    if "\0" in pattern or UTF8.lacks(pattern):
        raise ToolError("the query has characters that no text file has")
    ripgrep = programs.find("rg") if program is None else program
    command = _ripgrep(ripgrep, pattern, below, regex) if ripgrep else _own(pattern, regex)
    wanted = b"" if ripgrep else b"\0".join(map(os.fsencode, files))
    output, errors, in_time = _run(command, root, wanted)
    if not in_time:
        raise ToolError(f"the search took longer than {TIMEOUT_S:.0f} s", hint="Make the pattern simpler.")
    if errors and not output:
        raise ToolError(f"not a usable pattern: {errors}", hint="Leave out `regex` to search for the text as it is.")
    return Lines(tuple(_lines(output)), len(output) >= MOST_BYTES)


def _ripgrep(program: str, pattern: str, below: str, regex: bool) -> list[str]:
    options = "--no-config --no-messages --no-heading --with-filename --line-number --null --color=never --smart-case"
    limits = f"--max-count={PER_FILE} --max-columns={WIDEST} --max-columns-preview --max-filesize={LARGEST}"
    hidden = ["--hidden", "--glob=!.git"]  # what is hidden may well be tracked
    kind = [] if regex else ["--fixed-strings"]
    return [program, *options.split(), *limits.split(), *hidden, *kind, "-e", pattern, "--", f"./{below}"]


def _own(pattern: str, regex: bool) -> list[str]:
    return [sys.executable, "-P", "-m", "kimicode.index.grep", pattern if regex else re.escape(pattern), pattern]


def _run(command: list[str], root: Path, wanted: bytes) -> tuple[bytes, str, bool]:
    """The beginning of what it prints, the last line of its complaint, and whether it ended in time."""
    environment = {**os.environ, "PYTHONPATH": os.fspath(Path(__file__).parents[2])}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=root, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, process_group=0
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        late = threading.Timer(TIMEOUT_S, process.kill)
        late.start()
        try:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(wanted)
                process.stdin.close()
            output = process.stdout.read(MOST_BYTES)
            in_time = late.is_alive()
            if len(output) == MOST_BYTES:
                process.kill()
            complaint = process.stderr.read(10_000).decode("utf-8", "replace").strip().splitlines()
        finally:
            late.cancel()
            process.kill()
    return output, complaint[-1] if complaint else "", in_time


def _lines(output: bytes) -> Iterator[Line]:
    """From PATH NUL NUMBER COLON TEXT; what was cut off in the middle is left out."""
    for raw in output.split(b"\n")[:-1]:
        path, nul, rest = raw.partition(b"\0")
        number, colon, text = rest.partition(b":")
        if nul and colon and number.isdigit() and len(number) < 10:
            shown = text.decode("utf-8", "replace").rstrip("\r")[:WIDEST]
            yield Line(os.fsdecode(path).removeprefix("./"), int(number), shown)


def main(pattern: str, written: str) -> int:
    """Search the files named on stdin, NUL between them. `written` is what the person wrote: it decides on case."""
    try:
        flags = 0 if any(letter.isupper() for letter in written) else re.IGNORECASE
        searched = re.compile(pattern.encode(), flags)
    except re.error as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for path in sys.stdin.buffer.read().split(b"\0"):
        for number, text in _matching(path, searched):
            sys.stdout.buffer.write(b"%b\0%d:%b\n" % (path, number, text[:WIDEST]))
        sys.stdout.buffer.flush()
    return 0


@functools.cache
def _is_here(folder: bytes) -> bool:
    """Whether no link leads out of the tree on the way to a folder of it."""
    return os.path.realpath(folder) == os.path.normpath(os.path.join(os.path.realpath(b"."), folder))


def _matching(path: bytes, searched: re.Pattern[bytes]) -> Iterator[tuple[int, bytes]]:
    """(number, line) of at most PER_FILE lines; nothing for what is no text file, or lies behind a link."""
    if not _is_here(os.path.dirname(path)):
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return
    with open(descriptor, "rb") as file:
        try:
            data = file.read(LARGEST + 1)
        except OSError:
            return
    if len(data) > LARGEST or b"\0" in data[:8_000]:
        return
    lines = ((number, line) for number, line in enumerate(data.split(b"\n"), 1) if searched.search(line[:LONGEST]))
    yield from islice(lines, PER_FILE)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
