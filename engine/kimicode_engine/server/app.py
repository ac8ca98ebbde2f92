"""The routes, and what every request passes before them. Nothing here computes; nothing is open without the key."""

import asyncio
import time
import uuid
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kimicode_engine.errors import RequestError
from kimicode_engine.server import anthropic, openai, schema
from kimicode_engine.server.anthropic_fold import MessageFold
from kimicode_engine.server.asked import Asked
from kimicode_engine.server.auth import KeyGate
from kimicode_engine.server.guards import BodyLimit, HostGate, Trace
from kimicode_engine.server.openai_fold import ChatFold, CompletionFold
from kimicode_engine.server.refusals import refusal
from kimicode_engine.server.respond import CLIENT_GONE, EventStream, Fold, whole
from kimicode_engine.server.service import Service
from kimicode_engine.template.render import render

BODY_SECONDS = 60.0
OWNER = "kimicode"
Answer = Response | EventStream
Read = Callable[[bytes], Asked]
MakeFold = Callable[[Asked, int], Fold]
"""(asked, prompt tokens) → the fold of its deltas."""


def create_app(service: Service, *, key: str | None, hosts: Collection[str] = ()) -> Starlette:
    """The ASGI application. `key` None: no key is asked for. `hosts`: names beside loopback's that it is known by."""
    routes = Routes(service).all()
    middleware = [
        Middleware(Trace, metrics=service.metrics, routes=[route.path for route in routes]),
        Middleware(HostGate, hosts=hosts),
        *([Middleware(KeyGate, key=key)] if key is not None else []),
        Middleware(BodyLimit),
    ]
    handlers: dict[Any, Any] = {
        RequestError: _refuse,
        HTTPException: _refuse_http,
        ClientDisconnect: _nobody_there,
        500: _apologise,
    }
    return Starlette(routes=routes, middleware=middleware, exception_handlers=handlers)


class Routes:
    """The endpoints of one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._vocab_size = service.tokenizer.vocab_size

    def all(self) -> list[Route]:
        """Every route there is."""
        return [
            Route("/v1/chat/completions", self.chat, methods=["POST"]),
            Route("/v1/completions", self.completion, methods=["POST"]),
            Route("/v1/messages", self.messages, methods=["POST"]),
            Route("/v1/messages/count_tokens", self.count_tokens, methods=["POST"]),
            Route("/v1/models", self.models),
            Route("/tokenize", self.tokenize, methods=["POST"]),
            Route("/detokenize", self.detokenize, methods=["POST"]),
            Route("/health", self.health),
            Route("/ready", self.ready),
            Route("/metrics", self.metrics),
        ]

    async def chat(self, request: Request) -> Answer:
        """OpenAI's chat."""
        return await self._generate(
            request,
            lambda body: openai.chat(schema.read(schema.ChatRequest, body), self._vocab_size),
            lambda asked, _: ChatFold(asked, self._service.tokenizer, **self._envelope("chatcmpl-")),
        )

    async def completion(self, request: Request) -> Answer:
        """OpenAI's plain continuation of a prompt."""
        return await self._generate(
            request,
            lambda body: openai.completion(schema.read(schema.CompletionRequest, body), self._vocab_size),
            lambda asked, _: CompletionFold(asked, self._service.tokenizer, **self._envelope("cmpl-")),
        )

    async def messages(self, request: Request) -> Answer:
        """Anthropic's messages."""
        return await self._generate(
            request,
            lambda body: anthropic.message(schema.read(schema.MessagesRequest, body)),
            lambda asked, prompt: MessageFold(
                asked, id=f"msg_{uuid.uuid4().hex}", model=self._service.name, prompt_tokens=prompt
            ),
        )

    async def count_tokens(self, request: Request) -> Response:
        """Anthropic's count of what a conversation would cost."""
        body = await _body(request)

        def count() -> int:
            conversation = anthropic.conversation(schema.read(schema.CountTokensRequest, body))
            return len(render(conversation, self._service.tokenizer))

        return JSONResponse({"input_tokens": await asyncio.to_thread(count)})

    async def tokenize(self, request: Request) -> Response:
        """vLLM's: the tokens of a text, or of a conversation as it would be rendered."""
        body = await _body(request)

        def encode() -> list[int]:
            asked = openai.tokenized(schema.read(schema.TokenizeRequest, body))
            tokenizer = self._service.tokenizer
            return tokenizer.encode(asked) if isinstance(asked, str) else render(asked, tokenizer)

        tokens = await asyncio.to_thread(encode)
        return JSONResponse({"tokens": tokens, "count": len(tokens), "max_model_len": self._service.window})

    async def detokenize(self, request: Request) -> Response:
        """vLLM's: the text of tokens; control tokens have none."""
        tokens = schema.read(schema.DetokenizeRequest, await _body(request)).tokens
        if tokens and max(tokens) >= self._vocab_size:
            raise RequestError(f"tokens: {max(tokens)} is not in the vocabulary", param="tokens")
        return JSONResponse({"prompt": await asyncio.to_thread(self._service.tokenizer.decode, tokens)})

    async def models(self, request: Request) -> Response:
        """The one model, in a shape that both OpenAI's and Anthropic's clients read."""
        name, window, created = self._service.name, self._service.window, self._service.created
        model = {
            "id": name,
            "object": "model",
            "type": "model",
            "created": created,
            "created_at": datetime.fromtimestamp(created, UTC).isoformat(),
            "display_name": name,
            "owned_by": OWNER,
            "max_model_len": window,
            "context_length": window,
        }
        page = {"has_more": False, "first_id": name, "last_id": name}
        return JSONResponse({"object": "list", "data": [model], **page})

    async def health(self, request: Request) -> Response:
        """200 while the process can still answer; 500 once its engine has ended."""
        alive = self._service.worker.alive
        return JSONResponse({"status": "ok" if alive else "the engine has ended"}, 200 if alive else 500)

    async def ready(self, request: Request) -> Response:
        """200 while another request would be admitted, else 503."""
        worker = self._service.worker
        word = "stopping" if worker.draining or not worker.alive else "full" if worker.full else "ready"
        return JSONResponse({"status": word}, 200 if word == "ready" else 503)

    async def metrics(self, request: Request) -> Response:
        """Prometheus' text."""
        text, kind = self._service.metrics.render()
        return Response(text, media_type=kind)

    async def _generate(self, request: Request, read: Read, fold: MakeFold) -> Answer:
        service = self._service
        service.worker.check(requests=1)
        body = await _body(request)
        asked, tickets = await asyncio.to_thread(lambda: service.prepare(read(body)))
        answer = fold(asked, len(tickets[0].request.prompt))
        reply = service.worker.submit(tickets)
        return EventStream(reply, answer) if asked.stream else await whole(reply, answer, request.receive)

    def _envelope(self, prefix: str) -> dict[str, Any]:
        return {"id": prefix + uuid.uuid4().hex, "model": self._service.name, "created": int(time.time())}


async def _body(request: Request) -> bytes:
    """The whole body. Raises RequestError if it takes too long or is too large."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.body()
    except TimeoutError:
        raise RequestError(f"the body did not come within {BODY_SECONDS:.0f} s", status=408) from None


async def _refuse(request: Request, error: RequestError) -> Response:
    return refusal(request.url.path, error)


async def _refuse_http(request: Request, error: HTTPException) -> Response:
    path, headers, code = request.url.path, dict(error.headers or {}), None
    message = error.detail
    if error.status_code == 404:
        message, code = f"there is nothing at {path[:200]}", "not_found"
    elif error.status_code == 405:
        message, code = f"{path[:200]} takes {headers.get('Allow', '')}, not {request.method}", "method_not_allowed"
    return refusal(path, RequestError(message, code=code, status=error.status_code), headers)


async def _apologise(request: Request, error: Exception) -> Response:
    return refusal(request.url.path, RequestError("the server failed on this request; its log says more", status=500))


async def _nobody_there(request: Request, error: ClientDisconnect) -> Response:
    return Response(status_code=CLIENT_GONE)
