"""The web server of `kimicode web`, with a lock on its door.

A page from anywhere may open a connection to this machine's own addresses, and a shell waits behind this one: so every
request needs the key, once in the address and from then on in a cookie that other sites cannot send.
"""

import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

COOKIE = "kimicode-key"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class LockedServer(Server):
    """Lets in who brings the key, from the address that was printed."""

    def __init__(self, command: str, *, host: str, port: int, address: str, key: str) -> None:
        super().__init__(command, host, port, "kimicode", public_url=address)
        self._key = key

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()

        @web.middleware
        async def door(request: web.Request, handler: Answer) -> web.StreamResponse:
            return self._at_the_door(request) or await handler(request)

        app.middlewares.append(door)
        return app

    def _at_the_door(self, request: web.Request) -> web.Response | None:
        """What to answer instead of letting somebody in; None for who may come in."""
        place = urlsplit(self.public_url)
        origin = request.headers.get("Origin", "")
        # The name in `Host` is what keeps a foreign name that was pointed at this address out.
        if request.host != place.netloc or origin not in ("", f"{place.scheme}://{place.netloc}"):
            return web.Response(status=403, text=f"Open {self.public_url} with the key that was printed.")
        if self._fits(request.query.get("key", "")):
            reply = web.Response(status=303, headers={"Location": "/"})
            secure = place.scheme == "https"
            reply.set_cookie(COOKIE, self._key, httponly=True, samesite="Strict", secure=secure)
            return reply
        if not self._fits(request.cookies.get(COOKIE, "")):
            return web.Response(status=403, text="The key is missing: open the address that `kimicode web` printed.")
        return None

    def _fits(self, key: str) -> bool:
        return hmac.compare_digest(key.encode(), self._key.encode())

    async def on_startup(self, app: web.Application) -> None:
        """Says nothing: the address was printed with its key."""


def serve(command: str, *, host: str, port: int, address: str, key: str) -> None:
    """Serve until Ctrl-C; `command` is started for each tab."""
    LockedServer(command, host=host, port=port, address=address, key=key).serve()
