"""What every request of the product begins with: the tools, and the system prompt up to the place it works in.

`python -m nano_training.episodes.prefixes` writes them down for training. Where they change, kimi-nano has to be
trained again: it knows these very words.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from kimicode.agent import prompt
from kimicode.llm.wire import tools_to_wire
from kimicode.tools.toolset import Toolset, tools
from nano_training.episodes.episode import DEFAULT, SWE

FILE = Path(__file__).parents[1] / "data" / "prefixes.json"
TOOLSETS: dict[str, Toolset] = {DEFAULT: "full", SWE: "swe"}


@cache
def declared(name: str) -> tuple[dict[str, Any], ...]:
    """The `tools` field of a request with the prefix of this name."""
    return tuple(tools_to_wire([tool.spec() for tool in tools(TOOLSETS[name]).values()]))


@cache
def system() -> str:
    """The system prompt up to where it tells of the working directory."""
    return f"{prompt.text('system')}\n\n"


def prefixes() -> dict[str, dict[str, Any]]:
    """All of them, by name, as JSON: `tools` and `system`."""
    return {name: {"tools": list(declared(name)), "system": system()} for name in TOOLSETS}


if __name__ == "__main__":
    FILE.write_text(json.dumps(prefixes(), indent=1, ensure_ascii=False) + "\n", "utf-8")
