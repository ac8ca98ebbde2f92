"""Which server and which key belong together, where the person's configuration leaves that open.

A key goes only to the server it was given for: one from config.toml is not sent to an address from elsewhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr, ValidationError

from kimicode.config.catalog import LOCAL, LOCAL_FAMILY, MOONSHOT, NANO, OPENROUTER, provider_of
from kimicode.config.schema import ModelSettings, Settings
from kimicode.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Implied:
    """What a provider's own variables say when nothing else names a server."""

    key_variable: str
    url_variable: str
    base_url: str
    model: str


IMPLIED = (
    Implied("MOONSHOT_API_KEY", "MOONSHOT_BASE_URL", MOONSHOT.base_url, "kimi-k2.6"),
    Implied("OPENROUTER_API_KEY", "OPENROUTER_BASE_URL", OPENROUTER.base_url, "moonshotai/kimi-k2.6"),
)


def asks_for_engine(layers: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the person's own layers, nearest first, mean the engine of this machine.

    They do with the models `local` and `kimi-nano`, unless an address is given beside it or nearer: then it is a server
    of their own.
    """
    for values in layers:
        if "base_url" in values:
            return False
        if "model" in values:
            return bool(values["model"] in (LOCAL, NANO))
    return False


def at_engine(settings: Settings, *, base_url: str, api_key: str, model: str, window: int) -> Settings:
    """The settings led to a local engine: its address, key and model; `window` (tokens) is an upper bound.

    Whatever name the checkpoint is served under, it is of the Kimi family, and like K2.6 unless it is kimi-nano; the
    engine reads no images.
    """
    own = settings.models.get(model, ModelSettings())
    windows = (settings.window, own.window, window)
    like = NANO if model == NANO else LOCAL_FAMILY.name
    described = own.model_copy(update={"like": own.like or like, "images": bool(own.images)})
    return settings.model_copy(
        update={
            "base_url": base_url,
            "api_key": SecretStr(api_key) if api_key else None,
            "model": model,
            "window": min(filter(None, windows)),
            "models": {**settings.models, model: described},
        }
    )


def choose_endpoint(
    settings: Settings, sources: dict[str, str], file_url: str | None, environ: Mapping[str, str], warnings: list[str]
) -> Settings:
    """Fill in address, key and model from the providers' variables; `file_url` is the user's config.toml's address.

    Adds to `sources` and `warnings`. Raises ConfigError.
    """
    if settings.base_url is None:
        settings = _implied(settings, sources, environ, warnings)
    elif settings.api_key and sources["api_key"].endswith(".toml") and file_url not in (None, settings.base_url):
        warnings.append(f"the key in {sources['api_key']} is for {file_url} and is not sent to {settings.base_url}")
        sources["api_key"] = "default"
        settings = settings.model_copy(update={"api_key": None})
    base_url = settings.base_url
    if base_url is None:
        return settings
    if settings.api_key is None:
        settings = _key_of_provider(settings, base_url, sources, environ)
    if settings.api_key and base_url.startswith("http:") and not provider_of(base_url).self_hosted:
        warnings.append(f"the key goes unencrypted to {base_url}: use https://")
    return settings


def _implied(settings: Settings, sources: dict[str, str], environ: Mapping[str, str], warnings: list[str]) -> Settings:
    for implied in IMPLIED:
        key, url = (environ.get(name, "").strip() for name in (implied.key_variable, implied.url_variable))
        if not key and not url:
            continue
        if settings.api_key and key:
            warnings.append(f"{sources['api_key']} is not used: {implied.key_variable} says where requests go")
        source = implied.url_variable if url else implied.key_variable
        settings = _with(settings, sources, source, "base_url", url or implied.base_url)
        if key:
            settings = _with(settings, sources, implied.key_variable, "api_key", key)
        if settings.model is None:
            settings = _with(settings, sources, source, "model", implied.model)
        return settings
    return settings


def _key_of_provider(
    settings: Settings, base_url: str, sources: dict[str, str], environ: Mapping[str, str]
) -> Settings:
    for variable in provider_of(base_url).key_variables:
        if key := environ.get(variable, "").strip():
            return _with(settings, sources, variable, "api_key", key)
    return settings


def _with(settings: Settings, sources: dict[str, str], source: str, name: str, value: Any) -> Settings:
    """The settings with one more value, checked like any other. Raises ConfigError that names the variable."""
    try:
        checked = Settings.model_validate({name: value})
    except ValidationError as error:
        reason = error.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{source} {reason}") from None
    sources[name] = source
    return settings.model_copy(update={name: getattr(checked, name)})
