"""The commands that a command runs in the end: `timeout 5 nice ls` is `ls`, and so is `bash -c 'ls'`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kimicode.workspace.commands.literal import Words, literal

_DEEPEST = 8
"""Wrappers around one command; nobody writes more."""

_HARMLESS = re.compile(
    r"(LC_[A-Z]+|LANG|LANGUAGE|TZ|NO_COLOR|CLICOLOR|FORCE_COLOR|COLUMNS|LINES|CI)=([A-Za-z0-9][\w.@+-]*(/[A-Za-z_+-]+)*)?"
)
"""Variables by which no program is told to start another one, or where its configuration is."""


@dataclass(frozen=True, slots=True)
class _Wrapper:
    """Options of a program that runs another, those whose value is the next word, and a word that it needs itself."""

    options: str = r"(?!)"
    valued: str = r"(?!)"
    own: str = ""

    def inside(self, words: Words) -> Words:
        """The command that it is given; empty where that is not certain."""
        at = 1
        while at < len(words) and words[at].startswith("-"):
            if re.fullmatch(self.valued, words[at]):
                at += 2
            elif re.fullmatch(self.options, words[at]):
                at += 1
            else:
                return ()
        if self.own:
            if at >= len(words) or not re.fullmatch(self.own, words[at]):
                return ()
            at += 1
        return words[at:]


_WRAPPERS = {
    "builtin": _Wrapper(),
    "command": _Wrapper(),
    "ionice": _Wrapper(r"-t|-c\d|-n\d", r"-[cn]"),
    "nice": _Wrapper(r"-n-?\d+|-\d+|--adjustment=-?\d+", r"-n"),
    "nohup": _Wrapper(),
    "stdbuf": _Wrapper(r"-[ioe](L|\d+)|--(input|output|error)=(L|\d+)", r"-[ioe]"),
    "timeout": _Wrapper(
        r"-v|--verbose|--foreground|--preserve-status|-[ks]\w+|--(signal|kill-after)=\w+",
        r"-[ks]",
        r"\d+(\.\d+)?[smhd]?",
    ),
}
"""Programs that run the rest of their words, unchanged and in the same place."""

_SHELLS = ("bash", "sh")


def innermost(command: str) -> tuple[Words, ...]:
    """Every simple command that runs, out of its wrappers; empty where any of it is not certain."""
    found: list[Words] = []
    for words in literal(command):
        inner = tuple(_unwrapped(words))
        if not inner:
            return ()
        found += inner
    return tuple(found)


def _unwrapped(words: Words) -> Iterator[Words]:
    for _ in range(_DEEPEST):
        if words[:1] == ("env",):
            words = _without_env(words)
        elif words[:1] and words[0] in _WRAPPERS and words[:2] not in (("command", "-v"), ("command", "-V")):
            words = _WRAPPERS[words[0]].inside(words)
        elif words[1:2] == ("-c",) and len(words) == 3 and words[0] in _SHELLS:
            yield from innermost(words[2])
            return
        else:
            break
    else:
        return
    if words:
        yield words


def _without_env(words: Words) -> Words:
    """What follows assignments; empty where one is not known to be harmless, or where nothing follows."""
    rest = words[1:]
    while rest and _HARMLESS.fullmatch(rest[0]):
        rest = rest[1:]
    return () if not rest or rest[0].startswith("-") or "=" in rest[0] else rest
