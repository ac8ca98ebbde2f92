"""Where the tools of a sandboxed command keep their caches: a folder of the project that nothing else reads or runs.

Caches of the person are read by no name but their own: what a command put into them would run outside the sandbox.
"""

import hashlib
import os
from pathlib import Path

FOLDERS = {
    "XDG_CACHE_HOME": "xdg",
    "GOCACHE": "go-build",
    "npm_config_cache": "npm",
    "YARN_CACHE_FOLDER": "yarn",
    "PIP_CACHE_DIR": "pip",
    "UV_CACHE_DIR": "uv",
    "CCACHE_DIR": "ccache",
    "SCCACHE_DIR": "sccache",
    "DENO_DIR": "deno",
    "BUN_INSTALL_CACHE_DIR": "bun",
    "COMPOSER_CACHE_DIR": "composer",
    "DOTNET_CLI_HOME": "dotnet",
    "GRADLE_USER_HOME": "gradle",
    "MPLCONFIGDIR": "matplotlib",
}
FILLED = {
    "GRADLE_RO_DEP_CACHE": ".gradle/caches",
    "NUGET_FALLBACK_PACKAGES": ".nuget/packages",
    "PLAYWRIGHT_BROWSERS_PATH": ".cache/ms-playwright",
    "PUPPETEER_CACHE_DIR": ".cache/puppeteer",
    "CYPRESS_CACHE_FOLDER": ".cache/Cypress",
    "HF_HUB_CACHE": ".cache/huggingface/hub",
    "PRE_COMMIT_HOME": ".cache/pre-commit",
}
"""What was downloaded before, and is only read: there is no network to fill it again."""


def project_folder(cache: Path, root: Path) -> Path:
    """The folder of one project below the agent's own cache, known by the path of the project."""
    return cache / "sandbox" / hashlib.sha256(os.fsencode(root)).hexdigest()[:16]


def make(folder: Path) -> None:
    """Make the folder and all caches in it. Raises OSError."""
    for name in FOLDERS.values():
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)


def variables(folder: Path, home: Path) -> dict[str, str]:
    """The variables that lead tools there."""
    private = {name: str(folder / part) for name, part in FOLDERS.items()}
    return private | {name: str(home / part) for name, part in FILLED.items() if os.path.isdir(home / part)}
