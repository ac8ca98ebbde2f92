"""The options of `kimicode` without a command, read without typer: loading that takes longer than the first paint may.

What is unusual or wrong is left to `tui`, which explains it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kimicode.tui.wanted import PICK

MODES = ("plan", "ask", "auto-edit", "auto", "yolo")
THEMES = ("auto", "dark", "light", "contrast", "terminal")
_SWITCHES: dict[str, tuple[str, bool]] = {
    "-c": ("go_on", True),
    "--continue": ("go_on", True),
    "--plain": ("plain", True),
    "--trust": ("trust", True),
    "--thinking": ("thinking", True),
    "--instant": ("thinking", False),
}
_RESUME = ("-r", "--resume")


def read(arguments: Sequence[str]) -> dict[str, Any] | None:
    """The options by the names of `tui.command`'s parameters; None where typer has to look at them."""
    given: dict[str, Any] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word in _SWITCHES:
            given.update((_SWITCHES[word],))
            continue
        name, equals, value = word.partition("=")
        if name not in _VALUES or (equals and not name.startswith("--")):
            return None
        if not equals:
            alone = not rest or rest[0].startswith("-")
            if alone and name not in _RESUME:
                return None
            value = PICK if alone else rest.pop(0)
        option, value_of = _VALUES[name]
        try:
            given[option] = value_of(value)
        except ValueError:
            return None
    return given


def _one_of(words: Sequence[str]) -> Callable[[str], str]:
    def read_word(value: str) -> str:
        if value not in words:
            raise ValueError(value)
        return value

    return read_word


def _folder(value: str) -> Path:
    if not value or Path(value).is_file():
        raise ValueError(value)
    return Path(value)


def _count(value: str) -> int:
    if (number := int(value)) < 1:
        raise ValueError(value)
    return number


def _price(value: str) -> float:
    if (price := float(value)) < 0:
        raise ValueError(value)
    return price


_VALUES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "-C": ("folder", _folder),
    "-m": ("model", str),
    "--model": ("model", str),
    "--base-url": ("base_url", str),
    "--checkpoint": ("checkpoint", _folder),
    "--mode": ("mode", _one_of(MODES)),
    "--theme": ("theme", _one_of(THEMES)),
    "--max-steps": ("max_steps", _count),
    "--max-tokens": ("max_tokens", _count),
    "--max-price": ("max_price", _price),
    "-r": ("resume", str),
    "--resume": ("resume", str),
}
