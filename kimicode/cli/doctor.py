"""`kimicode doctor`: checks what keeps people from starting, and says what to do about each thing."""

import dataclasses
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from kimicode.cli import checks
from kimicode.cli.checks import Check
from kimicode.cli.probe import Probe
from kimicode.config.catalog import NANO, is_loopback, model_info
from kimicode.config.instructions import instructions
from kimicode.config.load import Loaded, load, user_dir
from kimicode.config.schema import Endpoint, Settings, require_endpoint
from kimicode.config.trust import Trust
from kimicode.errors import ConfigError
from kimicode.llm.local import running

_MARKS = {"ok": "✓", "warning": "!", "failure": "✗"}
_PLAIN_MARKS = {"ok": "+", "warning": "!", "failure": "x"}


def doctor(
    base_url: Annotated[str | None, typer.Option(metavar="URL", help="Address of the model's server.")] = None,
    model: Annotated[str | None, typer.Option("--model", "-m", metavar="NAME", help="Name of the model.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Write the result as JSON.")] = False,
) -> None:
    """Check the configuration, the model's server and this machine."""
    try:
        cwd = Path.cwd()
    except OSError:
        found = [Check("folder", "failure", "the current folder no longer exists", "Change to another folder.")]
    else:
        found = diagnose({"base_url": base_url, "model": model}, cwd=cwd, environ=os.environ)
    failed = any(check.status == "failure" for check in found)
    if json_output:
        text = json.dumps({"ok": not failed, "checks": [dataclasses.asdict(check) for check in found]}, indent=2)
    else:
        text = render(found, sys.stdout.encoding or "ascii")
    print(text)
    if failed:
        raise typer.Exit(1)


def diagnose(flags: Mapping[str, Any], *, cwd: Path, environ: Mapping[str, str]) -> list[Check]:
    """All checks, within six seconds, and two more where a local engine hangs; raises nothing."""
    loaded, found = _configuration(flags, cwd, environ)
    wanted = NANO if loaded and loaded.settings.model == NANO else ""
    engine = running(environ, model=wanted)
    endpoint = None
    if loaded and loaded.engine and engine:
        loaded.sources["api_key"] = "its state file"
        loaded = dataclasses.replace(loaded, settings=engine.applied(loaded.settings))
    if loaded and loaded.engine and not engine:
        found.append(checks.startable(loaded.settings, environ))
    elif loaded:
        try:
            endpoint = require_endpoint(loaded.settings)
        except ConfigError as error:
            found.append(Check("endpoint", "failure", error.message, error.hint))
    probe = Probe(endpoint) if endpoint else None  # answers while the other checks run
    settings = loaded.settings if loaded else Settings()
    machine = [
        checks.git(cwd),
        checks.terminal(environ),
        checks.shell(environ),
        checks.ripgrep(environ),
        checks.sandbox(settings, cwd),
        checks.rules(user_dir(environ) / "rules.toml"),
        checks.redaction(settings, environ),
        checks.gpu(environ),
        checks.engine(engine, loaded.settings.checkpoint if loaded else None),
        checks.small(environ),
        checks.disk(environ),
        checks.network(environ, local=endpoint is not None and is_loopback(endpoint.base_url)),
    ]
    if loaded and endpoint and probe:
        found.append(Check("endpoint", "ok", _described(endpoint, loaded.sources)))
        found += probe.checks(loaded.sources["api_key"])
        found += _model(endpoint, loaded.settings)
    return [checks.python(), *found, *machine]


def render(found: list[Check], encoding: str) -> str:
    """The checks for people, one a line with its hint below, in characters that `encoding` has."""
    marks = _MARKS
    try:
        "".join(marks.values()).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        marks, encoding = _PLAIN_MARKS, "ascii"
    lines = []
    for check in found:
        lines.append(f"{marks[check.status]} {check.name:<13} {_printable(check.text)}")
        lines += [f"    {_printable(line)}" for line in check.hint.splitlines()]
    counts = {status: sum(check.status == status for check in found) for status in marks}
    lines.append(f"\n{counts['failure']} to repair, {counts['warning']} to know, {counts['ok']} fine")
    return "\n".join(lines).encode(encoding, "replace").decode(encoding)


def _printable(text: str) -> str:
    """On one line, and without the control characters that a server's or a file's name may hold."""
    return "".join(char if char.isprintable() else "�" for char in text.replace("\n", "; "))


def _configuration(
    flags: Mapping[str, Any], cwd: Path, environ: Mapping[str, str]
) -> tuple[Loaded | None, list[Check]]:
    try:
        loaded = load(flags, cwd=cwd, environ=environ)
    except ConfigError as error:
        return None, [Check("configuration", "failure", error.message, error.hint)]
    read = ", ".join(str(path) for path in loaded.files)
    text = f"read {read}" if read else f"no file; {user_dir(environ) / 'config.toml'} would be read"
    found = [Check("configuration", "ok", f"{text}{''.join(f'; {each}' for each in _chosen(loaded))}")]
    found += [Check("configuration", "warning", warning) for warning in loaded.warnings]
    return loaded, [*found, _trust(loaded.trust, cwd), _agents(cwd, loaded.trust, environ)]


def _chosen(loaded: Loaded) -> Iterator[str]:
    for name, source in loaded.sources.items():
        if source != "default":
            yield f"{name} from {source}"


def _trust(trust: Trust, cwd: Path) -> Check:
    if notice := trust.notice(cwd):
        return Check("trust", "warning", notice)
    said = {"trusted": "trusted", "untrusted": "not trusted", None: "not trusted; nobody was asked yet"}[trust.answer]
    return Check("trust", "ok", f"{trust.root} is {said}")


def _agents(cwd: Path, trust: Trust, environ: Mapping[str, str]) -> Check:
    found = instructions(cwd, trust, user_dir=user_dir(environ))
    names = ", ".join(str(path) for path, _ in found)
    return Check("instructions", "ok", f"read {names}" if found else "no AGENTS.md is read, which is fine")


def _described(endpoint: Endpoint, sources: Mapping[str, str]) -> str:
    key = f"key from {sources['api_key']}" if endpoint.api_key else "no key"
    return f"{endpoint.base_url}, model {endpoint.model or 'not chosen'}, {key}"


def _model(endpoint: Endpoint, settings: Settings) -> list[Check]:
    if endpoint.model is None:
        return []
    own = settings.models.get(endpoint.model)
    info = model_info(endpoint.model, endpoint.base_url, like=own.like if own else None)
    window = settings.window or (own and own.window) or info.window
    if not info.known and not (settings.window or (own and own.window)):
        hint = f'Say how long its context is, in config.toml: [models."{endpoint.model}"] window = 131072'
        return [Check("model", "warning", f"{endpoint.model} is not in the catalogue: {window:,} tokens assumed", hint)]
    prices = "prices not known"
    if own and own.input_price is not None and own.output_price is not None:
        prices = f"${own.input_price} in, ${own.output_price} out per million tokens (yours)"
    elif info.prices:
        prices = f"${info.prices.input} in, ${info.prices.output} out per million tokens"
    return [Check("model", "ok", f"{endpoint.model}: window {window:,} tokens, {prices}")]
