"""Which models can be chosen: those of the server, of the catalogue, of config.toml, and this machine's engine."""

import asyncio
from collections.abc import Sequence

from kimicode.config import nano
from kimicode.config.catalog import FAMILIES, LOCAL, MOONSHOT, MOONSHOT_CN, NANO, model_info, provider_of
from kimicode.config.schema import Settings, require_endpoint
from kimicode.errors import ConfigError
from kimicode.llm.local import missing, running
from kimicode.llm.probe import DEADLINE_S, ask, models_in
from kimicode.tui.widgets.rows import Row


async def offered(settings: Settings) -> list[str]:
    """Names of models, without repeats. The server is asked (five seconds at most); one that is silent adds none."""
    names = [*await _served(settings), *_listed(settings), *settings.models]
    if await asyncio.to_thread(_has_engine, settings):
        names.append(LOCAL)
    if not nano.lacking() and not missing():
        names.append(NANO)
    return list(dict.fromkeys(names))


def rows(names: Sequence[str], present: str, settings: Settings) -> list[Row]:
    """One row for each: its name, its window, its price; the present one is marked."""
    return [Row(name, (name, *_facts(name, settings)), marked=name == present) for name in _with(names, present)]


def _with(names: Sequence[str], present: str) -> list[str]:
    return list(names) if present in names or not present else [present, *names]


def _facts(name: str, settings: Settings) -> tuple[str, str]:
    own = settings.models.get(name)
    info = model_info(name, settings.base_url or "", like=own.like if own else None)
    window = (own.window if own else None) or info.window
    known = info.known or bool(own and own.window)
    price = f"${info.prices.input:.2f} / ${info.prices.output:.2f}" if info.prices and info.prices.output else ""
    return f"{window // 1024}K" if known else "", price


async def _served(settings: Settings) -> list[str]:
    try:
        endpoint = require_endpoint(settings)
    except ConfigError:
        return []
    try:
        async with asyncio.timeout(DEADLINE_S):
            reply = await asyncio.to_thread(ask, endpoint)
    except TimeoutError:
        return []
    return models_in(reply.body) or [] if reply.status == 200 else []


def _listed(settings: Settings) -> list[str]:
    provider = provider_of(settings.base_url or "")
    return [family.name for family in FAMILIES] if provider in (MOONSHOT, MOONSHOT_CN) else []


def _has_engine(settings: Settings) -> bool:
    return running() is not None or (settings.checkpoint is not None and not missing())
