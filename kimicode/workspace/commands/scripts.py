"""Programs that take a little program as an argument, or another command: read word by word, in their harmless forms.

For sed and awk that is a small language: addresses and conditions, printing, substituting; no files, no commands.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from kimicode.workspace.commands.programs import EXECUTED, FED, PROGRAMS

# A slash in brackets ends a regular expression for one sed or awk and not for another, so there may be none.
_BRACKETS = r"\[\^?(?:\[:[a-z]+:\]|[^][/\\\n])+\]"
_REGEX = rf"/(?:[^]/\\\n[]|\\[^\n]|{_BRACKETS})*/"


# --- sed ------------------------------------------------------------------------------------------------------

_ADDRESS = rf"(?:\d+|\$|\+\d+|{_REGEX}I?)"


def _substitution(mark: str) -> str:
    """s between these marks, with flags that neither write nor execute."""
    pattern = rf"(?:[^][{mark}\\\n]|\\[^\n]|\[\^?(?:\[:[a-z]+:\]|[^][{mark}/\\\n])+\])*"
    replacement = rf"(?:[^{mark}\\\n]|\\[^\n])*"
    return rf"s[{mark}]{pattern}[{mark}]{replacement}[{mark}][gIp0-9]*"


_SED_COMMAND = (
    rf"\s*+(?:{_ADDRESS}(?:,{_ADDRESS})?)?\s*+!?\s*+(?:[pdq=]|{'|'.join(_substitution(m) for m in '/|#,')})\s*+"
)
_SED = re.compile(rf"{_SED_COMMAND}(?:;{_SED_COMMAND})*;?\s*+")


def _sed(arguments: Sequence[str]) -> bool:
    rest, scripts = list(arguments), []
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if not re.fullmatch(r"-[nErsz]*e?", option) or len(option) == 1:
            return False
        if option.endswith("e"):
            scripts += rest[:1]
            rest = rest[1:]
    if not scripts:
        scripts, rest = rest[:1], rest[1:]
    return bool(scripts) and all(map(_SED.fullmatch, scripts)) and not any(word.startswith("-") for word in rest)


# --- awk ------------------------------------------------------------------------------------------------------

_VALUE = r"(?:\$(?:NF|\d++|\(NF-\d+\))|NF|NR|FNR|FILENAME|\d++)"
_TEXT = r'"(?:[^"\\\n]|\\[tn])*"'
_TEST = rf"(?:!?{_REGEX}|{_VALUE}\s*+(?:[<>=!]=|[<>]|!?~)\s*+(?:{_VALUE}|{_TEXT}|{_REGEX})|{_VALUE})"
_CONDITION = rf"{_TEST}(?:\s*+(?:&&|\|\|)\s*+{_TEST})*"
_PRINT = rf"print(?:\s*+(?:{_VALUE}|{_TEXT})(?:\s*+,?\s*+(?:{_VALUE}|{_TEXT}))*+)?"
_AWK = re.compile(rf"\s*+(?:{_CONDITION}\s*+(?:\{{\s*+{_PRINT}\s*+;?\s*+\}})?|\{{\s*+{_PRINT}\s*+;?\s*+\}})\s*+")


def _awk(arguments: Sequence[str]) -> bool:
    rest = list(arguments)
    while rest and rest[0].startswith("-F"):
        rest = rest[2 if rest[0] == "-F" else 1 :]
    # A file below /inet is a connection for gawk, and one with = an assignment.
    files = all(not re.match(r"-.|/+inet|.*=", word, re.DOTALL) for word in rest[1:])
    return bool(rest) and _AWK.fullmatch(rest[0]) is not None and files


# --- commands in commands -------------------------------------------------------------------------------------


def _find(arguments: Sequence[str]) -> bool:
    """Without its `-exec ... ;` the rest has to be harmless, and what it executes has to be for any file."""
    own: list[str] = []
    rest = list(arguments)
    while "-exec" in rest:
        at = rest.index("-exec")
        own += rest[:at]
        end = next((place for place in range(at + 1, len(rest)) if _ends(rest, place)), at)
        command = rest[at + 1 : end]
        # A name inside a word would become part of a script.
        inside = any("{}" in word and word != "{}" for word in command)
        if not command or inside or "+" in command or command[0] not in EXECUTED or not only_reads(command):
            return False
        rest = rest[end + 1 :]
    return PROGRAMS["find"].allows([*own, *rest])


def _ends(words: Sequence[str], place: int) -> bool:
    return words[place] == ";" or list(words[place - 1 : place + 1]) == ["{}", "+"]


def _xargs(arguments: Sequence[str]) -> bool:
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if re.fullmatch(r"-[nPILd]", option):
            rest = rest[1:]
        elif not re.fullmatch(r"-[0rtx]+|-[nPL]\d+|-[Id].+|--null|--no-run-if-empty|--max-(args|procs)=\d+", option):
            return False
    return bool(rest) and rest[0] in FED and only_reads(rest)


# --- others ---------------------------------------------------------------------------------------------------


def _printf(arguments: Sequence[str]) -> bool:
    """%n would assign to a variable that it is given, and so change what later commands run."""
    return (
        bool(arguments) and not arguments[0].startswith("-") and not re.search(r"%[-+ #'0-9.*hlLjzt]*n", arguments[0])
    )


def _tar(arguments: Sequence[str]) -> bool:
    """Lists an archive of this machine: a name with a colon would be another's."""
    listing = len(arguments) > 1 and re.fullmatch(r"-?(t|tv)[zjJ]?f", arguments[0])
    return bool(listing) and ":" not in arguments[1] and not any(word.startswith("-") for word in arguments[1:])


def _unzip(arguments: Sequence[str]) -> bool:
    return arguments[:1] in (["-l"], ["-v"], ["-Z1"]) and not any(word.startswith("-") for word in arguments[1:])


_READERS: Mapping[str, Callable[[Sequence[str]], bool]] = {
    "sed": _sed,
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), _awk),
    "find": _find,
    "xargs": _xargs,
    "echo": lambda arguments: True,
    "printf": _printf,
    "tar": _tar,
    "unzip": _unzip,
}


def only_reads(words: Sequence[str]) -> bool:
    """Whether a program other than git, with these arguments, only reads."""
    reader = _READERS.get(words[0])
    if reader is not None:
        return reader(list(words[1:]))
    known = PROGRAMS.get(words[0])
    return known is not None and known.allows(words[1:])
