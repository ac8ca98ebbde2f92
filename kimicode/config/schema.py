"""What can be configured: one frozen model, whose field names are the keys of config.toml and, in capitals behind
`KIMICODE_`, the environment variables. The key is never part of a repr or an error."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from kimicode.config import nano
from kimicode.config.catalog import is_listed, provider_of
from kimicode.errors import ConfigError

Mode = Literal["plan", "ask", "auto-edit", "auto", "yolo"]
Sandboxing = Literal["auto", "required", "off"]
Toolset = Literal["full", "swe"]
Effort = Literal["low", "medium", "high"]
SeverityName = Literal["low", "medium", "high", "critical"]
ThemeName = Literal["auto", "dark", "light", "contrast", "terminal"]

EXAMPLES = """\
Kimi K2.6 from Moonshot:     export MOONSHOT_API_KEY=sk-...
Any OpenAI-compatible API:   export KIMICODE_BASE_URL=https://HOST/v1 KIMICODE_API_KEY=... KIMICODE_MODEL=...
A server on this machine:    kimicode run --base-url http://127.0.0.1:8000/v1 --model NAME "PROMPT"
kimicode's own engine:       kimicode run --model local "PROMPT"      (`kimicode help local`)
{nano}
`kimicode doctor` checks what is configured."""


def _endpoint_url(url: str) -> str:
    """A base URL without a final slash. Raises ValueError with a text that does not repeat a password."""
    url = url.strip()
    if "://" not in url:
        raise ValueError("must begin with http:// or https://, such as http://127.0.0.1:8000/v1")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http:// or https:// address with a host")
    if parts.username or parts.password:
        raise ValueError("must not hold a user name or password; the key goes into KIMICODE_API_KEY")
    if parts.query or parts.fragment:
        raise ValueError('must not hold a "?" or "#"')
    if parts.port == 0:
        raise ValueError("must not name port 0")
    return url.rstrip("/").removesuffix("/chat/completions")


def _key(secret: SecretStr) -> SecretStr:
    key = secret.get_secret_value().strip()
    if not re.fullmatch(r"[!-~]+", key):
        raise ValueError("must be printable ASCII without spaces; was it copied whole?")
    return SecretStr(key)


def _absolute(path: Path) -> Path:
    path = path.expanduser()
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    return path


def _listed(name: str) -> str:
    if not is_listed(name):
        raise ValueError("must be a model of the catalogue, such as kimi-k2.6")
    return name


def _additional(body: dict[str, Any]) -> dict[str, Any]:
    if ours := sorted(body.keys() & {"model", "messages", "tools", "stream", "stream_options"}):
        raise ValueError(f"must not hold {', '.join(ours)}, which kimicode writes itself")
    return body


class ModelSettings(BaseModel):
    """What the person knows of a model better than the catalogue: tokens, and US dollars per million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    like: Annotated[str, AfterValidator(_listed)] | None = None
    """A model of the catalogue: this is the same one under another name."""
    window: int | None = Field(default=None, gt=0)
    images: bool | None = None
    extra_body: Annotated[dict[str, Any], AfterValidator(_additional)] = Field(default_factory=dict)
    """Fields added to every request, over kimicode's own: what a server understands and kimicode does not know."""
    input_price: float | None = Field(default=None, ge=0)
    cached_price: float | None = Field(default=None, ge=0)
    output_price: float | None = Field(default=None, ge=0)


class ReviewSettings(BaseModel):
    """How `kimicode review` works and how much it may say; prices in US dollars."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    effort: Effort = "medium"
    min_severity: SeverityName = "medium"
    min_confidence: float = Field(default=0.6, ge=0, le=1)
    max_comments: int = Field(default=5, ge=0, le=20)
    """Inline comments of one review; what else was found stands in its summary."""
    run: bool = True
    """Whether a claim may be checked by running code in the sandbox."""
    at_once: int = Field(default=4, ge=1, le=64)
    """Agents that work at the same time."""
    max_price: float | None = Field(default=2.0, gt=0)
    max_tokens: int | None = Field(default=3_000_000, gt=0)
    time_limit: float | None = Field(default=1_500.0, gt=0)
    """Seconds."""


class Settings(BaseModel):
    """All settings, with their defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, protected_namespaces=())

    base_url: Annotated[str, AfterValidator(_endpoint_url)] | None = None
    api_key: Annotated[SecretStr, AfterValidator(_key)] | None = None
    model: str | None = Field(default=None, min_length=1)
    """None: the caller may ask the server which models it has."""
    thinking: bool = True
    mode: Mode = "auto"
    sandbox: Sandboxing = "auto"
    """Whether commands run confined: where that can be had, or not at all without it, or never."""
    network: tuple[str, ...] = ()
    """Hosts that sandboxed commands may reach, such as pypi.org and *.npmjs.org; none: no network."""
    readable: tuple[Annotated[Path, AfterValidator(_absolute)], ...] = ()
    """Files and folders that the sandbox shows although they are of a kind that it hides."""
    fetch: bool = False
    """Whether the model has a tool that reads public web pages."""
    redact: bool = True
    """Whether secrets are taken out of what goes to the model and into records."""
    window: int | None = Field(default=None, gt=0)
    """Tokens; overrides what is known of the model."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """Sampling; None: what the model was tuned for, where that is known, else what the server does by itself."""
    max_output_tokens: int | None = Field(default=None, gt=0)
    extra_dirs: tuple[Path, ...] = ()
    """Folders outside the project that tools may write to."""
    toolset: Toolset = "full"
    idle_timeout: float = Field(default=90.0, gt=0)
    """Seconds without a byte from the model before a request counts as dead."""
    max_retries: int = Field(default=10, ge=0)
    diagnostics: bool = True
    """Whether the project's checkers look at each edit."""
    trusted: tuple[Annotated[Path, AfterValidator(_absolute)], ...] = ()
    """Folders whose own .kimicode/config.toml is read; exactly these, not what lies below them."""
    checkpoint: Annotated[Path, AfterValidator(_absolute)] | None = None
    """The folder of weights that the local engine serves."""
    models: dict[str, ModelSettings] = Field(default_factory=dict)
    review: ReviewSettings = Field(default_factory=ReviewSettings)
    theme: ThemeName = "auto"
    """Of the terminal UI; `auto` follows the terminal's background where that is known."""
    notifications: Literal["bell", "desktop", "off"] = "bell"
    """How the terminal UI calls somebody who looks elsewhere."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests go. `api_key` is empty for a server that needs none; `model` None means: ask the server."""

    base_url: str
    api_key: str = field(repr=False)
    model: str | None


def require_endpoint(settings: Settings) -> Endpoint:
    """The configured endpoint. Raises one ConfigError that names all that is missing, with examples to copy."""
    if settings.base_url is None:
        alone = " (there is a key, but no address to send it to)" if settings.api_key else ""
        missing = "set MOONSHOT_API_KEY, or give an address with KIMICODE_BASE_URL or --base-url"
        raise ConfigError(f"no model is configured{alone}: {missing}", hint=EXAMPLES.format(nano=nano.offer()))
    provider = provider_of(settings.base_url)
    if settings.api_key is None and not provider.self_hosted:
        variables = " or ".join((*provider.key_variables, "KIMICODE_API_KEY"))
        message = f"no API key for {settings.base_url}: set {variables}"
        without = "If the server needs no key, set KIMICODE_API_KEY=none."
        raise ConfigError(message, hint=f"{EXAMPLES.format(nano=nano.offer())}\n{without}")
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    return Endpoint(settings.base_url, key, settings.model)
