"""Asks a model's server which models it has, to tell whether address, key and model name are right."""

import difflib
import json
import threading
import time
from dataclasses import dataclass
from typing import Any

from kimicode.cli.checks import Check, Status
from kimicode.config.catalog import provider_of
from kimicode.config.schema import Endpoint

DEADLINE_S = 5.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status and a body, or the reason why nothing did."""

    status: int = 0
    body: bytes = b""
    failure: str = ""


class Probe:
    """One GET of `{base_url}/models`, on a thread of its own: a hanging name look-up cannot be interrupted."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._reply: Reply | None = None
        self._deadline = time.monotonic() + DEADLINE_S
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def checks(self, key_source: str) -> list[Check]:
        """Wait for the answer (five seconds from the start at most) and explain it."""
        self._thread.join(max(0.0, self._deadline - time.monotonic()))
        return explain(self.endpoint, self._reply or Reply(failure=f"no answer within {DEADLINE_S:.0f} s"), key_source)

    def _ask(self) -> None:
        import httpx2

        headers = {"Authorization": f"Bearer {self.endpoint.api_key}"} if self.endpoint.api_key else {}
        try:
            # Redirects are not followed: they could carry the key to another server.
            answer = httpx2.get(f"{self.endpoint.base_url}/models", headers=headers, timeout=DEADLINE_S)
            self._reply = Reply(answer.status_code, answer.content)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, ImportError) as error:
            self._reply = Reply(failure=str(error) or type(error).__name__)


def explain(endpoint: Endpoint, reply: Reply, key_source: str) -> list[Check]:
    """What a reply means for someone who wants to start."""
    url = f"{endpoint.base_url}/models"
    if reply.failure:
        return [
            Check(
                "server", "failure", f"{endpoint.base_url} is not reachable: {reply.failure}", _remedy(endpoint, reply)
            )
        ]
    if reply.status in (401, 403):
        hint = f"Correct the key in {key_source}." if endpoint.api_key else "Set a key: export KIMICODE_API_KEY=..."
        whose = f"the key from {key_source}" if endpoint.api_key else "a request without a key"
        return [Check("server", "failure", f"{endpoint.base_url} refuses {whose} (status {reply.status})", hint)]
    if reply.status in (404, 405):
        hint = "The address usually ends in /v1. If the server just has no list of models, all may be well."
        return [Check("server", "warning", f"{url} does not exist (status {reply.status})", hint)]
    if reply.status != 200:
        status: Status = "failure" if reply.status >= 500 else "warning"
        return [
            Check(
                "server", status, f"{url} answers with status {reply.status}", "Try again later, or look into its log."
            )
        ]
    models = _models(reply.body)
    if models is None:
        hint = "Is this an OpenAI-compatible server? The address usually ends in /v1."
        return [Check("server", "failure", f"{url} does not answer with a list of models", hint)]
    return [
        Check("server", "ok", f"{endpoint.base_url} answers and offers {len(models)} model(s)"),
        *_offered(endpoint, models),
    ]


def _remedy(endpoint: Endpoint, reply: Reply) -> str:
    if "certificate" in reply.failure.lower():
        return "Behind a company proxy? Point SSL_CERT_FILE to its certificates."
    if provider_of(endpoint.base_url).self_hosted:
        return "Start the server, and compare the port with the one in the address."
    return "Check the address, the network and, if there is one, the proxy (HTTPS_PROXY)."


def _models(body: bytes) -> list[str] | None:
    try:
        listing: Any = json.loads(body)
    except ValueError:
        return None
    entries = listing.get("data") if isinstance(listing, dict) else None
    if not isinstance(entries, list):
        return None
    return [entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def _offered(endpoint: Endpoint, models: list[str]) -> list[Check]:
    model = endpoint.model
    if model is None:
        few = ", ".join(models[:5]) or "none"
        if len(models) == 1:
            return [Check("server", "ok", f"no model chosen; the only one is {few}")]
        return [
            Check(
                "server",
                "warning",
                f"no model chosen; the server has {few}",
                "Choose one with --model or KIMICODE_MODEL.",
            )
        ]
    # OpenRouter takes NAME:VARIANT for each NAME that it lists.
    if not models or model in models or model.partition(":")[0] in models:
        return []
    near = difflib.get_close_matches(model, models, n=3, cutoff=0.4) or models[:3]
    return [Check("server", "failure", f"the server does not offer {model}", f"It has {', '.join(near)}.")]
