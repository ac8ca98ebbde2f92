"""Commands whose words are certain: the text holds nothing that a shell would expand, replace or guess at.

Two readers have to agree on them: a strict one for the small language in which every character has one meaning, and
the grammar of bash, which knows what else a text could be. What either does not understand is not literal.
"""

import re

from kimicode.workspace.commands.grammar import nodes, text_of, tree_of

Words = tuple[str, ...]
"""One simple command: the program and its arguments, as the program gets them."""

_ANY = r"[^\x00-\x7f]"
_SINGLE = rf"'(?:[\t -&(-~]|{_ANY})*'"
# A $ stands for itself where no name can follow.
_DOUBLE = rf'"(?:[\t !#%-[\]^_a-~]|{_ANY}|\\[ -~]|\$(?=["| )]))*"'
# ~ is a home folder at the start of a word, and behind = and : of what looks like an assignment; braces are a list
# only where they hold a comma or two dots.
_BARE = r"[A-Za-z0-9_./:,@%+^=-]|(?<=[A-Za-z0-9_^./-])~|(?<=@)\{[A-Za-z0-9_-]+\}|\\[ -~]"
_END = r"(?=[ \t\n;|&]|\Z)"
_TOKEN = re.compile(
    rf"""(?P<redirect>(?:[12]?>[ ]?/dev/null|[12]?>&[12]|<[ ]?/dev/null){_END})
    |(?P<word>\{{\}}{_END}|(?:{_BARE}|{_SINGLE}|{_DOUBLE})+)
    |(?P<operator>&&|\|\||[;|\n])
    |(?P<blank>[ \t]+)
    |(?P<comment>\#[^\n]*)""".replace("\n    ", "")
)
_PIECE = re.compile(rf"(?P<single>{_SINGLE})|(?P<double>{_DOUBLE})|\\(?P<escaped>[ -~])|(?P<bare>[^'\"\\])")
_ESCAPED = re.compile(r'\\([$`"\\])')

_NO_PROGRAM = re.compile(
    r"if|then|else|elif|fi|for|while|until|do|done|case|esac|in|select|function|time|coproc"
    r"|[A-Za-z_][A-Za-z0-9_]*\+?=.*",
    re.DOTALL,
)
"""What is no program where one is expected, if it is written like this: words of the grammar, assignments."""

_NODES = frozenset(
    (
        *("program", "list", "pipeline", "redirected_statement", "file_redirect", "file_descriptor", "comment"),
        *("command", "command_name", "word", "number", "string", "string_content", "raw_string", "concatenation"),
        *("&&", "||", ";", "|", "\n", ">", ">&", "<", '"', "$", "{", "}", "{}"),
    )
)


def literal(command: str) -> tuple[Words, ...]:
    """The simple commands of a list of pipelines; empty where any word of it is uncertain, or where there is none.

    Redirections to and from /dev/null and between stdout and stderr are understood; they change no word.
    """
    if not command.translate({9: None, 10: None}).isprintable():
        return ()
    sources = _sources(command)
    if not sources or any(_NO_PROGRAM.fullmatch(words[0]) for words in sources) or not _agrees(command, sources):
        return ()
    commands = tuple(tuple(map(_value, words)) for words in sources)
    # However it is written, %1 is a job.
    return () if any(words[0].startswith("%") for words in commands) else commands


def literal_words(command: str) -> Words:
    """The words of one simple command that stands alone; empty for anything else."""
    commands = literal(command)
    alone = len(commands) == 1 and not any(token["operator"] for token in _TOKEN.finditer(command))
    return commands[0] if alone else ()


def _sources(command: str) -> list[list[str]]:
    """Each command's words as they are written; empty where a character has no certain meaning."""
    commands: list[list[str]] = [[]]
    at, joined, open_ended = 0, False, False
    for token in _TOKEN.finditer(command):
        solid = token["blank"] is None and token["operator"] is None
        if token.start() != at or (solid and joined):
            return []
        at, joined = token.end(), solid
        if token["word"]:
            commands[-1].append(token["word"])
            open_ended = False
        elif token["operator"]:
            if token["operator"] != "\n" and not commands[-1]:
                return []
            open_ended |= token["operator"] in ("|", "&&", "||")
            commands.append([])
    return [] if at != len(command) or open_ended else [words for words in commands if words]


def _value(source: str) -> str:
    pieces = []
    for piece in _PIECE.finditer(source):
        if piece["single"]:
            pieces.append(piece["single"][1:-1])
        elif piece["double"]:
            pieces.append(_ESCAPED.sub(r"\1", piece["double"][1:-1]))
        else:
            pieces.append(piece["escaped"] or piece["bare"])
    return "".join(pieces)


def _agrees(command: str, sources: list[list[str]]) -> bool:
    """Whether the grammar finds these commands and words, and nothing that is not known."""
    root = tree_of(command, sound=True)
    if root is None or root.has_error:
        return False
    found: list[list[str]] = []
    for node in nodes(root):
        if node.type not in _NODES:
            return False
        if node.type == "command":
            found.append([text_of(child, command) for child in node.children])
    return found == sources
