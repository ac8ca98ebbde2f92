"""What bash really runs: the arguments of every command of many lines, in one bash with no program and no builtin."""

import contextlib
import os
import signal
import subprocess
from collections import Counter
from pathlib import Path

# Nothing is on PATH and every builtin is off but three, so each command ends in the handler, which writes down what it
# was given: to a file, since its output may go anywhere. The lines come through a file of their own, cut at NUL.
# Without FUNCNEST a handler that calls what is missing would call itself for ever.
_SCRIPT = r"""
command_not_found_handle() { printf '%s\0' "$#" "$@" >&9; [[ $status = 0 ]]; }
exec 8<"$1" 9>>"$2"
status=$3
PATH=/nowhere
FUNCNEST=9
for name in $(compgen -b); do
  case $name in read|eval|printf|enable) ;; *) enable -n "$name" ;; esac
done
enable -n enable
while IFS= read -r -d '' line <&8; do
  eval -- "$line" </dev/null >/dev/null 2>&1
  printf '/\0' >&9
done
"""


def commands_run(lines: list[str], folder: Path, *, failing: bool = False) -> list[Counter[tuple[str, ...]]]:
    """For each line the commands that bash ran, as often as it did; all of them succeed, or all fail."""
    given, found = folder / "lines", folder / f"argv-{failing}"
    given.write_bytes(b"".join(line.encode() + b"\0" for line in lines))
    found.write_bytes(b"")
    command = ["bash", "--noprofile", "--norc", "-c", _SCRIPT, "bash", str(given), str(found), str(int(failing))]
    bash = subprocess.Popen(command, cwd=_empty(folder), env={"LC_ALL": "C.UTF-8"}, start_new_session=True)
    try:
        assert bash.wait(timeout=300) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(bash.pid, signal.SIGKILL)
    return _read(found.read_bytes())


def _empty(folder: Path) -> Path:
    """A folder with files that patterns could match."""
    place = folder / "place"
    place.mkdir(exist_ok=True)
    for name in ("a", "b", "ab", "-l", "a b", "x.py"):
        (place / name).touch()
    return place


def _read(data: bytes) -> list[Counter[tuple[str, ...]]]:
    fields = data.decode().split("\0")[:-1]
    lines: list[Counter[tuple[str, ...]]] = []
    present: Counter[tuple[str, ...]] = Counter()
    at = 0
    while at < len(fields):
        if fields[at] == "/":
            lines.append(present)
            present, at = Counter(), at + 1
        else:
            count = int(fields[at])
            present[tuple(fields[at + 1 : at + 1 + count])] += 1
            at += 1 + count
    return lines
