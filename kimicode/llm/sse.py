"""Server-sent events, byte by byte: the `data` of each event, whatever the line ends and however the chunks fall.

What is no event at all (an HTML page, a plain JSON body) is kept in `stray`, so that the client can say what it got.
"""

import re

_LINE_END = re.compile(rb"\r\n|\r|\n")
_FIELD = re.compile(rb"(?:data|event|id|retry)(?::|$)|:")
STRAY_LIMIT = 64 * 1024 * 1024


class EventStream:
    """Feed it bytes as they come; it returns the payloads that they complete."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[str] = []
        self._after_cr = False
        self.stray = bytearray()

    def feed(self, chunk: bytes) -> list[str]:
        """The `data` payloads that `chunk` completes, in order."""
        if not chunk:
            return []
        ends_in_cr = chunk.endswith(b"\r")
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_cr = ends_in_cr
        payloads: list[str] = []
        *lines, rest = _LINE_END.split(chunk)
        for line in lines:
            self._line += line
            payloads += self._end_of_line(bytes(self._line))
            self._line.clear()
        self._line += rest
        return payloads

    def close(self) -> list[str]:
        """What the end of the stream leaves: servers forget the last blank line. It may be half a payload."""
        line = bytes(self._line)
        self._line.clear()
        return self._end_of_line(line) + self._dispatch()

    def _end_of_line(self, line: bytes) -> list[str]:
        if not line:
            return self._dispatch()
        if not _FIELD.match(line):
            self._keep(line)
        elif line.startswith(b"data:"):
            self._data.append(line[5:].decode("utf-8", "replace").removeprefix(" "))
        return []

    def _dispatch(self) -> list[str]:
        payload, self._data = "\n".join(self._data), []
        return [payload] if payload else []

    def _keep(self, line: bytes) -> None:
        if len(self.stray) < STRAY_LIMIT:
            self.stray += line + b"\n"
