"""Every key of the interface: what `actions` lists, under the person's own keys.toml.

The app lays `KeyMap.overrides()` over the widgets' bindings (Textual's `set_keymap`)."""

import difflib
import re
import string
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from textual.keys import KEY_NAME_REPLACEMENTS

from kimicode.tui.actions import ACTIONS

_MODIFIERS = {"alt", "ctrl", "hyper", "meta", "shift", "super"}
_NAMES = {
    *("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete", "backspace"),
    *("enter", "tab", "escape", "space", *(f"f{number}" for number in range(1, 25))),
}
_OTHER_NAMES = {"esc": "escape", "return": "enter", "pgup": "pageup", "pgdn": "pagedown", "del": "delete"}
_BRIEF = {"up": "↑", "down": "↓", "escape": "Esc", "pageup": "PgUp", "pagedown": "PgDn"}
_TOGETHER = (
    {"editor", "composer", "app"},
    *({context, "app"} for context in ("approval", "search", "transcript")),
    {"screen", "picker", "sessions"},
    {"screen", "reader", "browser", "diff"},
    *({"screen", context} for context in ("crash", "setup", "tasks")),
)
"""Contexts whose keys work at the same time."""
_UNBOUND = "unbound"
"""Textual takes no empty list of keys, so an action without a key gets one that no terminal sends."""


@dataclass(frozen=True, slots=True)
class KeyMap:
    """Which keys every action has, and what was wrong with the person's file."""

    keys: Mapping[str, tuple[str, ...]]
    warnings: tuple[str, ...] = ()

    @classmethod
    def default(cls) -> "KeyMap":
        return cls({action.name: action.keys for action in ACTIONS})

    @classmethod
    def load(cls, path: Path) -> "KeyMap":
        """The defaults under the file at `path`, if there is one. Whatever is wrong in it is left out and told."""
        try:
            source = path.read_text("utf-8")
        except FileNotFoundError:
            return cls.default()
        except (OSError, UnicodeDecodeError) as error:
            return cls(cls.default().keys, (f"{path} cannot be read, the default keys hold: {error}",))
        return cls.parse(source, path.name)

    @classmethod
    def parse(cls, source: str, name: str = "keys.toml") -> "KeyMap":
        """Read the text of a key file; `name` stands in the warnings."""
        try:
            wanted = tomllib.loads(source)
        except (ValueError, RecursionError) as error:
            return cls(cls.default().keys, (f"{name} is no valid TOML, the default keys hold: {error}",))
        reading = _Reading(source, name)
        reading.take(wanted)
        return cls(reading.keys, tuple(reading.warnings))

    def overrides(self) -> dict[str, str]:
        """For Textual's `App.set_keymap`: the actions whose keys are not the default ones."""
        changed = {action.name: self.keys[action.name] for action in ACTIONS if self.keys[action.name] != action.keys}
        return {name: ",".join(keys) or f"{_UNBOUND}.{name}" for name, keys in changed.items()}

    def shown(self, name: str) -> str:
        """The first key of an action as a person reads it ("Ctrl-R"); empty if it has none."""
        keys = self.keys[name]
        return show(keys[0]) if keys else ""

    def describe(self) -> list[tuple[str, str, str]]:
        """Name, keys and meaning of every action, for /keys and the help."""
        return [
            (action.name, ", ".join(map(show, self.keys[action.name])) or "(none)", action.description)
            for action in ACTIONS
        ]


def show(key: str) -> str:
    """A key as a person reads it: "ctrl+r" is "Ctrl-R"."""
    *modifiers, base = key.split("+")
    return "-".join([*(modifier.capitalize() for modifier in modifiers), base.replace("_", " ").capitalize()])


def brief(key: str) -> str:
    """A key as a line of hints names it."""
    return _BRIEF.get(key) or show(key)


class _Reading:
    """A key file being laid over the defaults, one entry after the other."""

    def __init__(self, source: str, name: str) -> None:
        self.keys = dict(KeyMap.default().keys)
        self.warnings: list[str] = []
        self._lines = source.splitlines()
        self._name = name
        self._mine: set[str] = set()

    def take(self, table: Mapping[str, object]) -> None:
        for name, value in _entries(table):
            keys = self._keys(name, value)
            if keys is None:
                continue
            free = tuple(key for key in keys if self._free(name, key))
            if free or not keys:
                self._mine.add(name)
                self.keys[name] = free

    def _keys(self, name: str, value: object) -> list[str] | None:
        if name not in self.keys:
            near = difflib.get_close_matches(name, self.keys, n=1)
            self._warn(name, f"there is no action {name}" + (f"; did you mean {near[0]}?" if near else ""))
            return None
        words = [value] if isinstance(value, str) else value
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            self._warn(name, f"{name} takes a key or a list of keys")
            return None
        keys = [key for word in words if word and (key := self._known(name, word))]
        return keys if keys or not words else None

    def _known(self, name: str, word: str) -> str | None:
        key = normal(word)
        if key is None:
            self._warn(name, f"{word!r} is no key (keys look like ctrl+s, alt+enter, f5)")
        return key

    def _free(self, name: str, key: str) -> bool:
        """Whether the action may have the key. It is taken away from one that has it by default."""
        for other, keys in self.keys.items():
            if other == name or key not in keys or not _meet(name, other, key):
                continue
            if other in self._mine:
                self._warn(name, f"{key} is already the key of {other}; {name} does not get it")
                return False
            self.keys[other] = tuple(one for one in keys if one != key)
            if not self.keys[other]:
                self._warn(name, f"{key} was the only key of {other}, which has none now")
        return True

    def _warn(self, name: str, text: str) -> None:
        self.warnings.append(f"{self._name}, line {self._line(name)}: {text}")

    def _line(self, name: str) -> int:
        """Where an entry stands, counted from 1; tomllib does not tell."""
        context, _, action = name.partition(".")
        table = ""
        for number, line in enumerate(self._lines, 1):
            if found := re.match(r"\s*\[\s*([\w.\-]+)\s*\]", line):
                table = found[1]
            left = line.partition("=")[0].replace('"', "").replace("'", "").replace(" ", "")
            if left == name or (left == action and table == context):
                return number
        return 1


def _meet(name: str, other: str, key: str) -> bool:
    """Whether two actions cannot both have a key; where they have it by default, one goes before the other."""
    one, two = (action.partition(".")[0] for action in (name, other))
    if one == two:
        return True
    defaults = KeyMap.default().keys
    meant = key in defaults[name] and key in defaults[other]
    return not meant and any({one, two} <= contexts for contexts in _TOGETHER)


def _entries(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _entries(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def normal(word: str) -> str | None:
    """A key in Textual's spelling: "Ctrl-Esc" is "ctrl+escape". None for what is no key."""
    *modifiers, base = re.split(r"(?<=.)[+\-](?=.)", word.strip())
    modifiers = [modifier.lower() for modifier in modifiers]
    if not set(modifiers) <= _MODIFIERS or len(set(modifiers)) != len(modifiers):
        return None
    if len(base) == 1:
        # "Ctrl-R" means ctrl+r; alone, an upper-case letter is a key of its own
        name = _character_name(base.lower() if modifiers and base.isascii() else base)
    else:
        lowered = base.lower().replace(" ", "_")
        name = _OTHER_NAMES.get(lowered, lowered)
        name = name if name in _NAMES or _is_sign(name) else None
    return None if name is None else "+".join([*sorted(set(modifiers)), name])


def _character_name(character: str) -> str | None:
    """Textual's name of a character's key: itself for letters and digits, else its Unicode name."""
    if character.isalnum():
        return character
    if character not in string.punctuation:
        return None
    name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


def _is_sign(name: str) -> bool:
    """Whether it is Textual's name of a sign on the keyboard, such as "slash" or "question_mark"."""
    return any(_character_name(sign) == name for sign in string.punctuation)
