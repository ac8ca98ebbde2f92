"""A uvicorn server on a socket that is bound before the model is loaded, without uvicorn's own signal handling."""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from kimicode_engine.errors import EngineError

HEADER_BYTES = 16 * 1024
KEEP_ALIVE_SECONDS = 75
GRACE_SECONDS = 5
"""For clients to read the end of their answers once the engine has drained."""
BACKLOG = 1024


class PortTaken(EngineError):
    """The address cannot be listened on."""


class Listener(uvicorn.Server):
    """Serves an app until `stop`; signals belong to whoever starts it."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(_config(app))
        self._listening = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self, listening: socket.socket) -> None:
        """Return once connections are accepted."""
        self._task = asyncio.create_task(self.serve(sockets=[listening]))
        await self._listening.wait()

    async def stop(self) -> None:
        """Accept no more connections, and give open answers GRACE_SECONDS to be read."""
        self.should_exit = True
        if self._task:
            await self._task

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn's, and the word that it is done."""
        await super().startup(sockets)
        self._listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen yet. Raises PortTaken saying what to do."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise PortTaken(f"--host {host} is no address of this machine: {error.strerror}") from None
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            advice = f"choose another with --port {port + 1 if port < 65535 else 0}, or --port 0 for any that is free"
            raise PortTaken(f"port {port} on {host} is taken by another program: {advice}") from None
        raise PortTaken(f"{host} port {port} cannot be listened on: {error.strerror}") from None
    return listening


def _config(app: ASGIApp) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        h11_max_incomplete_event_size=HEADER_BYTES,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
