"""What is known of models and their providers: windows, prices, switches. Plain data and look-ups.

Prices are list prices in US dollars per million tokens, as of November 2026.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from kimicode.messages import Usage


class ThinkingSwitch(Enum):
    """How a server is told to think or not."""

    NONE = "none"
    MOONSHOT = "moonshot"
    """A field `thinking` of the request, as Moonshot's own API has it."""
    TEMPLATE = "template"
    """`chat_template_kwargs`, as vLLM, SGLang and kimicode's engine have it."""


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars per million tokens; `cached` is the price of input read from the server's prefix cache."""

    input: float
    cached: float
    output: float


@dataclass(frozen=True, slots=True)
class Sampling:
    temperature: float
    top_p: float


@dataclass(frozen=True, slots=True)
class SamplingModes:
    """The values a model was tuned for, by mode."""

    thinking: Sampling
    instant: Sampling


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model at one provider; `window` and `max_output` count tokens; None: not known, or left to the server."""

    window: int
    max_output: int
    prices: Prices | None = None
    thinking: ThinkingSwitch = ThinkingSwitch.NONE
    thinks: bool = True
    """Whether it can think before it answers; one that cannot is never asked to."""
    images: bool = False
    preserve_thinking: bool = False
    sampling: SamplingModes | None = None
    known: bool = False
    indexed_ids: bool = False
    """Call ids in the history are rewritten to `functions.NAME:INDEX`, the only form that Kimi was trained on."""
    extra_body: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Fields that the person adds to every request."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An endpoint that serves models; `key_variables` are the environment variables that may hold its key."""

    name: str
    base_url: str
    key_variables: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    self_hosted: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """What all providers' names of one model have in common."""

    name: str
    window: int = 262_144
    max_output: int = 32_768
    thinks: bool = True
    switch: bool = True
    images: bool = True
    greedy: bool = False
    """Its answers are not drawn: each token is the likeliest one."""
    prices: dict[str, Prices] = field(default_factory=dict)


MOONSHOT = Provider("moonshot", "https://api.moonshot.ai/v1", ("MOONSHOT_API_KEY",), ("api.moonshot.ai",))
MOONSHOT_CN = Provider("moonshot-cn", "https://api.moonshot.cn/v1", ("MOONSHOT_API_KEY",), ("api.moonshot.cn",))
OPENROUTER = Provider("openrouter", "https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY",), ("openrouter.ai",))
CLOUDFLARE = Provider(
    "cloudflare",
    "https://api.cloudflare.com/client/v4/accounts/ACCOUNT/ai/v1",
    ("CLOUDFLARE_API_TOKEN",),
    ("api.cloudflare.com", "gateway.ai.cloudflare.com"),
)
NVIDIA = Provider("nvidia", "https://integrate.api.nvidia.com/v1", ("NVIDIA_API_KEY",), ("integrate.api.nvidia.com",))
DEEPINFRA = Provider(
    "deepinfra",
    "https://api.deepinfra.com/v1/openai",
    ("DEEPINFRA_API_KEY", "DEEPINFRA_TOKEN"),
    ("api.deepinfra.com",),
)
OLLAMA = Provider("ollama", "http://127.0.0.1:11434/v1", self_hosted=True)
VLLM = Provider("vllm", "http://127.0.0.1:8000/v1", self_hosted=True)
SGLANG = Provider("sglang", "http://127.0.0.1:30000/v1", self_hosted=True)

HOSTED = (MOONSHOT, MOONSHOT_CN, OPENROUTER, CLOUDFLARE, NVIDIA, DEEPINFRA)
SELF_HOSTED_BY_PORT = {11434: OLLAMA, 8000: VLLM, 30000: SGLANG}
FREE = Prices(0.0, 0.0, 0.0)
UNKNOWN_WINDOW = 32_768
UNKNOWN_MAX_OUTPUT = 4_096

_THINKING = Sampling(1.0, 0.95)
_INSTANT = Sampling(0.6, 0.95)
_GREEDY = Sampling(0.0, 1.0)


def _everywhere(prices: Prices) -> dict[str, Prices]:
    return {"moonshot": prices, "openrouter": prices, "cloudflare": prices}


# Longer names first: the first family whose name begins a model's name is the one.
FAMILIES = (
    Family("kimi-k3.1-pro", window=1_048_576, prices={"moonshot": Prices(2.00, 0.20, 10.00)}),
    Family("kimi-k3", window=1_048_576, prices={"moonshot": Prices(3.00, 0.30, 15.00)}),
    Family("kimi-k2.7-code", prices=_everywhere(Prices(0.95, 0.19, 4.00))),
    Family("kimi-k2.6", prices=_everywhere(Prices(0.95, 0.16, 4.00))),
    Family(
        "kimi-k2.5",
        prices={
            "moonshot": Prices(0.60, 0.10, 3.00),
            "cloudflare": Prices(0.60, 0.10, 3.00),
            "openrouter": Prices(0.532, 0.209, 3.325),
        },
    ),
    Family("kimi-k2-thinking", switch=False, images=False, prices={"moonshot": Prices(0.60, 0.15, 2.50)}),
    Family("kimi-k2-0905", thinks=False, switch=False, images=False, prices={"moonshot": Prices(0.60, 0.15, 2.50)}),
    Family("kimi-k2", thinks=False, switch=False, images=False),
)
LOCAL = "local"
"""The name under which the engine of this machine is asked for."""
LOCAL_FAMILY = next(family for family in FAMILIES if family.name == "kimi-k2.6")
NANO = "kimi-nano"
"""The small model that comes along and runs on any machine (`kimicode.config.nano`)."""
NANO_FAMILY = Family(NANO, window=8_192, max_output=600, thinks=False, images=False, greedy=True)
"""Not among FAMILIES: no service offers it."""


def provider_of(base_url: str) -> Provider:
    """Who stands behind an address: a hosted service by its host name, a server of one's own by its port.

    Anything else is `local` on a private address and `custom` on a public one.
    """
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    for provider in HOSTED:
        if host in provider.hosts:
            return provider
    if not is_private(host):
        return Provider("custom", base_url)
    return SELF_HOSTED_BY_PORT.get(_port(base_url) or 0, Provider("local", base_url, self_hosted=True))


def is_loopback(base_url: str) -> bool:
    """Whether the server runs on this very machine."""
    host = (urlsplit(base_url).hostname or "").lower()
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def is_private(host: str) -> bool:
    """Whether a host name or address is one of the person's own network."""
    address = _address(host)
    if address is not None:
        return address.is_private or address.is_loopback
    return "." not in host or host.endswith((".local", ".lan", ".internal", ".localhost"))


def is_listed(model: str) -> bool:
    """Whether the catalogue knows a model of this name."""
    return _family(model) is not None


def model_info(model: str, base_url: str, *, like: str | None = None) -> ModelInfo:
    """What is known of `model` at `base_url`; `known` is False for a model that the catalogue does not list.

    `like` names a listed model that this one is, or is made from.
    """
    provider = provider_of(base_url)
    family = LOCAL_FAMILY if model == LOCAL and provider.self_hosted else _family(like or model)
    if family is None:
        prices = FREE if provider.self_hosted else None
        return ModelInfo(UNKNOWN_WINDOW, UNKNOWN_MAX_OUTPUT, prices)
    return ModelInfo(
        window=family.window,
        max_output=family.max_output,
        prices=FREE if provider.self_hosted else _listed(family, model, provider),
        thinking=_switch(family, provider),
        thinks=family.thinks,
        images=family.images,
        preserve_thinking=family.thinks,
        sampling=_sampling(family, provider),
        known=True,
        indexed_ids=True,
    )


def price_of(usage: Usage, info: ModelInfo) -> float | None:
    """What a request cost in US dollars, cached input priced as such; None where the price is not known."""
    if info.prices is None:
        return None
    cached = min(usage.cached_tokens, usage.input_tokens)
    cost = (usage.input_tokens - cached) * info.prices.input + cached * info.prices.cached
    return (cost + usage.output_tokens * info.prices.output) / 1_000_000


def _family(model: str) -> Family | None:
    name = _short_name(model)
    return next((f for f in (*FAMILIES, NANO_FAMILY) if re.match(re.escape(f.name) + r"(?![\w.])", name)), None)


def _short_name(model: str) -> str:
    """`moonshotai/Kimi-K2-Instruct-0905` and `@cf/moonshotai/kimi-k2.6` without their owners and spelling."""
    return model.lower().rstrip("/").rpartition("/")[2].replace("k2-instruct", "k2")


def _listed(family: Family, model: str, provider: Provider) -> Prices | None:
    """The list price of exactly this model: a `-turbo` or `:free` of the same family has its own, unknown one."""
    if _short_name(model) not in (family.name, f"{family.name}-preview"):
        return None
    return family.prices.get("moonshot" if provider is MOONSHOT_CN else provider.name)


def _switch(family: Family, provider: Provider) -> ThinkingSwitch:
    if not family.switch or provider is OLLAMA:
        return ThinkingSwitch.NONE
    if provider in (MOONSHOT, MOONSHOT_CN):
        return ThinkingSwitch.MOONSHOT
    return ThinkingSwitch.TEMPLATE if provider.self_hosted else ThinkingSwitch.NONE


def _sampling(family: Family, provider: Provider) -> SamplingModes | None:
    """None at Moonshot, whose API fixes the values and refuses others."""
    if provider in (MOONSHOT, MOONSHOT_CN):
        return None
    if family.greedy:
        return SamplingModes(_GREEDY, _GREEDY)
    if not family.thinks:
        return SamplingModes(_INSTANT, _INSTANT)
    return SamplingModes(_THINKING, _INSTANT if family.switch else _THINKING)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _port(base_url: str) -> int | None:
    try:
        return urlsplit(base_url).port
    except ValueError:
        return None
