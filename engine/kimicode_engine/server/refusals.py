"""Refusals as JSON, in the shape of whoever is asked: Anthropic's under /v1/messages, OpenAI's elsewhere."""

import json
from typing import Any

from starlette.responses import Response

from kimicode_engine.errors import RequestError

ANTHROPIC_ROUTES = "/v1/messages"
OPENAI_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
ANTHROPIC_TYPES = OPENAI_TYPES | {413: "request_too_large", 503: "overloaded_error"}


def error_type(status: int, types: dict[int, str], server: str) -> str:
    """The word for an HTTP status: `server` for 5xx that have none of their own."""
    return types.get(status, server if status >= 500 else "invalid_request_error")


def error_body(path: str, error: RequestError) -> dict[str, Any]:
    """The JSON of a refusal on this route."""
    if path.startswith(ANTHROPIC_ROUTES):
        kind = error_type(error.status, ANTHROPIC_TYPES, "api_error")
        return {"type": "error", "error": {"type": kind, "message": error.message}}
    kind = error_type(error.status, OPENAI_TYPES, "server_error")
    return {"error": {"message": error.message, "type": kind, "param": error.param, "code": error.code}}


def refusal(path: str, error: RequestError, headers: dict[str, str] | None = None) -> Response:
    """The whole response, Retry-After included."""
    extra = dict(headers or {})
    if error.retry_after is not None:
        extra["retry-after"] = str(error.retry_after)
    body = json.dumps(error_body(path, error), ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, error.status, extra, media_type="application/json")
