"""What the agents of a review are told, from the folder `prompts`."""

from functools import cache
from importlib import resources


@cache
def text(name: str) -> str:
    """A prompt, without its final newline."""
    return resources.files("kimicode.review").joinpath("prompts", f"{name}.md").read_text("utf-8").strip()
