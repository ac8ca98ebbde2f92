"""Lines from a terminal, a pipe or a file, for an event loop: no thread that would hang in a read at the end."""

import asyncio
import codecs
import os
from collections import deque


class TypedLines:
    """Reads a file descriptor line by line. `None` is the end; a terminal may be read on after it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._whole: deque[str | None] = deque()
        self._part = ""
        self._come = asyncio.Event()

    def start(self) -> None:
        """Begin to listen; needs a running event loop."""
        try:
            asyncio.get_running_loop().add_reader(self._descriptor, self._read)
        except (OSError, ValueError):  # a plain file is always readable, so no loop waits for it
            while not self._whole or self._whole[-1] is not None:
                self._read()

    def stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)

    async def next(self) -> str | None:
        """The next line, without its end. Cancelling it loses none."""
        while not self._whole:
            self._come.clear()
            await self._come.wait()
        return self._whole.popleft()

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:
            data = b""
        *lines, self._part = (self._part + self._decode(data, final=not data)).split("\n")
        self._whole.extend(line.rstrip("\r") for line in lines)
        if not data:
            if self._part:
                self._whole.append(self._part)
                self._part = ""
            self._whole.append(None)
            if not os.isatty(self._descriptor):
                asyncio.get_running_loop().remove_reader(self._descriptor)
        self._come.set()
