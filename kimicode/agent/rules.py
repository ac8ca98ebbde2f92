"""Rules of approval: a tool and, for bash, a program with its sub-command. What they allow is said before they count.

An allowing rule matches nothing but one literal simple command. A refusing one matches wherever its words stand.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kimicode.agent.anything import escapes, may_do_anything
from kimicode.errors import ConfigError
from kimicode.workspace.readonly import literal_words

EDITS = ("createfile", "insert", "strreplace")
_WORD = re.compile(r"[a-z][a-z0-9:_-]*")


@dataclass(frozen=True, slots=True)
class Rule:
    """`tool` alone, or bash with the leading `words` of a command. Written as `strreplace` or `bash: git diff`."""

    tool: str
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.tool}: {' '.join(self.words)}" if self.words else self.tool

    def allows(self, tool: str, command: str) -> bool:
        """Whether this very call is what the rule stands for; `command` is bash's."""
        if tool != self.tool:
            return False
        if tool != "bash":
            return not self.words
        words = literal_words(command)
        return bool(self.words) and words[: len(self.words)] == self.words and not escapes(words)

    def forbids(self, tool: str, command: str) -> bool:
        """Whether the call may be meant: the words in this order, whatever stands around them."""
        if tool != self.tool:
            return False
        wanted = iter(re.findall(r"[^\s;&|()<>'\"\\`]+", command))
        return all(any(_same(found, word) for found in wanted) for word in self.words)


def _same(found: str, word: str) -> bool:
    return found == word or found.endswith(f"/{word}")


def rule_for(tool: str, command: str) -> Rule | None:
    """The rule that may be offered for a call; None where it would allow anything, or stand for more than one thing."""
    if tool in EDITS:
        return Rule(tool)
    words = literal_words(command) if tool == "bash" else ()
    if not words or may_do_anything(words) or escapes(words):
        return None
    return Rule("bash", _leading(words))


def _leading(words: Sequence[str]) -> tuple[str, ...]:
    """The program and what tells its doings apart: `git diff`, `npm run build`, `python -m pytest`, `make test`."""
    count = 1
    if len(words) > 2 and (words[1] == "-m" or (words[1] == "run" and _WORD.fullmatch(words[2]))):
        count = 3
    elif len(words) > 1 and _WORD.fullmatch(words[1]):
        count = 2
    return tuple(words[:count])


def parse(text: str) -> Rule:
    """A rule from the form in which it is written. Raises ConfigError."""
    tool, colon, command = text.partition(":")
    words = literal_words(command.strip())
    if tool in EDITS and not colon:
        return Rule(tool)
    if tool != "bash" or not words:
        hint = 'Write "bash: git diff", or a tool that edits: ' + ", ".join(EDITS)
        raise ConfigError(f"not a rule: {text!r}", hint=hint)
    return Rule(tool, words)


def preview(rule: Rule) -> str:
    """What the rule will allow, in words and examples, and what it will not."""
    if rule.tool in EDITS:
        return (
            f"Allows every {rule.tool} call: edits of any file in the folder and in extra_dirs, without a question.\n"
            "Does not allow: other tools, files elsewhere, files of git."
        )
    command = " ".join(rule.words)
    kinds = [f"{command} | sh", f"{command} > file", f"{command} && ...", f"{command} $(...)", f"VAR=x {command}"]
    return (
        f"Allows: {command}, with whatever arguments follow, when that is the whole command. If it runs code of the "
        "project (tests, build scripts), that code may be what the agent wrote.\n"
        f"Does not allow: {', '.join(kinds)}, nor options that start other programs."
    )
