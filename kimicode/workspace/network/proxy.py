"""The proxy: the only way out of a sandbox. It belongs to the agent, listens inside, and knows the hosts by name.

It reads HTTP: CONNECT, and requests in plain text, one a connection. Whatever it does not understand it refuses.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass

import h11

from kimicode.errors import KimicodeError
from kimicode.workspace.network.addresses import Forbidden, Resolver, Unreachable, connect
from kimicode.workspace.network.hosts import WEB_PORTS, AllowList, Host, authority
from kimicode.workspace.network.relay import Line, forward, tunnel
from kimicode.workspace.network.wish import MOST_HEAD, Wish, understand

HEAD_S = 15.0
CONNECT_S = 10.0
MOST_CONNECTIONS = 128
MOST_TOLD = 100
"""Hosts that are told of; who asks for more names than that makes them up."""
MOST_REMARKS = 8
_PIECE = 16 * 1024


@dataclass(frozen=True, slots=True)
class Contact:
    """A command asked for `place`, a host with its port; `refusal` says why that was refused, and is empty if not."""

    place: str
    refusal: str = ""


class Refusal(Exception):
    """What a program gets in place of what it asked for."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def _nobody(contact: Contact) -> None:
    pass


class Proxy:
    """Serves one sandbox at a time. Close it: no connection outlives that."""

    def __init__(self, allowed: AllowList, resolver: Resolver | None = None, *, head_s: float = HEAD_S) -> None:
        self.tell: Callable[[Contact], None] = _nobody
        """Hears of each host once before it is reached, and once where it is refused. If it raises KimicodeError, the
        host is not reached."""
        self._allowed = allowed
        self._resolver = resolver or Resolver()
        self._head_s = head_s
        self._server: asyncio.Server | None = None
        self._visits: set[asyncio.Task[None]] = set()
        self._told: set[Contact] = set()
        self._remarks: dict[str, None] = {}

    async def serve(self, listener: socket.socket) -> None:
        """Take what comes in on a listening socket until `close`; the socket stays with its owner. Raises OSError."""
        await self.close()
        self._server = await asyncio.start_server(self._take, sock=listener.dup(), limit=_PIECE)

    async def close(self) -> None:
        """Cut all connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    def remarks(self) -> tuple[str, ...]:
        """What was refused since the last time this was asked, a sentence for each of the first hosts."""
        remarks, self._remarks = tuple(self._remarks), {}
        left = len(remarks) - MOST_REMARKS
        return (*remarks[:MOST_REMARKS], f"other hosts were refused, too: {left}") if left > 0 else remarks

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._visits) >= MOST_CONNECTIONS:
            writer.transport.abort()
            return
        visit = asyncio.create_task(self._attend(Line(reader, writer)))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    async def _attend(self, client: Line) -> None:
        parsed = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD)
        try:
            wish = await self._hear(parsed, client)
            host = await self._reach(wish)
            try:
                await _pass_on(parsed, wish, client, host)
            finally:
                host.writer.transport.abort()
            await client.close()
        except Refusal as refusal:
            with contextlib.suppress(OSError):
                await client.say_last(_answer(refusal))
        except (OSError, h11.ProtocolError):
            pass  # whoever is gone needs no answer
        finally:
            client.writer.transport.abort()

    async def _hear(self, parsed: h11.Connection, client: Line) -> Wish:
        """Raises Refusal for what is not a request, and OSError where none comes in time."""
        try:
            async with asyncio.timeout(self._head_s):
                while (event := parsed.next_event()) is h11.NEED_DATA:
                    parsed.receive_data(await client.reader.read(_PIECE))
            if not isinstance(event, h11.Request):
                raise ConnectionError("gone")
            return understand(event)
        except h11.RemoteProtocolError as error:
            raise Refusal(error.error_status_hint, f"that is not a request: {error}") from error
        except ValueError as error:
            raise Refusal(400, str(error)) from error

    async def _reach(self, wish: Wish) -> Line:
        """A connection to the host that is asked for. Raises Refusal."""
        host, port = wish.host, wish.port
        place = authority(host, port)
        if not self._allowed.permits(host, port):
            raise self._refused(place, _not_allowed(host, port))
        try:
            addresses = await self._resolver.addresses(host, port, self._allowed.permits)
            self._note(Contact(place))
            return Line(*await connect(addresses, port, CONNECT_S))
        except Forbidden as error:
            text = f"{error}, which is no public address; the user can allow that address itself, beside the name"
            raise self._refused(place, text) from error
        except Unreachable as error:
            raise Refusal(502, f"{place}: {error}") from error

    def _refused(self, place: str, why: str) -> Refusal:
        if len(self._remarks) < MOST_TOLD:
            self._remarks[f"{place} was refused: {why}"] = None
        self._note(Contact(place, why))
        return Refusal(403, f"{place} was refused: {why}")

    def _note(self, contact: Contact) -> None:
        """Raises Refusal where it cannot be recorded."""
        if contact in self._told or len(self._told) > MOST_TOLD:
            return
        if len(self._told) == MOST_TOLD:
            contact = Contact("more hosts", f"{MOST_TOLD} were told of; the rest is not")
        self._told.add(contact)
        try:
            self.tell(contact)
        except KimicodeError as error:
            raise Refusal(503, f"nothing is reached that cannot be recorded: {error}") from error


async def _pass_on(parsed: h11.Connection, wish: Wish, client: Line, host: Line) -> None:
    if wish.request is not None:
        await forward(parsed, wish.request, client, host)
        return
    await client.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
    first, _ = parsed.trailing_data
    await tunnel(client, host, first)


def _not_allowed(host: Host, port: int) -> str:
    entry = str(host) if port in WEB_PORTS and isinstance(host, str) else authority(host, port)
    return (
        f'it is not among the hosts that commands may reach; the user allows it by network = ["{entry}"] in config.toml'
    )


def _answer(refusal: Refusal) -> bytes:
    body = f"kimicode: {refusal}\n".encode()
    head = (
        f"HTTP/1.1 {refusal.status} Refused\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
