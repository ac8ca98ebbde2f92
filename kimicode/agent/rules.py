"""Rules of approval: a program with its sub-command, files that a tool may edit, a host that may be fetched from.

What a rule allows is said before it counts, and is certain. What one refuses it refuses in disguise as well, as far as
words can be seen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kimicode.agent.matching import Match, covers, host_matches, host_of, touches, words_in
from kimicode.errors import ConfigError
from kimicode.workspace.commands.anything import escapes, may_do_anything
from kimicode.workspace.commands.literal import Words, literal_words
from kimicode.workspace.commands.readonly import only_reads
from kimicode.workspace.commands.seen import Seen, seen
from kimicode.workspace.commands.unwrap import innermost

EDITS = ("createfile", "insert", "strreplace")
EDIT = "edit"
"""In rules: each of them."""
FETCH = "fetch"
_WORD = re.compile(r"[a-z][a-z0-9:_-]*")


@dataclass(frozen=True)
class Call:
    """What a rule is asked about: a command, the path of an edit or an address, and the folder in which it counts."""

    tool: str
    subject: str
    cwd: str = "/"

    @cached_property
    def commands(self) -> tuple[Words, ...]:
        """What certainly runs; empty where that is not certain."""
        return innermost(self.subject)

    @cached_property
    def seen(self) -> Seen:
        """What may run."""
        return seen(self.subject)


@dataclass(frozen=True, slots=True)
class Rule:
    """A tool; for bash the leading `words` of a command, for edits a `pattern` of paths, for fetch one of hosts.

    Written as `bash: git diff`, `strreplace`, `edit: docs/**`, `fetch: *.python.org`.
    """

    tool: str
    words: Words = ()
    pattern: str = ""

    def __str__(self) -> str:
        about = " ".join(self.words) or self.pattern
        return f"{self.tool}: {about}" if about else self.tool

    def is_for(self, tool: str) -> bool:
        return tool == self.tool or (self.tool == EDIT and tool in EDITS)

    def runs(self, words: Words) -> bool:
        """Whether one simple command, out of its wrappers, is what this stands for."""
        return bool(self.words) and words[: len(self.words)] == self.words and not escapes(words)

    def allows(self, call: Call) -> bool:
        """Whether a call is certainly this; a command where all others in it only read."""
        if not self.is_for(call.tool):
            return False
        if call.tool == "bash":
            return any(map(self.runs, call.commands)) and all(self.runs(w) or only_reads(w) for w in call.commands)
        if call.tool == FETCH:
            return host_matches(self.pattern, host_of(call.subject))
        return not self.pattern or covers(self.pattern, call.subject, call.cwd)

    def meets(self, call: Call) -> Match:
        """Whether a call is or may be what this refuses or asks about."""
        if not self.is_for(call.tool):
            return Match.NO
        if call.tool == "bash":
            return words_in(self.words, call.seen)
        if call.tool == FETCH:
            host = host_of(call.subject)
            return Match.MAYBE if not host else Match.YES if host_matches(self.pattern, host) else Match.NO
        return Match.YES if not self.pattern or touches(self.pattern, call.subject, call.cwd) else Match.NO


def rule_for(tool: str, command: str) -> Rule | None:
    """The rule that may be offered for a call; None where it would allow anything, or stand for more than one thing."""
    if tool in EDITS:
        return Rule(tool)
    if tool == FETCH:
        host = host_of(command)
        return Rule(FETCH, pattern=host) if host else None
    if tool != "bash":
        return None
    commands = innermost(command)
    doing = [words for words in commands if not only_reads(words)] or (commands if len(commands) == 1 else ())
    rules = {_rule_of(words) for words in doing}
    return rules.pop() if len(rules) == 1 else None


def _rule_of(words: Words) -> Rule | None:
    return None if may_do_anything(words) or escapes(words) else Rule("bash", _leading(words))


def _leading(words: Sequence[str]) -> Words:
    """The program and what tells its doings apart: `git diff`, `npm run build`, `python -m pytest`, `make test`."""
    count = 1
    if len(words) > 2 and (words[1] == "-m" or (words[1] == "run" and _WORD.fullmatch(words[2]))):
        count = 3
    elif len(words) > 1 and _WORD.fullmatch(words[1]):
        count = 2
    return tuple(words[:count])


def parse(text: str) -> Rule:
    """A rule from the form in which it is written. Raises ConfigError."""
    tool, colon, about = (part.strip() for part in text.partition(":"))
    if tool in (EDIT, *EDITS) and bool(colon) == bool(about) and not about.startswith("!"):
        return Rule(tool, pattern=about)
    if tool == "bash" and (words := literal_words(about)):
        return Rule(tool, words)
    if tool == FETCH and host_of(about.removeprefix("*.")):
        star = "*." if about.startswith("*.") else ""
        return Rule(tool, pattern=star + host_of(about.removeprefix("*.")))
    hint = f'Write "bash: git diff", "edit: docs/**", "fetch: docs.python.org", or one of: {", ".join(EDITS)}'
    raise ConfigError(f"not a rule: {text!r}", hint=hint)


def preview(rule: Rule) -> str:
    """What the rule will allow, in words and examples, and what it will not."""
    if rule.tool == FETCH:
        return (
            f"Allows: reading any page of {rule.pattern}.\nDoes not allow: other hosts, also where a page leads there."
        )
    if rule.tool != "bash":
        where = f"files that {rule.pattern} means" if rule.pattern else "any file in the folder and in extra_dirs"
        tools = "every edit" if rule.tool == EDIT else f"every {rule.tool} call: edits"
        return (
            f"Allows {tools} of {where}, without a question.\n"
            "Does not allow: other tools, files elsewhere, files of git."
        )
    command = " ".join(rule.words)
    kinds = [f"{command} | sh", f"{command} > file", f"{command} && ...", f"{command} $(...)", f"VAR=x {command}"]
    return (
        f"Allows: {command}, with whatever arguments follow, alone or among commands that only read. If it runs code "
        "of the project (tests, build scripts), that code may be what the agent wrote.\n"
        f"Does not allow: {', '.join(kinds)}, nor options that start other programs."
    )
