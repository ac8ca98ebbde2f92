"""Where kimicode keeps its files: the whole truth, a function each. KIMICODE_HOME moves all of them."""

import os
import platform
from collections.abc import Mapping
from pathlib import Path

import platformdirs


def config_dir() -> Path:
    home = os.environ.get("KIMICODE_HOME")
    return Path(home) if home else platformdirs.user_config_path("kimicode", appauthor=False)


def config_file() -> Path:
    return config_dir() / "config.toml"


def data_dir() -> Path:
    home = os.environ.get("KIMICODE_HOME")
    return Path(home) if home else platformdirs.user_data_path("kimicode", appauthor=False)


def sessions_dir() -> Path:
    """One folder per session, its journal inside."""
    return data_dir() / "sessions"


def restores_dir() -> Path:
    """Plans of restores that are under way: the next start finishes those that were cut off."""
    return data_dir() / "restores"


def worktrees_dir() -> Path:
    """Work trees of `--worktree`, a folder per repository."""
    return data_dir() / "worktrees"


def engines_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """One file per local engine of this machine: a home folder may be shared, a process id is not."""
    home = environ.get("KIMICODE_HOME")
    state = Path(home) if home else platformdirs.user_state_path("kimicode", appauthor=False)
    return state / "engines" / (platform.node() or "localhost")


def cache_dir() -> Path:
    home = os.environ.get("KIMICODE_HOME")
    return Path(home) / "cache" if home else platformdirs.user_cache_path("kimicode", appauthor=False)


def project_config_file(root: Path) -> Path:
    return root / ".kimicode" / "config.toml"
