"""What every request passes before its route: request id and count, Host and Origin, and the size of its body."""

import asyncio
import contextlib
import uuid
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kimicode_engine.errors import RequestError
from kimicode_engine.server.metrics import Metrics
from kimicode_engine.server.refusals import refusal

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
BODY_BYTES = 8 * 1024 * 1024
LINGER_BYTES = 64 * 1024 * 1024
LINGER_SECONDS = 3.0
"""So much of a body that is too large is read and thrown away, so that its sender gets to read the refusal."""


class Trace:
    """Gives each response a request id and counts it by route and status."""

    def __init__(self, app: ASGIApp, metrics: Metrics, routes: Collection[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._routes = frozenset(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; unknown paths count as one route, so that strangers cannot fill the memory with names."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = f"req-{uuid.uuid4().hex}"
        scope.setdefault("state", {})["request_id"] = name
        route = scope["path"] if scope["path"] in self._routes else "other"

        async def traced(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-request-id", name.encode())]}
                self._metrics.requests.labels(route, str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, traced)


class HostGate:
    """Against DNS rebinding: a web page whose name points at this machine sends its own name as Host or Origin."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = LOOPBACK_NAMES | {host.lower().strip("[]") for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 403, or pass on."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers({})
        if scope["type"] == "lifespan" or self._is_allowed(headers):
            await self._app(scope, receive, send)
            return
        message = "this Host or Origin is not served here; the server's --allowed-host names others than loopback"
        error = RequestError(message, code="host_not_allowed", status=403)
        await refusal(scope["path"], error)(scope, receive, send)

    def _is_allowed(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        return self._knows("//" + headers.get("host", "")) and (origin is None or self._knows(origin))

    def _knows(self, url: str) -> bool:
        try:
            return (urlsplit(url).hostname or "") in self._hosts
        except ValueError:
            return False


class BodyLimit:
    """Refuses a body that is too large, by its announced length or as soon as so many bytes have come."""

    def __init__(self, app: ASGIApp, limit: int = BODY_BYTES) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with a `receive` that counts; raises RequestError 413 into the route that reads too much."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        # h11 has checked that it is a number; it may be one of very many digits.
        if len(announced) > 18 or int(announced) > self._limit:
            await self._refuse(scope, receive, send)
            return
        left = self._limit

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise self._error()
            return message

        await self._app(scope, counted, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_open(message: Message) -> None:
            await send({**message, "more_body": True} if message["type"] == "http.response.body" else message)

        await refusal(scope["path"], self._error())(scope, receive, send_open)
        # A connection that closes on unread bytes is reset, and the refusal lost: read them for a while.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await _read_away(receive)
        await send({"type": "http.response.body", "body": b""})

    def _error(self) -> RequestError:
        message = f"the body is larger than the {self._limit // 1024 // 1024} MB that are read"
        return RequestError(message, code="request_too_large", status=413)


async def _read_away(receive: Receive) -> None:
    left = LINGER_BYTES
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if not message.get("more_body"):
            return
