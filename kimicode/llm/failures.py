"""What went wrong with a request: a passing failure to be retried, or an error that says what to do next."""

import json
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kimicode.config.catalog import is_loopback, provider_of
from kimicode.errors import (
    ContextOverflow,
    KimicodeError,
    ModelError,
    ModelNotFound,
    ModelOverloaded,
    ModelUnreachable,
    QuotaExhausted,
    Unauthorized,
)
from kimicode.llm.retry import Cause, Transient, parse_retry_after

WORDS = 300
_PASSING = {408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529}
_OVERFLOW = re.compile(
    r"context[ _-]?(?:length|window|size|limit)|maximum context|too many (?:input )?tokens|"
    r"(?:prompt|input|request|messages?)(?: \w+)? (?:is|are|was) too (?:long|large)|token limit|"
    r"exceeds? the (?:available|maximum|model)|reduce the length|input length|payload too large|entity too large"
)
_QUOTA = re.compile(
    r"insufficient[ _]?(?:quota|balance|funds|credits?)|exceeded[ _](?:your[ _])?current[ _]quota|billing|"
    r"balance|suspended|out of credits|requires more credits|payment|recharge"
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Whom the client talks to, for messages to the person."""

    base_url: str
    model: str
    api_key: str | None = None

    def error_of_status(self, status: int, headers: Mapping[str, str], body: Any) -> KimicodeError | Transient:
        """What a status code other than 2xx means."""
        words = self.words_of(body)
        told = f"{status}: {words}" if words else str(status)
        lower = words.lower()
        if status == 413 or (status in (400, 422, 500) and _OVERFLOW.search(lower)):
            return ContextOverflow(f"the conversation is longer than {self.model} can read ({told})")
        if status in (401, 403):
            return self._unauthorized(told)
        if status == 402 or (status == 429 and "rate_limit" not in lower and _QUOTA.search(lower)):
            return QuotaExhausted(
                f"the account at {self._where} has no quota left ({told})",
                hint="Top it up, or choose another provider.",
            )
        if status in _PASSING:
            return Transient(
                f"{self._where} answered {told}",
                Cause.OVERLOADED,
                retry_after=parse_retry_after(headers.get("retry-after")),
            )
        return ModelError(f"{self._where} refused the request ({told})")

    def error_in_stream(self, error: Any) -> KimicodeError | Transient:
        """What an error object within a stream means; without a status it counts as the server's trouble."""
        code = str(error.get("code", error.get("status"))) if isinstance(error, dict) else ""
        status = int(code) if re.fullmatch("[45][0-9][0-9]", code) else 500
        return self.error_of_status(status, {}, error)

    def not_found(self, words: str, served: Sequence[str]) -> ModelNotFound:
        """A 404; `served` are the model ids that the server does offer."""
        if served:
            names = ", ".join(served[:20]) + (", …" if len(served) > 20 else "")
            hint = f"It serves: {names}. Choose one with --model."
        else:
            hint = "Check the address (--base-url, it usually ends in /v1) and the name (--model)."
        return ModelNotFound(f"{self._where} knows no model {self.model!r} ({words or '404'})", hint=hint)

    def unreachable(self, error: BaseException) -> ModelUnreachable | Transient:
        """A connection that was not made or did not last."""
        root = _root(error)
        if isinstance(root, ssl.SSLCertVerificationError):
            return ModelUnreachable(f"{self._where} shows a certificate that cannot be trusted: {root.verify_message}")
        refused = isinstance(root, ConnectionRefusedError)
        what = str(error) or type(error).__name__
        cause = Cause.NOT_RUNNING if refused and is_loopback(self.base_url) else Cause.UNREACHABLE
        return Transient(f"connection refused by {self._where}" if refused else f"connection lost: {what}", cause)

    def final(self, failure: Transient, attempts: int) -> ModelError:
        """The error after the last attempt."""
        tried = f"{failure.reason} ({attempts} attempts)"
        if failure.cause is Cause.OVERLOADED:
            return ModelOverloaded(tried, hint="The server is overloaded or in trouble; try again later.")
        if failure.cause is Cause.NOT_RUNNING:
            return ModelUnreachable(tried, hint=f"No server runs at {self.base_url}. Start it, or set --base-url.")
        return ModelUnreachable(tried, hint=f"Check the network and the address {self.base_url}.")

    def words_of(self, body: Any) -> str:
        """The server's own words, short, on one line and without the key."""
        text = " ".join(_message_in(body).split())
        if self.api_key:
            text = text.replace(self.api_key, "…")
        return text if len(text) <= WORDS else text[:WORDS] + "…"

    def _unauthorized(self, told: str) -> Unauthorized:
        names = (*provider_of(self.base_url).key_variables, "KIMICODE_API_KEY")
        what = "refused the key" if self.api_key else "wants a key, and none is set"
        return Unauthorized(f"{self._where} {what} ({told})", hint=f"Set {' or '.join(names)} to a valid key.")

    @property
    def _where(self) -> str:
        return self.base_url.partition("://")[2].partition("/")[0].rpartition("@")[2] or self.base_url


def page_instead_of_answer(stray: bytes) -> str:
    """What to say of a 200 that carries no answer at all."""
    start = stray[:200].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html")):
        return "a web page came instead of an answer; is the address right?"
    return "the stream ended before the answer was complete"


def _message_in(body: Any) -> str:
    if isinstance(body, (bytes, str)):
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
        return re.sub(r"<[^<>]{0,200}>", " ", text[:4_000])
    if isinstance(body, list):
        return _message_in(body[0]) if body else ""
    if not isinstance(body, dict):
        return ""
    for key in ("error", "message", "detail", "errors", "msg"):
        inner = body.get(key)
        if isinstance(inner, (dict, list, str)) and inner:
            code = body.get("code") or body.get("type")
            return f"{_message_in(inner)} ({code})" if isinstance(code, str) else _message_in(inner)
    return json.dumps(body)[:4_000]


def _root(error: BaseException) -> BaseException:
    """The innermost cause; attempts at several addresses come as a group, of which the first tells enough."""
    for _ in range(20):
        inner = error.__cause__ or error.__context__
        if isinstance(error, BaseExceptionGroup):
            inner = error.exceptions[0]
        if inner is None or isinstance(error, ConnectionRefusedError):
            return error
        error = inner
    return error
