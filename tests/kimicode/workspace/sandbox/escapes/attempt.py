"""One attempt to get out of the sandbox: a small program, and the kind of trace it leaves where nothing holds it in."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Trace = Literal[
    "outside",  # a file outside: its bytes, mode, times, owner, or a name
    "protected",  # a file of the workspace that programs obey, or one with rights of its own
    "secret",  # the content of a planted secret came back
    "reached",  # a socket of the machine was reached
    "victim",  # another process was stopped, changed or throttled
    "agent",  # the agent's own process was signalled, changed or had its terminal written to
    "machine",  # a setting of the kernel, a mount, a device
    "survivor",  # a process lives on after the session
    "crowd",  # more processes, or a larger file, than the limits say
]
Language = Literal["bash", "python", "perl"]
GIT_IN_WORKSPACE = "git's settings and hooks, .env files and the like inside the writable folders"
NESTED = "a command can make a new git repository in a sub-folder"
SEEN = "processes of the machine and their command lines can be seen, and slowed down"
LISTED = "names in hidden folders can be listed"
LATE_SOCKET = "a socket of a service outside that comes to be while a session runs"
DEVICES = "a command of root can change permissions of /dev/null and its like"
ATTRIBUTES = "permissions, times and attributes of files outside"


@dataclass(frozen=True, slots=True)
class Attempt:
    """`program` finds in its environment what it goes for (see `field.py` and `world.py`), and its parent's
    id in $PARENT.

    `afterwards` is a command that the agent runs outside of the sandbox next, as after a person's yes.
    `gaps` names, by layer, the gap through which it is known to get; `leaves` is whether it is judged after the
    session's end. `optional`: a kernel may lack what it needs even without a sandbox.
    """

    name: str
    trace: Trace
    program: str
    language: Language = "bash"
    root: bool = False
    afterwards: str = ""
    gaps: Mapping[str, str] = field(default_factory=dict)
    leaves: bool = False
    optional: bool = False

    @property
    def command(self) -> str:
        """What the shell is given."""
        start = "export PARENT=$PPID; "
        match self.language:
            case "bash":
                return start + self.program
            case "python":
                return start + f"$PY -I -S -c {shlex.quote(self.program)}"
            case "perl":
                return start + f"perl -e {shlex.quote(self.program)}"


def landlock(gap: str) -> dict[str, str]:
    """Gets through Landlock alone, by this gap of that layer."""
    return {"landlock": gap}
