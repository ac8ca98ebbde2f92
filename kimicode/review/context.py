"""What a reviewer sees of each changed file: its changes inside their functions, and what has to do with them."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kimicode.errors import KimicodeError
from kimicode.index.facts import Definition
from kimicode.index.knowledge import Knowledge
from kimicode.index.languages import MARKDOWN, language_of
from kimicode.index.reading import text_of
from kimicode.index.symbols import definitions_of
from kimicode.llm.tokens import tokens_of_text
from kimicode.review import diff
from kimicode.review.change import ChangedFile, Line
from kimicode.review.excerpts import Excerpt, Outline, Sheet, excerpts
from kimicode.review.listing import WIDEST, listed, numbered
from kimicode.review.mentions import Imports, Mentions, Wanted, by_index, by_words, imports_of
from kimicode.review.neighbours import Files, Neighbour, neighbours
from kimicode.review.rules import Rules, rules_of
from kimicode.review.scope import Kind, Scope, kind_of
from kimicode.review.source import Source

PATIENCE_S = 1.0
"""The index is waited for so long; after that the files' words have to do."""

MOST_CHANGED, MOST_CALLED = 6, 40
"""Names that are asked for, of one place."""

_CALL = re.compile(r"\b([^\W\d]\w{2,}+)[ \t]*+(?:::<[^>\n]{0,80}>)?\(")
_MAKERS = frozenset({"__init__", "__new__", "__post_init__", "constructor", "initialize"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A place of a change in `FileContext.lines`: the changed lines it stands for, and all that are shown with them.

    `symbols` are the definitions that it changes, such as "Store.open".
    """

    changed: tuple[int, ...]
    shown: frozenset[int]
    symbols: tuple[str, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()


@dataclass(frozen=True, slots=True)
class FileContext:
    """A changed file with both sides in one: the new side's lines, and removed ones where they stood.

    Every changed line is in exactly one piece. `why_not` says why a file is not reviewed; then it has no pieces, like
    one of which only name or mode changed.
    """

    file: ChangedFile
    lines: tuple[Line, ...] = ()
    pieces: tuple[Piece, ...] = ()
    why_not: str = ""

    def rows(self) -> list[str]:
        """What its pieces show together, every line once."""
        return listed(self.lines, frozenset().union(*(piece.shown for piece in self.pieces)))

    def tokens(self, piece: Piece) -> int:
        """Of one of its pieces, estimated."""
        rows = listed(self.lines, piece.shown)
        return tokens_of_text("\n".join([*rows, *(row for one in piece.neighbours for row in told(one))])) + len(rows)


def told(neighbour: Neighbour) -> list[str]:
    """A neighbour's lines as a model reads them."""
    return numbered(neighbour.lines)


async def contexts(
    source: Source, tree: Path, knowledge: Knowledge | None, *, rules: Rules | None = None
) -> tuple[FileContext, ...]:
    """All changed files, in the change's order. `tree` holds the head's files.

    `knowledge` is only asked where it is about `tree` itself. Raises GitError.
    """
    drafts = await asyncio.to_thread(_drafts, source, rules)
    wanted = [one for draft in drafts for one in draft.wanted]
    mentions = await _mentions(tree, wanted, knowledge)
    files = Files(tree)
    return await asyncio.to_thread(lambda: tuple(draft.finished(files, mentions) for draft in drafts))


async def _mentions(tree: Path, wanted: Sequence[Wanted], knowledge: Knowledge | None) -> Mentions:
    if not wanted:
        return Mentions()
    if knowledge is not None and knowledge.root == tree and await knowledge.index.ready(PATIENCE_S):
        try:
            return await asyncio.to_thread(partial(by_index, knowledge.index.store, wanted))
        except KimicodeError:  # a damaged index is no reason to review worse
            pass
    return await asyncio.to_thread(by_words, tree, wanted)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A file without its neighbours, and what is asked about each of its pieces."""

    context: FileContext
    wanted: tuple[Wanted, ...] = ()

    def finished(self, files: Files, mentions: Mentions) -> FileContext:
        pieces = zip(self.context.pieces, self.wanted, strict=True)
        found = (replace(piece, neighbours=neighbours(files, one, mentions)) for piece, one in pieces)
        return replace(self.context, pieces=tuple(found))


def _drafts(source: Source, rules: Rules | None) -> list[_Draft]:
    scope = Scope.of(source, rules_of(source) if rules is None else rules)
    return [_draft(source, file, scope.why_not(file)) for file in source.change.files]


def _draft(source: Source, file: ChangedFile, why_not: str) -> _Draft:
    if why_not or not file.hunks:
        return _Draft(FileContext(file, why_not=why_not))
    after, before = source.read(file.path, "new"), source.read(file.old_path, "old")
    text = None if after is None else diff.lines(after)
    sheet = Sheet.of(file, text)
    found = excerpts(Outline(sheet, _definitions(file.path, after)))
    gone = _innermost(_definitions(file.old_path, before)) if file.changed("old") else {}
    brought = imports_of("\n".join(text or ()))
    wanted = (_wanted(file, sheet, one, gone, brought) for one in found)
    pieces = (Piece(one.changed, one.shown, tuple(map(_qualified, one.touched))) for one in found)
    return _Draft(FileContext(file, sheet.lines, tuple(pieces)), tuple(wanted))


def _definitions(path: str, data: bytes | None) -> tuple[Definition, ...]:
    text = None if data is None else text_of(data)
    if text is None:
        return ()
    language = language_of(path, text)
    return () if language == MARKDOWN else definitions_of(text, language) or ()


def _qualified(one: Definition) -> str:
    return f"{one.container}.{one.name}" if one.container else one.name


def _wanted(
    file: ChangedFile, sheet: Sheet, excerpt: Excerpt, gone: Mapping[int, Definition], brought: Imports
) -> Wanted:
    lines = [sheet.lines[at] for at in sorted(excerpt.shown)]
    added = "\n".join(line.text[:WIDEST] for line in lines if line.kind == "+")
    whole = "\n".join(line.text[:WIDEST] for line in lines)
    called = dict.fromkeys([*_CALL.findall(added), *_CALL.findall(whole)])
    removed = [sheet.lines[at].old for at in excerpt.changed if sheet.lines[at].kind == "-"]
    lost = (gone[number] for number in removed if number in gone)
    changed = [] if kind_of(file.path) is Kind.TESTS else [*lost, *excerpt.touched]
    names = dict.fromkeys(_asked(changed))
    shown = frozenset(line.new for line in lines)
    return Wanted(file.path, tuple(names)[:MOST_CHANGED], tuple(called)[:MOST_CALLED], shown, brought)


def _innermost(definitions: Iterable[Definition]) -> dict[int, Definition]:
    """For every line what it belongs to."""
    waiting = sorted(definitions, key=lambda one: (-one.line, one.end_line))
    found: dict[int, Definition] = {}
    around: list[Definition] = []
    for number in range(1, max((one.end_line for one in waiting), default=0) + 1):
        while waiting and waiting[-1].line <= number:
            around.append(waiting.pop())
        while around and around[-1].end_line < number:
            around.pop()
        if around:
            found[number] = around[-1]
    return found


def _asked(definitions: Iterable[Definition]) -> Iterator[tuple[str, str]]:
    """(name, owner) of what others may use. For what makes an object they write its class."""
    for one in definitions:
        if one.name in _MAKERS:
            yield one.container, ""
        elif len(one.name) > 2 and not one.name.startswith("__"):
            yield one.name, one.container
