"""Changes the user's config.toml: comments and order stay, and the file is its owner's alone.

A project's configuration is never written. What would not be valid settings is refused before a byte is touched.
"""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kimicode import paths
from kimicode.config.schema import Settings
from kimicode.errors import ConfigError, DiskError


def change_settings(changes: Mapping[str, object], *, file: Path | None = None) -> Path:
    """Set these keys of config.toml, remove those whose value is None; returns the file that was written.

    `file` is the user's by default. Raises ConfigError where the file or a value is not valid, DiskError.
    """
    path = file or paths.config_file()
    text = _changed(_text(path), changes, path)
    replace_private(Path(os.path.realpath(path)), text)  # a link into somebody's dotfiles stays a link
    return path


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text", hint="Save it as UTF-8.") from error
    except OSError as error:
        raise DiskError.from_os("read", path, error) from error


def _changed(text: str, changes: Mapping[str, object], path: Path) -> str:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", hint="Repair it, then try again.") from None
    for name, value in changes.items():
        if value is None:
            document.pop(name, None)
        else:
            document[name] = value
    _check(document.unwrap(), changes)
    return tomlkit.dumps(document)


def _check(values: dict[str, Any], changes: Mapping[str, object]) -> None:
    """Raises ConfigError for a value that may not be; mistakes that stood in the file before are not ours to judge."""
    try:
        Settings.model_validate({name: values[name] for name in changes if name in values})
    except ValidationError as error:
        mistake = error.errors(include_url=False, include_input=False)[0]
        reason = mistake["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
        raise ConfigError(f"{'.'.join(map(str, mistake['loc']))} {reason}") from None


def replace_private(path: Path, text: str) -> None:
    """Write it atomically, readable by its owner alone: the file may hold a key. Raises DiskError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=".config-", dir=path.parent)  # 0600 from its birth
    except OSError as error:
        raise DiskError.from_os("write", path, error) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(name)
        raise DiskError.from_os("write", path, error) from error
