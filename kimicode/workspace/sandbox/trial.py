"""A confined program that tries what must fail and what must work. Whoever started it judges by what is there then.

Standard library only: it runs inside the layer that is on trial.
"""

import contextlib
import json
import socket
import sys
from pathlib import Path

from kimicode.workspace.sandbox.confine import confine
from kimicode.workspace.sandbox.policy import from_record

WORKS, CANARY, LEAK, MACHINE, SECRET = "works", "canary", "leak", "machine", "secret"
SETTING = "/proc/sys/kernel/core_pattern"


def main() -> None:
    """Arguments: whether it is confined by itself alone, the policy, a writable and another folder, a port outside."""
    alone, policy, inside, outside, port = sys.argv[1:]
    confine(from_record(json.loads(policy)), alone=alone == "alone")
    with contextlib.suppress(OSError):
        Path(outside, CANARY).write_text("written")
    with contextlib.suppress(OSError):
        Path(inside, LEAK).write_bytes(Path(outside, SECRET).read_bytes())
    with contextlib.suppress(OSError):
        open(SETTING, "ab").close()
        Path(inside, MACHINE).write_text("opened")
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", int(port)), timeout=1).close()
    Path(inside, WORKS).write_text("written")
