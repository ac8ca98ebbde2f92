"""kimi-nano, the small model for any machine: where its package lies, whether it is whole, what to say of it.

The package `kimi_nano` holds data alone: a checkpoint for the engine, and bugs for `kimicode demo`.
"""

import importlib.util
import json
import os
from collections.abc import Mapping
from pathlib import Path

from kimicode.config.catalog import NANO
from kimicode.errors import UsageError

VARIABLE = "KIMICODE_NANO"
"""The environment variable that names a folder to take in the package's place."""
PACKAGE = "kimi_nano"
MILLIONS = 42
"""Parameters, those of the vocabulary among them."""
ABOUT = (
    f"{NANO}: {MILLIONS} million parameters, trained to find one-line bugs in small Python files. It is not Kimi K2.6."
)
INSTALL = "pip install 'kimicode[engine]' kimi-nano"
_NEEDED = ("config.json", "tiktoken.model", "tokenizer_config.json")
_INDEX = "model.safetensors.index.json"


def place(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The folder of the package, or the one that stands in for it; None where there is neither."""
    if named := environ.get(VARIABLE, "").strip():
        return Path(named).expanduser().absolute()
    spec = importlib.util.find_spec(PACKAGE)
    found = list(spec.submodule_search_locations or ()) if spec else []
    return Path(found[0]) if found else None


def lacking(environ: Mapping[str, str] = os.environ) -> str:
    """Why kimi-nano cannot be served, as far as can be told without reading its weights; "" where it can."""
    folder = place(environ)
    if folder is None:
        return f"{NANO} is not installed"
    checkpoint = folder / "checkpoint"
    absent = [name for name in (*_NEEDED, *_shards(checkpoint)) if not (checkpoint / name).is_file()]
    return f"{NANO} in {folder} is not whole: there is no {absent[0]}" if absent else ""


def checkpoint(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the weights. Raises UsageError that says how to get them."""
    folder, why = place(environ), lacking(environ)
    if folder is None or why:
        raise UsageError(why, hint=remedy(environ))
    return folder / "checkpoint"


def remedy(environ: Mapping[str, str] = os.environ) -> str:
    """What to do where it is not there, or not whole."""
    if environ.get(VARIABLE, "").strip():
        return f"{VARIABLE} names that folder: correct it, or unset it and install the package: {INSTALL}"
    return f"Install it: {INSTALL}" if place(environ) is None else f"Install it again: {INSTALL}"


def offer(environ: Mapping[str, str] = os.environ) -> str:
    """What to say of it to somebody who has no model yet: what to type, and what to expect."""
    if lacking(environ) or importlib.util.find_spec("torch") is None:
        first = f"{INSTALL}, then `kimicode demo`"
    else:
        first = f'kimicode demo, or kimicode run --model {NANO} "PROMPT"'
    return f"""\
Without key or network:      {first}
                             ({MILLIONS} million parameters, for one-line bugs in small Python
                             files; it is not Kimi K2.6)"""


def _shards(folder: Path) -> list[str]:
    """The files of weights that the index names, or the first that is there without one."""
    try:
        index = json.loads((folder / _INDEX).read_bytes())
        return sorted({str(name) for name in index["weight_map"].values()})
    except FileNotFoundError:
        return [next((path.name for path in sorted(folder.glob("*.safetensors"))), "model.safetensors")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [f"readable {_INDEX}"]
