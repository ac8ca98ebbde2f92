"""The agent's end of the socket to the supervisor: requests out, answers in, and who sent each of them.

What comes in is not trusted: answers have a fixed size, descriptors are refused, and the kernel names the sender.
"""

import asyncio
import socket
import struct
from array import array
from collections.abc import Callable

from kimicode.workspace.sandbox.protocol import ANSWER, Answer, answers

ENDED = "the sandbox was killed, by a command or for want of memory, and everything that ran in it"
NONSENSE = "the sandbox sent what it never should; it was ended, and everything that ran in it"
_AT_ONCE = 64 * ANSWER.size
_CREDENTIALS = struct.Struct("3i")


class Channel:
    """Belongs to the running event loop."""

    def __init__(
        self, end: socket.socket, hear: Callable[[Answer, int | None], None], lose: Callable[[str], None]
    ) -> None:
        """`hear` gets each answer and its sender's process id on this machine, None where the system does not tell.

        It raises ValueError for one that cannot be true. That, anything else that is no answer, and the end of the
        other side are told to `lose`, in words.
        """
        end.setblocking(False)
        if hasattr(socket, "SO_PASSCRED"):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._end = end
        self._hear = hear
        self._lose = lose
        self._buffer = bytearray()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(end, self._listen)

    async def send(self, data: bytes, descriptor: int | None = None) -> None:
        """Send all of it, the descriptor with its first byte. Raises OSError where nobody listens any more."""
        rights = [] if descriptor is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [descriptor]))]
        left = memoryview(data)
        while left:
            try:
                left = left[self._end.sendmsg([left], rights) :]
                rights = []
            except BlockingIOError:
                await self._writable()

    def close(self) -> None:
        """Hear nothing more; the other side notices."""
        self._loop.remove_reader(self._end)
        self._end.close()

    async def _writable(self) -> None:
        writable = asyncio.Event()
        descriptor = self._end.fileno()
        self._loop.add_writer(descriptor, writable.set)
        try:
            await writable.wait()
        finally:
            self._loop.remove_writer(descriptor)

    def _listen(self) -> None:
        try:
            # With room for nothing but the sender's credentials, no descriptor can come in.
            data, ancillary, flags, _ = self._end.recvmsg(_AT_ONCE, socket.CMSG_LEN(_CREDENTIALS.size))
        except BlockingIOError:
            return
        except OSError:
            data, ancillary, flags = b"", [], 0
        if not data:
            self._lose(ENDED)
            return
        self._buffer += data
        sender = _sender(ancillary)
        try:
            if flags & socket.MSG_CTRUNC:
                raise ValueError("a descriptor")
            for answer in answers(self._buffer):
                self._hear(answer, sender)
        except ValueError:
            self._lose(NONSENSE)


def _sender(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, getattr(socket, "SCM_CREDENTIALS", None)):
            pid, _, _ = _CREDENTIALS.unpack(data)
            return int(pid)
    return None
