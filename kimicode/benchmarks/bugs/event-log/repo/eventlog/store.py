"""Events as JSON lines: one object per line, oldest first."""

import json
from pathlib import Path


class EventLog:
    def __init__(self, path):
        self.path = Path(path)

    def append(self, kind, at, **payload):
        event = {"kind": kind, "at": at, "payload": payload}
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(event) + "\n")

    def events(self, kind=None):
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as stream:
            for line in stream:
                event = json.loads(line)
                if kind is None or event["kind"] == kind:
                    yield event
