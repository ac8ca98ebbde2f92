"""A forge over HTTP: the token stays with its host, nothing that may have been done is repeated, all is bounded."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kimicode import __version__
from kimicode.config.catalog import is_loopback
from kimicode.config.secrets import Redactor
from kimicode.review.forges.answer import Answer, one_line
from kimicode.review.forges.failures import Advice, Busy, ForgeError, Unclear, of_answer
from kimicode.review.forges.limits import Patience, asked_wait

if TYPE_CHECKING:
    import httpx2

MOST_BYTES = 16_000_000
"""Of one answer."""
MOST_BYTES_LISTED = 64_000_000
"""Of a list with all its pages."""
MOST_PAGES = 50
PER_PAGE = 100
_CONNECT_S = 10.0
_MOST_REDIRECTS = 3
_MAKING_TRIES = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEEPS_METHOD = frozenset({307, 308})
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
_TRUST = "SSL_CERT_FILE names the certificates that count, for a server with one of its own."


@dataclass(frozen=True, slots=True)
class Token:
    """A secret and the header that carries it; `source` is what a person would call it."""

    header: str
    value: str = field(repr=False)
    source: str


class _Lost(Exception):
    """No answer, or one that says that the server is broken. `sent`: the request may have reached it."""

    def __init__(self, reason: str, *, sent: bool, status: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.status = status


class _Limited(Exception):
    """A rate limit; how long to wait is in the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class Http:
    """Requests to one forge. A target is a path below its API's address, or a whole address on the same host.

    Every request may raise ForgeError.
    """

    def __init__(
        self,
        forge: str,
        api: str,
        token: Token | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        advice: Advice | None = None,
        patience: Patience | None = None,
    ) -> None:
        """`forge` is its name for messages, `api` the address that paths are put behind."""
        self._forge = forge
        self._api = api.rstrip("/")
        self._token = token
        self._headers = {"User-Agent": f"kimicode/{__version__}", "Accept-Encoding": "gzip", **(headers or {})}
        self._advice = advice or Advice()
        self._patience = patience or Patience()
        self._redact = Redactor([token.value.rpartition(" ")[2]] if token else [])
        self._waited = 0.0
        self._connected: httpx2.AsyncClient | None = None

    @property
    def authenticated(self) -> bool:
        return self._token is not None

    async def get(self, target: str, params: Mapping[str, str] | None = None) -> Any:
        """What the forge keeps there, as JSON."""
        return self._value(await self._ask("GET", self._url(target, params), None, again=True), target)

    async def items(self, target: str, params: Mapping[str, str] | None = None) -> list[Any]:
        """A list with all its pages."""
        url = self._url(target, {"per_page": str(PER_PAGE), **(params or {})})
        found: list[Any] = []
        seen, size = {url}, 0
        for _ in range(MOST_PAGES):
            answer = await self._ask("GET", url, None, again=True)
            page, size = self._value(answer, target), size + len(answer.body)
            if not isinstance(page, list):
                raise ForgeError(f"{self._forge} answers to GET {target} with what is no list")
            found += page
            following = answer.next_page()
            if not following:
                return found
            url = self._inside(following, "the next page")
            if url in seen or size > MOST_BYTES_LISTED:
                break
            seen.add(url)
        raise ForgeError(f"{self._forge}'s list at {target} has no end after {len(seen)} pages and {size:,} bytes")

    async def send(self, method: str, target: str, body: Any, *, again: bool) -> Any:
        """Changes something; `again` where doing it twice does no harm. Raises Unclear where it may have been done."""
        return self._value(await self._ask(method, self._url(target), body, again=again), target)

    async def make(self, target: str, body: Any, stands: Callable[[], Awaitable[bool]]) -> None:
        """Posts what must not be there twice: after an unclear failure `stands` looks before it is posted again.

        What the forge says of a success is not read: it was done, whatever came back.
        """
        for remaining in reversed(range(_MAKING_TRIES)):
            try:
                await self._ask("POST", self._url(target), body, again=False)
                return
            except Unclear:
                await self._rest(self._patience.settle_s, f"no answer to POST {target}")
                if await stands():
                    return
                if not remaining:
                    raise

    async def close(self) -> None:
        if self._connected is not None:
            await self._connected.aclose()

    async def _ask(self, method: str, url: str, body: Any, *, again: bool) -> Answer:
        """The answer, tried for as long as it repeats nothing and patience lasts."""
        doing = f"{method} {self._short(url)}"
        for attempt in range(1, self._patience.attempts + 1):
            try:
                return await self._once(method, url, body)
            except _Limited as limit:
                problem = f"{self._forge}'s rate limit"
                wait = asked_wait(limit.answer, attempt) or 0.0
            except _Lost as lost:
                problem = f"{self._forge} gives no answer to {doing}: {lost.reason}"
                if lost.sent and not again:
                    raise Unclear(problem, status=lost.status) from lost
                wait = self._backoff(attempt)
            if attempt < self._patience.attempts:
                await self._rest(wait, problem)
        raise Busy(problem, hint="Try again later.")

    async def _once(self, method: str, url: str, body: Any) -> Answer:
        """One request, on the same host wherever it was moved to."""
        for _ in range(_MOST_REDIRECTS + 1):
            answer = await self._exchange(method, url, body)
            if answer.status not in _REDIRECTS:
                return self._judged(answer, f"{method} {self._short(url)}")
            if method != "GET" and answer.status not in _KEEPS_METHOD:
                raise ForgeError(f"{self._forge} says that {self._short(url)} has moved", hint="Use its new address.")
            url = self._inside(answer.headers.get("location", ""), "a redirect")
        raise ForgeError(f"{self._forge} leads {method} {self._short(url)} on and on to other addresses")

    def _judged(self, answer: Answer, doing: str) -> Answer:
        if answer.status < 400:
            return answer
        if asked_wait(answer, 1) is not None:
            raise _Limited(answer)
        if answer.status >= 500:
            raise _Lost(f"it answers {answer.status}", sent=True, status=answer.status)
        raise of_answer(self._forge, doing, answer, self._advice, self._redact)

    async def _exchange(self, method: str, url: str, body: Any) -> Answer:
        import httpx2

        unsent = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
        try:
            async with asyncio.timeout(self._patience.answer_s):
                return await self._stream(method, url, body)
        except unsent as error:
            if _UNTRUSTED in str(error):
                raise ForgeError(f"{self._forge} cannot be trusted: {self._words(error)}", hint=_TRUST) from error
            raise _Lost(self._words(error), sent=False) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise _Lost(self._words(error), sent=True) from error
        except TimeoutError as error:
            raise _Lost(f"not whole within {self._patience.answer_s:g} s", sent=True) from error

    async def _stream(self, method: str, url: str, body: Any) -> Answer:
        """The whole answer, read piece by piece so that a huge one is noticed before it is held."""
        secret = {self._token.header: self._token.value} if self._token else {}
        kept = bytearray()
        async with self._client().stream(method, url, json=body, headers=secret) as response:
            async for piece in response.aiter_bytes():
                kept += piece
                if len(kept) > MOST_BYTES:
                    raise ForgeError(f"{self._forge} answers with more than {MOST_BYTES:,} bytes")
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, bytes(kept))

    def _client(self) -> "httpx2.AsyncClient":
        if self._connected is None:
            import httpx2

            timeout = httpx2.Timeout(self._patience.answer_s, connect=_CONNECT_S)
            # a proxy from the environment cannot reach this machine's own loopback address
            trust = not is_loopback(self._api)
            self._connected = httpx2.AsyncClient(headers=self._headers, timeout=timeout, trust_env=trust)
        return self._connected

    def _value(self, answer: Answer, target: str) -> Any:
        if not answer.body:
            return None
        try:
            return answer.json()
        except ValueError as error:
            kind = one_line(answer.headers.get("content-type", "of no kind"))
            raise ForgeError(f"{self._forge} answers {target} with what is no JSON ({kind})") from error

    def _url(self, target: str, params: Mapping[str, str] | None = None) -> str:
        import httpx2

        inside = self._inside(target if "://" in target else f"{self._api}{target}", "an address")
        return str(httpx2.URL(inside).copy_merge_params(params)) if params else inside

    def _inside(self, url: str, what: str) -> str:
        """An address, absolute now. Raises ForgeError where it is on another host: the token would go there."""
        import httpx2

        here = httpx2.URL(self._api)
        try:
            there = here.join(url)
        except httpx2.InvalidURL as error:
            raise ForgeError(f"{self._forge} gives {what} that is no address") from error
        if (there.scheme, there.host, there.port, there.userinfo) != (here.scheme, here.host, here.port, b""):
            raise ForgeError(f"{self._forge} leads to another host with {what}: {one_line(there.host)}; not followed")
        return str(there)

    def _short(self, url: str) -> str:
        return one_line(url.removeprefix(self._api).partition("?")[0])

    def _words(self, error: Exception) -> str:
        return one_line(self._redact(str(error))) or "the connection broke"

    def _backoff(self, attempt: int) -> float:
        """Half at least: the server is to get a rest."""
        wait: float = min(self._patience.longest_s, self._patience.first_s * 2.0 ** (attempt - 1))
        return wait * random.uniform(0.5, 1.0)

    async def _rest(self, seconds: float, why: str) -> None:
        if self._waited + seconds > self._patience.in_all_s:
            raise Busy(f"{why}: {seconds:.0f} s more are too long to wait", hint="Try again later.")
        self._waited += seconds
        await asyncio.sleep(seconds)
