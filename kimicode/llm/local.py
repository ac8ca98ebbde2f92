"""The engine of this machine as the agent sees it: is it installed, does one run, what does it say of itself.

An engine that serves has a state file in `paths.engines_dir()`. Nothing here imports torch or the engine.
"""

import contextlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kimicode import paths
from kimicode.config.endpoint import at_engine
from kimicode.config.schema import Settings
from kimicode.errors import ConfigError, DiskError, UsageError

PACKAGES = ("kimicode_engine", "torch")
ANSWER_S = 2.0


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine by its own account; `base_url` ends in /v1, `window` counts tokens."""

    pid: int
    base_url: str
    api_key: str = field(repr=False)
    model: str
    window: int

    def applied(self, settings: Settings) -> Settings:
        """The settings with which requests go to this engine."""
        return at_engine(settings, base_url=self.base_url, api_key=self.api_key, model=self.model, window=self.window)


def missing() -> list[str]:
    """The packages without which no engine can be started here."""
    return [name for name in PACKAGES if importlib.util.find_spec(name) is None]


def engine_command(arguments: Sequence[str]) -> list[str]:
    """The command that starts an engine. Raises UsageError where it is not installed."""
    if missing():
        hint = "Install it: pip install 'kimicode[engine]'"
        raise UsageError(f"the local engine is not installed ({', '.join(missing())} missing)", hint=hint)
    # -P: a torch.py in the folder where somebody starts it must not be taken for the library.
    return [sys.executable, "-P", "-m", "kimicode_engine", *arguments]


def checkpoint_of(settings: Settings) -> Path:
    """The folder of weights that is configured. Raises ConfigError where there is none, or where it holds none."""
    folder = settings.checkpoint
    if folder is None:
        raise ConfigError("no checkpoint is configured", hint=CHECKPOINT_HINT)
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {folder} to serve", hint=CHECKPOINT_HINT)
    if not (folder / "config.json").is_file():
        hint = "It should be the folder with config.json, the tokenizer and the *.safetensors files."
        raise ConfigError(f"{folder} holds no checkpoint: there is no config.json", hint=hint)
    return folder


CHECKPOINT_HINT = """\
Serve one:                       kimicode serve --checkpoint DIR
Let every run start its own:     kimicode run --model local --checkpoint DIR "PROMPT"
Set it for good:                 export KIMICODE_CHECKPOINT=DIR, or checkpoint = "DIR" in config.toml
`kimicode help local` says where the weights come from."""


def state_file(name: str) -> Path:
    """Where the engine of this name (its port) writes what it is; the folder is made, for its owner alone.

    Raises DiskError.
    """
    folder = paths.engines_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise DiskError.from_os("make the folder", folder, error) from error
    return folder / f"{name}.json"


def running(environ: Mapping[str, str] = os.environ, *, model: str = "") -> Engine | None:
    """An engine of this person on this machine that answers, the latest first; what dead ones left is removed.

    With `model`, one that serves a model of this name.

    Takes up to two seconds for each that does not answer.
    """
    recorded = _recorded(paths.engines_dir(environ))
    wanted = ((path, engine) for path, engine in recorded if model in ("", engine.model))
    return next((engine for path, engine in wanted if _alive(engine, path)), None)


def read_state(path: Path) -> Engine | None:
    """What a state file says; None where there is none, or no whole one."""
    try:
        state: Any = json.loads(path.read_bytes())
        engine = Engine(
            pid=int(state["pid"]),
            base_url=str(state["base_url"]).rstrip("/").removesuffix("/v1") + "/v1",
            api_key=str(state["api_key"] or ""),
            model=str(state["model"]),
            window=int(state["window"]),
        )
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    return engine if engine.window > 0 else None


def _recorded(folder: Path) -> Iterator[tuple[Path, Engine]]:
    """The state files that can be read, the latest first."""
    times: dict[Path, float] = {}
    for path in folder.glob("*.json"):
        with contextlib.suppress(OSError):
            times[path] = path.stat().st_mtime
    for path in sorted(times, key=lambda each: times[each], reverse=True):
        if engine := read_state(path):
            yield path, engine


def _alive(engine: Engine, path: Path) -> bool:
    """Whether the engine's process lives and answers to its key. The file of one that does not is removed."""
    import httpx2

    headers = {"Authorization": f"Bearer {engine.api_key}"} if engine.api_key else {}
    url = f"{engine.base_url.removesuffix('/v1')}/health"
    try:
        if _lives(engine.pid):
            # Past any proxy: the key is for the process that wrote it and for nobody between.
            return httpx2.get(url, headers=headers, timeout=ANSWER_S, trust_env=False).status_code == 200
    except httpx2.ConnectError:
        pass  # an engine listens before it writes its file, so the process of this number is another one
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError):
        return False
    with contextlib.suppress(OSError):
        path.unlink()
    return False


def _lives(pid: int) -> bool:
    """Whether there is a process of this number that could be ours."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError):
        return False
    return True
