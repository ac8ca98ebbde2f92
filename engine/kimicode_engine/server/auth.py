"""The key on every route: nothing behind this middleware runs without it, whatever routes are added later."""

import hashlib
import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from kimicode_engine.errors import RequestError
from kimicode_engine.server.refusals import refusal


class KeyGate:
    """Lets a request through that carries the key as `Authorization: Bearer KEY` or `x-api-key: KEY`."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._digest = _digest(key)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 401, or pass on. Scopes other than HTTP and lifespan do not exist here."""
        if scope["type"] == "lifespan" or self._is_allowed(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        message = "a valid key is needed: send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'"
        error = RequestError(message, code="invalid_api_key", status=401)
        await refusal(scope["path"], error, {"www-authenticate": "Bearer"})(scope, receive, send)

    def _is_allowed(self, headers: Headers) -> bool:
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        keys = [headers.get("x-api-key"), bearer.strip() if scheme.lower() == "bearer" else None]
        # Digests have one length, and each is compared to its end: neither length nor prefix shows in the time.
        return any(hmac.compare_digest(_digest(key), self._digest) for key in keys if key)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
