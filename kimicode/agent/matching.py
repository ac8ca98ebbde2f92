"""How the parts of a rule are compared: words with words, a pattern with a path, a pattern with a host."""

import os
import re
import unicodedata
from collections.abc import Sequence
from enum import IntEnum
from functools import cache
from urllib.parse import urlsplit

from kimicode.workspace.commands.seen import Guess, Seen, program

_OPTION = re.compile(r"-[A-Za-z]{1,3}")
"""Options of single letters, alone or together."""
_LEADING = re.compile(r"-.*|\w+=.*|[\d.]+[smhd]?|", re.DOTALL)
"""What stands between a wrapper and its command."""
_MOST_STARTS = 50
"""Of a command that are tried among many words; where there are more, it may be meant."""
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_-]{1,63})*")


class Match(IntEnum):
    """Whether something is what a rule means. MAYBE: it cannot be told before it runs."""

    NO = 0
    MAYBE = 1
    YES = 2


# --- commands -------------------------------------------------------------------------------------------------


def words_in(words: Sequence[str], seen: Seen) -> Match:
    """Whether one of the commands that were seen begins with these words, or may."""
    found = max((_begins(words, command) for command in seen.commands), default=Match.NO)
    found = max((found, *(_anywhere(words, hidden) for hidden in seen.hidden)))
    return found if seen.whole else max(found, Match.MAYBE)


def _anywhere(words: Sequence[str], hidden: Guess) -> Match:
    """The same with the first word anywhere. An unknown one counts only behind options of a wrapper."""
    found, starts, begun, before = Match.NO, 0, False, ""
    for at, word in enumerate(hidden):
        if (word is None and not begun) or (word and _same_program(program(word), words[0])):
            found, starts = max(found, _begins(words, hidden, at)), starts + 1
        if found is Match.YES or starts > _MOST_STARTS:
            return max(found, Match.MAYBE)
        begun |= not (before.startswith("-") or _LEADING.fullmatch(word or ""))
        before = word or ""
    return found


def _begins(words: Sequence[str], command: Guess, at: int = 0) -> Match:
    """The program, then what it is to do with any options before it, then options and operands in any order."""
    if command[at] is None:
        return Match.MAYBE
    if not _same_program(program(command[at]), words[0]):
        return Match.NO
    place = at + 1
    first_option = next((i for i, word in enumerate(words) if i and word.startswith("-")), len(words))
    for verb in words[1:first_option]:
        place = _past(verb, command, place)
        if place < 0:
            return Match.NO
        if command[place - 1] is None:
            return Match.MAYBE
    rest = command[at + 1 :]
    if all(_among(word, rest) for word in words[first_option:]):
        return Match.YES
    return Match.MAYBE if None in rest else Match.NO


def _same_program(found: str, wanted: str) -> bool:
    """Without regard to a version: `python3.12` is `python`."""
    found, wanted = found.casefold(), wanted.casefold()
    return found == wanted or (wanted.isalpha() and found.rstrip("0123456789.-") == wanted)


def _past(verb: str, command: Guess, place: int) -> int:
    """The place behind a verb, or behind what may be one; -1 where there is none. An option may have a value."""
    after_option = False
    for at in range(place, len(command)):
        word = command[at]
        if word is None or word == verb:
            return at + 1
        if not word.startswith("-") and not after_option:
            return -1
        after_option = word.startswith("-") and "=" not in word
    return -1


def _among(wanted: str, words: Guess) -> bool:
    """Whether a word stands there; an option also in another form: shortened, with a value, among other letters."""
    if wanted in words:
        return True
    given = [word.partition("=")[0] for word in words if word is not None and word.startswith("-")]
    if wanted.startswith("--"):
        return any(len(word) > 2 and wanted.startswith(word) for word in given)
    if _OPTION.fullmatch(wanted):
        return set(wanted[1:]) <= {letter for word in given if not word.startswith("--") for letter in word[1:]}
    return False


# --- paths ----------------------------------------------------------------------------------------------------


def covers(pattern: str, path: str, cwd: str) -> bool:
    """Whether a pattern certainly means a path: as it is written, and with all links followed.

    As in .gitignore: without a slash it means the name in any folder below `cwd`, else it counts from there, as a
    relative path does; a folder stands for all in it. / and ~ at its start mean places of the machine.
    """
    written, real = _spellings(path, cwd)
    return _matches(pattern, *written) and _matches(pattern, *real)


def touches(pattern: str, path: str, cwd: str) -> bool:
    """Whether a pattern means a path in one spelling at least; a name alone does so outside of `cwd`, too."""
    name = "/" not in pattern.rstrip("/")
    return any(_matches(pattern, path, base, name) for path, base in _spellings(path, cwd))


def _spellings(path: str, cwd: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """A path and the folder that it counts from, without and with links followed."""
    written = os.path.normpath(os.path.join(cwd, path))
    real = written if "\0" in written else os.path.realpath(written)
    return (written, os.path.normpath(cwd)), (real, os.path.realpath(cwd))


def _matches(pattern: str, path: str, base: str, anywhere: bool = False) -> bool:
    below = os.path.relpath(path, base)
    outside = below == ".." or below.startswith("../")
    if pattern.startswith(("/", "~")):
        pattern = os.path.expanduser(pattern)
    elif not outside:
        path = f"/{below}"
    elif not anywhere:
        return False
    return _glob(_plain(pattern)).fullmatch(_plain(path)) is not None


def _plain(text: str) -> str:
    """Two names that some file system takes for one are the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    stem = pattern.rstrip("/")
    anywhere = "/" not in stem
    expression = "/(?:.*/)?" if anywhere else "" if stem.startswith("/") else "/"
    for piece in re.split(r"((?:^|/)\*\*/|/\*\*$|\*+|\?)", stem):
        special = {"**/": "(?:.*/)?", "/**/": "/(?:.*/)?", "/**": "/.*", "?": "[^/]"}.get(piece)
        expression += special or ("[^/]*" if piece.startswith("*") else re.escape(piece))
    return re.compile(f"{expression}(?:/.*)?", re.DOTALL)


# --- hosts ----------------------------------------------------------------------------------------------------


def host_of(url: str) -> str:
    """The host of an http address, or one named alone, in the form in which it is looked up; "" if that is not sure."""
    if re.search(r"[\x00-\x20\x7f\\]", url):
        return ""
    try:
        split = urlsplit(url if "://" in url else f"https://{url}")
        certain = split.port is None or split.port > 0  # asking raises where it is none
        host = (split.hostname or "").removesuffix(".").encode("idna").decode().lower()
    except ValueError:
        return ""
    return host if certain and split.scheme in ("http", "https") and _HOST.fullmatch(host) else ""


def host_matches(pattern: str, host: str) -> bool:
    """Whether it is this host, or for `*.name` one below it."""
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
