"""From settings to a model that answers: the endpoint, the model's name, its window and prices."""

from dataclasses import dataclass, replace

from kimicode.config.catalog import ModelInfo, Prices, Sampling, SamplingModes, model_info
from kimicode.config.schema import ModelSettings, Settings, require_endpoint
from kimicode.llm.client import ModelClient
from kimicode.llm.model import Model
from kimicode.llm.retry import RetryPolicy


@dataclass(frozen=True, slots=True)
class Connection:
    """A model ready to be asked; `window` in tokens."""

    model: Model
    model_name: str
    window: int
    info: ModelInfo


async def connect(settings: Settings) -> Connection:
    """Connect as configured. Without a model's name the server's first one is taken.

    Raises ConfigError when no endpoint is configured, ModelError when the server must be asked and does not answer.
    """
    endpoint = require_endpoint(settings)
    retry = RetryPolicy(attempts=settings.max_retries)

    def client(model: str, info: ModelInfo) -> ModelClient:
        return ModelClient(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key,
            model=model,
            info=info,
            thinking=settings.thinking and info.thinks,
            retry=retry,
            idle_timeout=settings.idle_timeout,
        )

    name = endpoint.model or ""
    probe = client(name, model_info(name, endpoint.base_url))
    try:
        name = name or await probe.first_model()
        own = settings.models.get(name)
        info = model_info(name, endpoint.base_url, like=own.like if own else None)
        info = _overridden(info, settings, own)
        if not info.known and settings.window is None and not (own and own.window):
            served = await probe.served_window(name)
            info = replace(info, window=served or info.window)
    finally:
        await probe.close()
    return Connection(client(name, info), name, info.window, info)


def _overridden(info: ModelInfo, settings: Settings, own: ModelSettings | None) -> ModelInfo:
    """What the person knows better than the catalogue."""
    window = settings.window or (own.window if own else None)
    if window:
        info = replace(info, window=window)
    if own and own.images is not None:
        info = replace(info, images=own.images)
    if own and own.extra_body:
        info = replace(info, extra_body=own.extra_body)
    if settings.temperature is not None:
        sampling = Sampling(settings.temperature, 0.95)
        info = replace(info, sampling=SamplingModes(sampling, sampling))
    if own and own.input_price is not None and own.output_price is not None:
        cached = own.input_price if own.cached_price is None else own.cached_price
        info = replace(info, prices=Prices(own.input_price, cached, own.output_price))
    return info
