"""What a command may run, as far as its words can be seen: for rules that refuse, which would rather see too much."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kimicode.workspace.commands.anything import SHELLS, WRAPPERS, hides_others
from kimicode.workspace.commands.grammar import nodes, text_of, tree_of

if TYPE_CHECKING:
    from tree_sitter import Node

Guess = tuple[str | None, ...]
"""The words of a command; None is what only the shell will know."""

_DEEPEST = 10
"""Commands within words within words; deeper ones are not followed."""
_CRUDE = re.compile(r"[^\s;&|()<>'\"\\`,\[\]{}]+")
_NOT_WORDS = re.compile(r"variable_assignment|comment|.*_redirect")
_PATTERN = re.compile(r"(?<!\\)(?:\\\\)*[*?\[]")
_LIST = re.compile(r"\{.*(?:,|\.\.)", re.DOTALL)


@dataclass(slots=True)
class Seen:
    """Commands that run or may run; lists of words in which one may begin anywhere; whether there can be no other."""

    commands: list[Guess] = field(default_factory=list)
    hidden: list[Guess] = field(default_factory=list)
    whole: bool = True

    def look(self, text: str, depth: int = 0) -> None:
        """Add all that is in a text of the shell."""
        text = text.replace("\\\n", "")  # as the shell does, in the middle of words too
        readable = depth < _DEEPEST and text.translate({9: None, 10: None}).isprintable()
        root = tree_of(text) if readable else None
        if root is None or root.has_error:
            self.whole = False
            self.hidden.append(crude(text))
        fed = False
        for node in nodes(root) if root is not None else ():
            if node.type == "command":
                fed |= self._command(node, text, depth)
            elif node.type in ("declaration_command", "unset_command"):
                self.commands.append((node.children[0].type, *crude(text_of(node, text))[1:]))
            elif node.type == "heredoc_start" and not text_of(node, text).isascii():
                self.whole = False  # the grammar does not tell one such letter from another
        if fed:
            self.hidden.append(crude(text))

    def _command(self, node: "Node", text: str, depth: int) -> bool:
        """Adds one command and what it will run; True where it is fed with words from elsewhere in the text."""
        words = tuple(_value(child, text) for child in node.children if not _NOT_WORDS.fullmatch(child.type))
        if not words:
            return False
        self.commands.append(words)
        name = program(words[0])
        shell = next((at for at, word in enumerate(words) if program(word) in SHELLS), None)
        if name in ("eval", "trap"):
            self._code(words[1:] if name == "eval" else words[1:2], depth)
        elif name in WRAPPERS:
            self._wrapped(_after_exec(words) if name in ("find", "fd", "fdfind") else words[1:], depth)
        elif shell != 0 and hides_others(name):
            self.hidden.append(crude(text_of(node, text)))
            alone = all(word and word.startswith("-") for word in words[1:])
            return self._unknown(node) or alone or _told(node, text) is not None
        if shell is not None and (shell == 0 or name in WRAPPERS):
            return self._shell(node, text, words[shell + 1 :], depth)
        return False

    def _wrapped(self, words: Guess, depth: int) -> None:
        self.hidden.append(words)
        for word in filter(None, words):
            if re.search(r"\w[\s;&|]+\w", word):
                self.look(word, depth + 1)

    def _shell(self, node: "Node", text: str, arguments: Guess, depth: int) -> bool:
        operands = [word for word in arguments if word is None or not word.startswith("-")]
        if any(word and re.fullmatch(r"-[a-z]*c[a-z]*", word) for word in arguments):
            self._code(operands[:1], depth)
        elif not operands or "-s" in arguments:
            told = _told(node, text)
            self._code([told], depth)
            return told is None
        return self._unknown(node)

    def _unknown(self, node: "Node") -> bool:
        """Whether it reads commands that another one prints."""
        if any(child.type == "process_substitution" for child in node.children):
            self.whole = False
            return True
        return False

    def _code(self, words: "list[str | None] | Guess", depth: int) -> None:
        if None in words:
            self.whole = False
        self.look(" ".join(word for word in words if word), depth + 1)


def seen(command: str) -> Seen:
    """What there is to see in a command."""
    found = Seen()
    found.look(command)
    return found


def program(word: str | None) -> str:
    """A program's name without its folder; "" for one that is not known."""
    return (word or "").rpartition("/")[2]


def _after_exec(words: Guess) -> Guess:
    """What a search runs for what it finds."""
    options = ("-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch")
    return next((words[at:] for at, word in enumerate(words) if word in options), ())


def crude(text: str) -> Guess:
    """All words of a text in whatever language: what stands between blanks, quotes, brackets and operators."""
    return tuple(_CRUDE.findall(text))


def _told(node: "Node", text: str) -> str | None:
    """What stands in the text as the input of a command; None where that is a pipe, or not known before it runs."""
    around = node.parent if node.parent is not None and node.parent.type == "redirected_statement" else node
    for redirect in (*node.children, *around.children):
        if redirect.type == "herestring_redirect":
            return _value(redirect.children[-1], text)
        if redirect.type == "heredoc_redirect":
            bodies = [text_of(child, text) for child in redirect.children if child.type == "heredoc_body"]
            return "".join(bodies)
    return None


def _value(node: "Node", source: str) -> str | None:
    text = text_of(node, source)
    match node.type:
        case "command_name" | "concatenation":
            parts = [_value(child, source) for child in node.children]
            return None if None in parts or _LIST.search(text) else "".join(part or "" for part in parts)
        case "word":
            unsure = _PATTERN.search(text) or _LIST.search(text)
            return None if unsure else re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
        case "raw_string":
            return text[1:-1]
        case "string":
            known = all(child.type in ('"', "string_content") for child in node.children)
            return re.sub(r'\\([$`"\\])', r"\1", text[1:-1]) if known else None
        case "number" | "{" | "}" | "{}":
            return text
        case _:
            return None
