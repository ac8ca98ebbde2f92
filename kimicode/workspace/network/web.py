"""One page of the public web by GET: the address that was judged is the one connected to, and everything is bounded.

No cookies, no credentials, no proxy, nothing kept between two requests. A page that moved to another host is not
followed: where it leads is for the caller to judge.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import IPv6Address
from typing import TYPE_CHECKING

from kimicode import __version__
from kimicode.workspace.network.addresses import Forbidden, Resolver, Unreachable
from kimicode.workspace.network.hosts import WEB_PORTS, Address
from kimicode.workspace.network.urls import Url, follow

if TYPE_CHECKING:
    import ssl

    import httpx2

MOST_BYTES = 2_000_000
MOST_REDIRECTS = 5
IN_ALL_S = 20.0
CONNECT_S = 5.0
_ACCEPTED = "text/html, text/plain, text/markdown, application/json;q=0.9, application/xml;q=0.9, text/*;q=0.8"
_GZIP = 16 + zlib.MAX_WBITS


class Failed(OSError):
    """The server cannot be reached, does not answer as it should, or not in time."""


@dataclass(frozen=True, slots=True)
class Page:
    """What came in the end. `moved` is set where it lies on another host, and then nothing else came.

    `cut`: there was more than `MOST_BYTES`.
    """

    url: Url
    content_type: str = ""
    body: bytes = b""
    cut: bool = False
    moved: Url | None = None


@dataclass(frozen=True, slots=True)
class Web:
    """How pages are reached; `trust` is which certificates count, None being those of this machine."""

    resolver: Resolver = field(default_factory=Resolver)
    trust: "ssl.SSLContext | None" = None
    ports: tuple[int, ...] = WEB_PORTS
    in_all_s: float = IN_ALL_S

    async def get(self, url: Url) -> Page:
        """The page. Raises Failed, and Forbidden where the name or a redirect leads inside, or to another port."""
        try:
            async with asyncio.timeout(self.in_all_s):
                return await self._follow(url)
        except TimeoutError as error:
            raise Failed(f"no whole answer within {self.in_all_s:.0f} s") from error
        except Unreachable as error:
            raise Failed(str(error)) from error

    async def _follow(self, url: Url) -> Page:
        for _ in range(MOST_REDIRECTS + 1):
            found = await self._hop(url)
            if found.moved is None or found.moved.host != url.host:
                return found
            url = found.moved
        raise Failed(f"more than {MOST_REDIRECTS} redirects")

    async def _hop(self, url: Url) -> Page:
        """One request, to the first address that takes a connection."""
        import httpx2

        if url.port not in self.ports:
            raise Forbidden(f"port {url.port} is none of the web's")
        problem: Exception = Unreachable("no address")
        for address in await self.resolver.addresses(url.host, url.port):
            try:
                return await self._ask(url, address)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                problem = error
            except httpx2.HTTPError as error:
                raise Failed(f"no proper answer: {error or type(error).__name__}") from error
        raise Failed(f"no connection: {problem}") from problem

    async def _ask(self, url: Url, address: Address) -> Page:
        """A client for each request: no connection and no cookie passes on. The environment leads to no proxy."""
        import httpx2

        trust = self.trust or httpx2.create_ssl_context()
        async with (
            httpx2.AsyncClient(verify=trust, trust_env=False, timeout=self._timeout()) as client,
            client.stream("GET", _at(url, address), headers=_headers(url), extensions=_extensions(url)) as response,
        ):
            return await _read(url, response)

    def _timeout(self) -> "httpx2.Timeout":
        import httpx2

        return httpx2.Timeout(self.in_all_s, connect=min(CONNECT_S, self.in_all_s))


def _at(url: Url, address: Address) -> "httpx2.URL":
    """The request's address with a number for the name, so that nobody looks that up again."""
    import httpx2

    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    return httpx2.URL(f"{url.scheme}://{host}:{url.port}{url.target}")


def _headers(url: Url) -> dict[str, str]:
    return {
        "Host": url.authority,
        "User-Agent": f"kimicode/{__version__}",
        "Accept": _ACCEPTED,
        "Accept-Encoding": "gzip",
        "Connection": "close",
    }


def _extensions(url: Url) -> dict[str, str]:
    """The name that the server has to prove to have."""
    return {"sni_hostname": url.host} if isinstance(url.host, str) else {}


async def _read(url: Url, response: "httpx2.Response") -> Page:
    if response.is_redirect:
        try:
            return Page(url, moved=follow(url, response.headers["location"]))
        except (KeyError, ValueError) as error:
            raise Failed(f"it redirects to what is no address of a page: {error}") from error
    if response.status_code != HTTPStatus.OK:
        raise Failed(f"the server answers {response.status_code} {response.reason_phrase}")
    body = bytearray()
    async for piece in _decoded(response):
        body += piece
        if len(body) > MOST_BYTES:
            break
    return Page(url, response.headers.get("content-type", ""), bytes(body[:MOST_BYTES]), len(body) > MOST_BYTES)


async def _decoded(response: "httpx2.Response") -> AsyncIterator[bytes]:
    """The body unpacked piece by piece: a small one can hold gigabytes of zeros."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise Failed(f"the answer is packed in a way that was not asked for: {encoding[:40]}")
    unpacker = zlib.decompressobj(_GZIP) if encoding != "identity" else None
    async for raw in response.aiter_raw():
        try:
            yield unpacker.decompress(raw, MOST_BYTES + 1) if unpacker else raw
        except zlib.error as error:
            raise Failed("the answer is packed, and broken") from error
