"""Puts the settings together: defaults < user's file < trusted project's file < environment < flags.

A project's file may only tune: it can never say where requests go, which key they carry or what is allowed.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kimicode import paths
from kimicode.config.endpoint import asks_for_engine, choose_endpoint
from kimicode.config.obeyed import search_path
from kimicode.config.schema import ModelSettings, ReviewSettings, Settings
from kimicode.config.trust import Record, Trust
from kimicode.errors import ConfigError

_PROJECT_FIELDS = frozenset(
    {"model", "thinking", "window", "max_output_tokens", "toolset", "idle_timeout", "max_retries"}
)
_IN_FILES_ALONE = ("trusted", "models", "review")
_VARIABLES = {f"KIMICODE_{name.upper()}": name for name in Settings.model_fields if name not in _IN_FILES_ALONE}
_OTHER_VARIABLES = {"KIMICODE_HOME", "KIMICODE_NANO"}
_SECRET_FIELDS = {"api_key", "base_url"}


@dataclass(frozen=True, slots=True)
class Layer:
    """Values of one origin; `names` says what the person would call each: a variable, a flag, a file."""

    values: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def without(self, *hidden: str) -> "Layer":
        """The same, less these settings."""
        kept = self.values.keys() - set(hidden)
        return Layer({name: self.values[name] for name in kept}, {name: self.names[name] for name in kept})


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force; `sources` says for each field where it came from, `files` what was read.

    `engine`: the model is that of this machine's engine; then there is no address and no key until one is found.
    """

    settings: Settings
    sources: dict[str, str]
    files: tuple[Path, ...]
    warnings: tuple[str, ...]
    trust: Trust
    """What of the folder may be obeyed."""
    pinned: "Pinned"
    engine: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Pinned:
    """The layers below the flags, as they were read: files that change later are for the next session.

    A key may be among them, so it has no repr.
    """

    cwd: Path
    environ: Mapping[str, str]
    user: Layer
    project: Layer
    environment: Layer
    files: tuple[Path, ...]
    warnings: tuple[str, ...]
    trust: Trust

    def with_flags(self, flags: Mapping[str, Any]) -> Loaded:
        """All layers put together. A flag that is None was not given. Raises ConfigError."""
        warnings = list(self.warnings)
        given = {name: value for name, value in flags.items() if value is not None}
        flag_layer = Layer(given, {name: f"--{name.replace('_', '-')}" for name in given})
        engine = asks_for_engine(layer.values for layer in (flag_layer, self.environment, self.user))
        values: dict[str, Any] = {}
        sources = dict.fromkeys(Settings.model_fields, "default")
        for layer in (self.user, self.project, self.environment, flag_layer):
            _check(layer)
            if engine:  # keys are for other servers, and a project's file does not say where requests go
                layer = layer.without("base_url", "api_key", *(("model",) if layer is self.project else ()))
            values |= layer.values
            sources |= layer.names
        settings = Settings.model_validate(values)
        if not engine:
            file_url = _check(self.user).base_url
            settings = choose_endpoint(settings, sources, file_url, self.environ, warnings)
        extra_dirs = tuple((self.cwd / folder.expanduser()).resolve() for folder in settings.extra_dirs)
        settings = settings.model_copy(update={"extra_dirs": extra_dirs})
        return Loaded(settings, sources, self.files, tuple(warnings), self.trust, self, engine)


def load(flags: Mapping[str, Any], *, cwd: Path, environ: Mapping[str, str], trust: Trust | None = None) -> Loaded:
    """Read all layers. A flag that is None was not given; an empty variable is not set.

    `trust` is what was said of the folder just now; None: what is on record. Raises ConfigError with every mistake of
    the first layer that has any.
    """
    warnings: list[str] = []
    files: list[Path] = []
    user_file = user_dir(environ) / "config.toml"
    user = _file_layer(user_file, files)
    checked = _check(user)
    if checked.api_key is not None and user_file.stat().st_mode & 0o077:
        warnings.append(f"{user_file} holds a key and others can read it: chmod 600 {user_file}")
    trust = trust or record(environ).trust_in(cwd, checked.trusted)
    project = _project_layer(cwd, trust, user_file, files, warnings)
    environment = _environment_layer(environ, warnings)
    pinned = Pinned(cwd, environ, user, project, environment, tuple(files), tuple(warnings), trust)
    return pinned.with_flags(flags)


def trust_in(cwd: Path, *, environ: Mapping[str, str]) -> Trust:
    """What is on record for the folder, before anything of it is read. Raises ConfigError."""
    return record(environ).trust_in(cwd, _check(_file_layer(user_dir(environ) / "config.toml", [])).trusted)


def record(environ: Mapping[str, str]) -> Record:
    """Where answers about trust are kept."""
    return Record(user_dir(environ) / "trust.toml")


def user_dir(environ: Mapping[str, str]) -> Path:
    """The folder of the user's own configuration."""
    home = environ.get("KIMICODE_HOME")
    return Path(home) if home else paths.config_dir()


def _file_layer(path: Path, files: list[Path]) -> Layer:
    values = _read_toml(path)
    if values is None:
        return Layer()
    files.append(path)
    return Layer(values, dict.fromkeys(values, str(path)))


def _read_toml(path: Path) -> dict[str, Any] | None:
    """The content of a TOML file, None if there is none. Raises ConfigError."""
    try:
        return _parsed(path, path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error


def _parsed(path: Path, data: bytes) -> dict[str, Any]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text", hint="Save it as UTF-8.") from error
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        where = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = where[1] if where else text.count("\n") + 1  # without a line it is the end of the file
        reason = re.sub(r" \(at .*\)$", "", str(error))
        message = f"{path}:{line}: not valid TOML: {reason}"
        raise ConfigError(message, hint='Text needs quotes: model = "kimi-k2.6"') from None


def _project_layer(cwd: Path, trust: Trust, user_file: Path, files: list[Path], warnings: list[str]) -> Layer:
    """The nearest .kimicode/config.toml that is there and may be obeyed; others are no part of the project."""
    candidates = map(paths.project_config_file, search_path(cwd))
    path, data = next(((path, data) for path in candidates if (data := trust.read(path)) is not None), (None, b""))
    if path is None:
        return Layer()
    files.append(path)
    values = _parsed(path, data)
    layer = Layer(values, dict.fromkeys(values, str(path)))
    unknown = layer.values.keys() - Settings.model_fields.keys()
    for name in sorted(layer.values.keys() - _PROJECT_FIELDS - unknown):
        warnings.append(f"{path}: {name} is ignored, a project may not set it; it belongs into {user_file}")
    allowed = {name: value for name, value in layer.values.items() if name in _PROJECT_FIELDS | unknown}
    return Layer(allowed, dict.fromkeys(allowed, str(path)))


def _environment_layer(environ: Mapping[str, str], warnings: list[str]) -> Layer:
    values: dict[str, Any] = {}
    names: dict[str, str] = {}
    for variable in sorted(name for name in environ if name.startswith("KIMICODE_")):
        field_name = _VARIABLES.get(variable)
        if field_name and environ[variable].strip():
            text = environ[variable].strip()
            values[field_name] = text.split(os.pathsep) if field_name == "extra_dirs" else text
            names[field_name] = variable
        elif not field_name and variable not in _OTHER_VARIABLES and (near := _nearest(variable, _VARIABLES)):
            warnings.append(f"the variable {variable} is not known; did you mean {near}?")
    return Layer(values, names)


def _check(layer: Layer) -> Settings:
    try:
        return Settings.model_validate(layer.values)
    except ValidationError as error:
        unknown = any(mistake["type"] == "extra_forbidden" for mistake in error.errors(include_url=False))
        hint = f"The settings are: {', '.join(Settings.model_fields)}" if unknown else ""
        raise ConfigError("\n".join(_explanations(error, layer)), hint=hint) from None


def _explanations(error: ValidationError, layer: Layer) -> Iterator[str]:
    """One line for each mistake, without the value where that may be a secret."""
    for mistake in error.errors(include_url=False, include_context=False):
        location = [part for part in mistake["loc"] if isinstance(part, str) and not part.startswith("function-")]
        source = layer.names.get(str(mistake["loc"][0]), "")
        key = ".".join(location) if source.endswith(".toml") else ""
        where = f"{source}: {key}" if key else source
        if mistake["type"] == "extra_forbidden":
            within = ReviewSettings if location[0] == "review" else ModelSettings
            known = Settings.model_fields if len(location) == 1 else within.model_fields
            near = _nearest(location[-1], known)
            yield f"{where} is not a known setting" + (f"; did you mean {near}?" if near else "")
            continue
        reason = mistake["msg"].removeprefix("Value error, ").replace("Input should be", "must be").split(", unable")[0]
        shown = "" if location[0] in _SECRET_FIELDS else f", not {mistake['input']!r:.60}"
        yield f"{where} {reason}{shown}"


def _nearest(name: str, known: Mapping[str, object]) -> str:
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.75)), "")
