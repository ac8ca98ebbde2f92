"""Asks a model's server which models it has, to tell whether address, key and model name are right."""

import difflib
import json
from dataclasses import dataclass
from typing import Any, Literal

from kimicode.config.catalog import provider_of
from kimicode.config.schema import Endpoint

DEADLINE_S = 5.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status and a body, or the reason why nothing did."""

    status: int = 0
    body: bytes = b""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a reply means. `hint` says what to do; after a failure no prompt would be answered."""

    status: Literal["ok", "warning", "failure"]
    text: str
    hint: str = ""


def ask(endpoint: Endpoint) -> Reply:
    """One GET of `{base_url}/models`. A name look-up that hangs can take longer than the deadline: use a thread."""
    import httpx2

    headers = {"Authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}
    try:
        # Redirects are not followed: they could carry the key to another server.
        answer = httpx2.get(f"{endpoint.base_url}/models", headers=headers, timeout=DEADLINE_S)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, ImportError) as error:
        return Reply(failure=str(error) or type(error).__name__)
    return Reply(answer.status_code, answer.content)


def explain(endpoint: Endpoint, reply: Reply, key_source: str) -> list[Finding]:
    """What a reply means for someone who wants to start."""
    url = f"{endpoint.base_url}/models"
    if reply.failure:
        return [Finding("failure", f"{endpoint.base_url} is not reachable: {reply.failure}", _remedy(endpoint, reply))]
    if reply.status in (401, 403):
        hint = f"Correct the key in {key_source}." if endpoint.api_key else "Set a key: export KIMICODE_API_KEY=..."
        whose = f"the key from {key_source}" if endpoint.api_key else "a request without a key"
        return [Finding("failure", f"{endpoint.base_url} refuses {whose} (status {reply.status})", hint)]
    if reply.status in (404, 405):
        hint = "The address usually ends in /v1. If the server just has no list of models, all may be well."
        return [Finding("warning", f"{url} does not exist (status {reply.status})", hint)]
    if reply.status != 200:
        broken = reply.status >= 500
        return [
            Finding(
                "failure" if broken else "warning",
                f"{url} answers with status {reply.status}",
                "Try again later, or look into its log.",
            )
        ]
    models = models_in(reply.body)
    if models is None:
        hint = "Is this an OpenAI-compatible server? The address usually ends in /v1."
        return [Finding("failure", f"{url} does not answer with a list of models", hint)]
    return [
        Finding("ok", f"{endpoint.base_url} answers and offers {len(models)} model(s)"),
        *_offered(endpoint, models),
    ]


def _remedy(endpoint: Endpoint, reply: Reply) -> str:
    if "certificate" in reply.failure.lower():
        return "Behind a company proxy? Point SSL_CERT_FILE to its certificates."
    if provider_of(endpoint.base_url).self_hosted:
        return "Start the server, and compare the port with the one in the address."
    return "Check the address, the network and, if there is one, the proxy (HTTPS_PROXY)."


def models_in(body: bytes) -> list[str] | None:
    """The models that an answer lists; None where it is no such list."""
    try:
        listing: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    entries = listing.get("data") if isinstance(listing, dict) else None
    if not isinstance(entries, list):
        return None
    return [entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def _offered(endpoint: Endpoint, models: list[str]) -> list[Finding]:
    model = endpoint.model
    if model is None:
        few = ", ".join(models[:5]) or "none"
        if len(models) == 1:
            return [Finding("ok", f"no model chosen; the only one is {few}")]
        return [
            Finding(
                "warning",
                f"no model chosen; the server has {few}",
                "Choose one with --model or KIMICODE_MODEL.",
            )
        ]
    # OpenRouter takes NAME:VARIANT for each NAME that it lists.
    if not models or model in models or model.partition(":")[0] in models:
        return []
    near = difflib.get_close_matches(model, models, n=3, cutoff=0.4) or models[:3]
    return [Finding("failure", f"the server does not offer {model}", f"It has {', '.join(near)}.")]
