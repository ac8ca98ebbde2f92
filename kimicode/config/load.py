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
from kimicode.config.schema import ModelSettings, Settings
from kimicode.errors import ConfigError

_PROJECT_FIELDS = frozenset(
    {"model", "thinking", "window", "max_output_tokens", "toolset", "idle_timeout", "max_retries"}
)
_VARIABLES = {f"KIMICODE_{name.upper()}": name for name in Settings.model_fields if name not in ("trusted", "models")}
_OTHER_VARIABLES = {"KIMICODE_HOME"}
_SECRET_FIELDS = {"api_key", "base_url"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force; `sources` says for each field where it came from, `files` what was read.

    `engine`: the model is that of this machine's engine; then there is no address and no key until one is found.
    """

    settings: Settings
    sources: dict[str, str]
    files: tuple[Path, ...]
    warnings: tuple[str, ...]
    engine: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """Values of one origin; `names` says what the person would call each: a variable, a flag, a file."""

    values: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def without(self, *hidden: str) -> "Layer":
        """The same, less these settings."""
        kept = self.values.keys() - set(hidden)
        return Layer({name: self.values[name] for name in kept}, {name: self.names[name] for name in kept})


def load(flags: Mapping[str, Any], *, cwd: Path, environ: Mapping[str, str]) -> Loaded:
    """Read all layers. A flag that is None was not given; an empty variable is not set.

    Raises ConfigError with every mistake of the first layer that has any.
    """
    warnings: list[str] = []
    files: list[Path] = []
    user_file = user_dir(environ) / "config.toml"
    user = _file_layer(user_file, files)
    checked = _check(user)
    if checked.api_key is not None and user_file.stat().st_mode & 0o077:
        warnings.append(f"{user_file} holds a key and others can read it: chmod 600 {user_file}")
    project = _project_layer(cwd, checked.trusted, user_file, files, warnings)
    given = {name: value for name, value in flags.items() if value is not None}
    flag_layer = Layer(given, {name: f"--{name.replace('_', '-')}" for name in given})
    environment = _environment_layer(environ, warnings)
    engine = asks_for_engine(layer.values for layer in (flag_layer, environment, user))
    values: dict[str, Any] = {}
    sources = dict.fromkeys(Settings.model_fields, "default")
    for layer in (user, project, environment, flag_layer):
        _check(layer)
        if engine:  # keys are for other servers, and a project's file does not say where requests go
            layer = layer.without("base_url", "api_key", *(("model",) if layer is project else ()))
        values |= layer.values
        sources |= layer.names
    settings = Settings.model_validate(values)
    if not engine:
        settings = choose_endpoint(settings, sources, checked.base_url, environ, warnings)
    extra_dirs = tuple((cwd / folder.expanduser()).resolve() for folder in settings.extra_dirs)
    settings = settings.model_copy(update={"extra_dirs": extra_dirs})
    return Loaded(settings, sources, tuple(files), tuple(warnings), engine)


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
        text = path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text", hint="Save it as UTF-8.") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = where[1] if where else text.count("\n") + 1  # without a line it is the end of the file
        reason = re.sub(r" \(at .*\)$", "", str(error))
        message = f"{path}:{line}: not valid TOML: {reason}"
        raise ConfigError(message, hint='Text needs quotes: model = "kimi-k2.6"') from None


def _project_layer(
    cwd: Path, trusted: tuple[Path, ...], user_file: Path, files: list[Path], warnings: list[str]
) -> Layer:
    folder = _project_folder(cwd)
    if folder is None:
        return Layer()
    path = paths.project_config_file(folder)
    # The real path decides, before a single byte of the folder is read.
    if os.path.realpath(folder) not in {os.path.realpath(each) for each in trusted}:
        line = f'trusted = ["{os.path.realpath(folder)}"]'
        warnings.append(f"{path} was not read: the folder is not trusted. To trust it, put {line} into {user_file}")
        return Layer()
    layer = _file_layer(path, files)
    unknown = layer.values.keys() - Settings.model_fields.keys()
    for name in sorted(layer.values.keys() - _PROJECT_FIELDS - unknown):
        warnings.append(f"{path}: {name} is ignored, a project may not set it; it belongs into {user_file}")
    allowed = {name: value for name, value in layer.values.items() if name in _PROJECT_FIELDS | unknown}
    return Layer(allowed, dict.fromkeys(allowed, str(path)))


def _project_folder(cwd: Path) -> Path | None:
    """The nearest folder with a .kimicode/config.toml, from `cwd` to the top of its repository."""
    for folder in search_path(cwd):
        if os.path.isfile(paths.project_config_file(folder)):
            return folder
    return None


def search_path(cwd: Path) -> tuple[Path, ...]:
    """`cwd` and its parents up to the folder that holds `.git`; `cwd` alone outside of a repository."""
    start = cwd.resolve()
    folders = (start, *start.parents)
    for index, folder in enumerate(folders):
        if os.path.lexists(folder / ".git"):
            return folders[: index + 1]
    return (start,)


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
            known = Settings.model_fields if len(location) == 1 else ModelSettings.model_fields
            near = _nearest(location[-1], known)
            yield f"{where} is not a known setting" + (f"; did you mean {near}?" if near else "")
            continue
        reason = mistake["msg"].removeprefix("Value error, ").replace("Input should be", "must be").split(", unable")[0]
        shown = "" if location[0] in _SECRET_FIELDS else f", not {mistake['input']!r:.60}"
        yield f"{where} {reason}{shown}"


def _nearest(name: str, known: Mapping[str, object]) -> str:
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.75)), "")
