"""Which shell commands provably only read. Conservative: what is not understood completely is not read-only."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from kimicode.workspace.commands import gitreads, scripts
from kimicode.workspace.commands.literal import Words
from kimicode.workspace.commands.programs import VERSIONS
from kimicode.workspace.commands.unwrap import innermost


def is_read_only(command: str) -> bool:
    """True where `command` can only print what is there: it changes no file, process or setting, and fetches nothing.

    This takes for granted that the programs on PATH are trusted, and that git runs none that a repository names
    (`git.programs`).
    """
    commands = innermost(command)
    return bool(commands) and all(map(only_reads, commands))


def only_reads(words: Words) -> bool:
    """The same for one simple command, out of its wrappers."""
    if words in VERSIONS:
        return True
    return gitreads.only_reads(words[1:]) if words[0] == "git" else scripts.only_reads(words)


def git_folders(command: str, cwd: Path, variables: Mapping[str, str]) -> list[Path]:
    """The folders in which a command that only reads may call git, each once; none where it does not.

    More rather than fewer: a `cd` may fail, or stand in a pipeline and so hold for itself alone.
    """
    here, called = [cwd], []
    for words in innermost(command):
        if words[0] == "cd":
            here += [folder / target for folder in here for target in _targets(words[1:], variables)]
        elif words[0] == "git":
            named = Path(*gitreads.leading_folders(words))
            called += [folder / named for folder in here]
    return list(dict.fromkeys(called))


def _targets(arguments: Sequence[str], variables: Mapping[str, str]) -> list[Path]:
    """Where `cd` may lead."""
    operand = (
        arguments[-1] if arguments and not re.fullmatch(r"-[LP]+|--", arguments[-1]) else variables.get("HOME", "")
    )
    if operand == "-":
        return [Path(variables.get("OLDPWD", ""))]
    return [Path(base, operand) for base in ("", *variables.get("CDPATH", "").split(":"))]
