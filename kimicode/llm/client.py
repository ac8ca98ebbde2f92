"""The client of an OpenAI-compatible server: one streamed answer at a time, with retries and a watch on silence."""

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from kimicode.config.catalog import ModelInfo, is_loopback
from kimicode.errors import ConfigError, KimicodeError, ModelError, ModelNotFound
from kimicode.events import RetryScheduled
from kimicode.llm.assemble import Assembly
from kimicode.llm.failures import Endpoint, page_instead_of_answer
from kimicode.llm.model import Model, ModelReply, ModelRequest, OnRetry
from kimicode.llm.reply import reply_of
from kimicode.llm.request import refused_fields, request_body
from kimicode.llm.retry import DEFAULT_POLICY, Cause, RetryPolicy, Transient
from kimicode.llm.sse import EventStream
from kimicode.llm.tokens import estimate_tokens
from kimicode.llm.wire import Outgoing
from kimicode.messages import OnPiece

if TYPE_CHECKING:
    import ssl

    from openai import AsyncOpenAI

__all__ = ["Model", "ModelClient", "ModelReply", "ModelRequest", "estimate_tokens"]

CONNECT_TIMEOUT = 20.0
LOOKUP_TIMEOUT = 4.0
AFTER_THE_END = 5.0
"""Seconds to wait for usage and the end of the stream once the answer itself is complete."""


class ModelClient:
    """A `Model` behind HTTP. `idle_timeout` is the longest silence in seconds; keep-alives count as sound."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str | None,
        model: str,
        info: ModelInfo,
        thinking: bool = True,
        retry: RetryPolicy = DEFAULT_POLICY,
        idle_timeout: float = 90.0,
    ) -> None:
        self._endpoint = Endpoint(base_url.rstrip("/"), model, api_key)
        self._info = info
        self._thinking = thinking
        self._retry = retry
        self._idle_timeout = idle_timeout
        self._openai: AsyncOpenAI | None = None
        self._refused: set[str] = set()
        self._outgoing = Outgoing(info)

    async def complete(self, request: ModelRequest, on_piece: OnPiece, on_retry: OnRetry) -> ModelReply:
        """Stream one answer; passing failures are retried, all others raise a `ModelError`."""
        attempt = 1
        while True:
            try:
                return reply_of(await self._attempt(request, on_piece), request, self._info)
            except Transient as failure:
                attempts = self._retry.attempts_for(failure)
                if attempt >= attempts:
                    raise self._endpoint.final(failure, attempt) from failure
                wait = self._retry.wait(attempt, failure)
                reason = failure.reason
            on_retry(RetryScheduled(attempt, attempts, round(wait, 3), reason))
            await asyncio.sleep(wait)
            attempt += 1

    async def served_window(self, model: str = "") -> int | None:
        """The window in tokens that the server reports for the model; None if it does not say. Never raises."""
        models = await self._models_or_none()
        wanted = model or self._endpoint.model
        mine = [entry for entry in models if entry.get("id") == wanted] or (models if len(models) == 1 else [])
        return next(filter(None, map(_window_in, mine)), None)

    async def first_model(self) -> str:
        """The first model that the server lists. Raises ModelError where it lists none or does not answer."""
        try:
            models = await self._models()
        except Transient as failure:
            raise self._endpoint.final(failure, 1) from failure
        except ModelNotFound:
            models = []
        ids = [str(entry["id"]) for entry in models if entry.get("id")]
        if not ids:
            hint = "Name one with --model or KIMICODE_MODEL."
            raise ModelNotFound(f"{self._endpoint.base_url} does not list its models", hint=hint)
        return ids[0]

    async def close(self) -> None:
        """Release connections."""
        if self._openai is not None:
            await self._openai.close()
            self._openai = None

    async def _attempt(self, request: ModelRequest, on_piece: OnPiece) -> Assembly:
        """One request, made again at once without an optional field that the server does not know."""
        from openai import APIConnectionError, APIStatusError

        dropped = set(self._refused)
        model, info, outgoing = self._endpoint.model, self._info, self._outgoing
        while True:
            body = request_body(request, model, info, outgoing, thinking=self._thinking, without=dropped)
            try:
                return await self._stream(body, on_piece)
            except APIStatusError as error:
                refused = refused_fields(error.status_code, str(error.body or error.message), body)
                if not refused:
                    raise await self._error_of(error) from error
                dropped |= refused
                self._refused |= refused - {"max_tokens"}
            except APIConnectionError as error:
                raise self._endpoint.unreachable(error) from error

    async def _stream(self, body: dict[str, Any], on_piece: OnPiece) -> Assembly:
        import httpx2

        answer = _Answer(self._endpoint, Assembly(on_piece))
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._idle_timeout) as watchdog, self._post(body) as chunks:
                async for chunk in chunks:
                    if answer.feed(chunk):
                        break
                    patience = min(AFTER_THE_END, self._idle_timeout) if answer.complete else self._idle_timeout
                    watchdog.reschedule(loop.time() + patience)
        except TimeoutError as error:
            if not answer.complete:
                raise Transient(f"no sound for {self._idle_timeout:g} s", Cause.UNREACHABLE) from error
        except httpx2.RequestError as error:
            if not answer.complete:
                raise self._endpoint.unreachable(error) from error
        return answer.close()

    @asynccontextmanager
    async def _post(self, body: dict[str, Any]) -> AsyncIterator[AsyncIterator[bytes]]:
        """The bytes of the answer; leaving the context closes the connection."""
        post = self._connect().chat.completions.with_streaming_response.create(
            model=self._endpoint.model, messages=[], stream=True, extra_body=body, extra_headers=self._headers()
        )
        async with post as response:
            yield response.iter_bytes()

    async def _error_of(self, error: Any) -> KimicodeError | Transient:
        if error.status_code == 404:
            served = [str(entry["id"]) for entry in await self._models_or_none() if "id" in entry]
            return self._endpoint.not_found(self._endpoint.words_of(error.body or error.message), served)
        return self._endpoint.error_of_status(error.status_code, error.response.headers, error.body)

    async def _models_or_none(self) -> list[dict[str, Any]]:
        """What GET /models lists; nothing where the server has no such list or does not answer."""
        try:
            return await self._models()
        except (ModelError, Transient):
            return []

    async def _models(self) -> list[dict[str, Any]]:
        import httpx2
        from openai import APIConnectionError, APIStatusError

        options: Any = {"headers": self._headers()}
        try:
            async with asyncio.timeout(LOOKUP_TIMEOUT):
                response = await self._connect().get("/models", cast_to=httpx2.Response, options=options)
            listed = response.json()
        except APIStatusError as error:
            raise self._endpoint.error_of_status(error.status_code, error.response.headers, error.body) from error
        except (APIConnectionError, httpx2.RequestError, TimeoutError) as error:
            raise self._endpoint.unreachable(error) from error
        except (ValueError, RecursionError):
            return []
        entries = listed.get("data", listed.get("models")) if isinstance(listed, dict) else listed
        return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []

    def _headers(self) -> dict[str, Any]:
        """The environment's OpenAI account is no business of other servers, and without a key none is sent."""
        from openai import Omit

        headers: dict[str, Any] = {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}
        return headers if self._endpoint.api_key else {**headers, "Authorization": Omit()}

    def _connect(self) -> "AsyncOpenAI":
        if self._openai is None:
            import httpx2
            from openai import AsyncOpenAI, DefaultAsyncHttpx2Client

            base_url = self._endpoint.base_url
            if not base_url.startswith(("http://", "https://")):
                raise ConfigError(
                    f"not an address of a server: {base_url!r}", hint="It begins with http:// or https://."
                )
            timeout = httpx2.Timeout(None, connect=CONNECT_TIMEOUT)
            # a proxy from the environment cannot reach this machine's own loopback address
            trust = not is_loopback(base_url)
            http = DefaultAsyncHttpx2Client(timeout=timeout, trust_env=trust, verify=_certificates(trust))
            self._openai = AsyncOpenAI(
                base_url=base_url,
                api_key=self._endpoint.api_key or "none",
                max_retries=0,
                timeout=timeout,
                http_client=http,
            )
        return self._openai


@functools.cache
def _certificates(from_environment: bool) -> "ssl.SSLContext":
    """Which certificates count, read once in a process: each time takes 20 ms, also where nothing is encrypted."""
    import httpx2

    return httpx2.create_ssl_context(trust_env=from_environment)


class _Answer:
    """The stream's bytes on their way into an assembly."""

    def __init__(self, endpoint: Endpoint, assembly: Assembly) -> None:
        self._endpoint = endpoint
        self._assembly = assembly
        self._events = EventStream()
        self._done = False

    @property
    def complete(self) -> bool:
        """Whether the answer itself has ended, be the stream open or not."""
        return self._done or bool(self._assembly.finish_reason) or self._assembly.repeated is not None

    def feed(self, chunk: bytes) -> bool:
        """True when nothing more needs to be read."""
        self._take(self._events.feed(chunk))
        return self._done or self._assembly.repeated is not None

    def close(self) -> Assembly:
        """The finished assembly. Raises Transient where the answer was cut."""
        if not self.complete:
            self._take(self._events.close())
        if not self.complete and self._events.stray.lstrip().startswith(b"{"):
            self._take([self._events.stray.decode("utf-8", "replace")])
        if not self.complete:
            raise Transient(page_instead_of_answer(bytes(self._events.stray)), Cause.UNREACHABLE)
        if self._assembly.finish_reason == "error":
            raise Transient("the server gave up in the middle of the answer", Cause.OVERLOADED)
        self._assembly.close()
        return self._assembly

    def _take(self, payloads: Sequence[str]) -> None:
        for payload in payloads:
            if payload.startswith("[DONE]"):
                self._done = True
            if self._done or self._assembly.repeated is not None:
                return
            try:
                chunk = json.loads(payload)
            except (ValueError, RecursionError) as error:
                if self.complete:
                    return
                raise Transient("the stream broke in the middle of a chunk", Cause.UNREACHABLE) from error
            if isinstance(chunk, dict):
                if chunk.get("error") and not self.complete:
                    raise self._endpoint.error_in_stream(chunk["error"])
                self._assembly.feed(chunk)


def _window_in(entry: dict[str, Any]) -> int | None:
    """vLLM and SGLang say max_model_len, OpenRouter context_length, others context_window, llama.cpp meta.n_ctx."""
    meta = entry.get("meta")
    values = [entry.get(key) for key in ("max_model_len", "context_length", "context_window")]
    values.append(meta.get("n_ctx") if isinstance(meta, dict) else None)
    return next((value for value in values if isinstance(value, int) and value > 0), None)
