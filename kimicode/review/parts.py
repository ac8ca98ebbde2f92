"""A change in parts that a model can read at once, the most valuable first; and what of it is left out.

A part is a module with the tests of it. What does not fit is told, file by file.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from kimicode.review.context import FileContext, Piece
from kimicode.review.findings import Unread
from kimicode.review.listing import named
from kimicode.review.scope import DOCUMENTATION, Kind, kind_of

PART_TOKENS = 24_000
"""Of context in a part: with instructions, tools and a few looks around it fits a window of 64,000."""

FILE_TOKENS = 40
"""What a file costs beside its lines."""

NO_BUDGET, TOO_LARGE = "no budget left", "too large for one part"
NEAR = 3
"""Lines kept around the changes of a piece that would fill a part by itself."""

_TEST_AFFIX = re.compile(r"^test_|^tests?$|_tests?$|[._-](?:test|spec)$|Tests?$|Spec$")


@dataclass(frozen=True, slots=True)
class Part:
    """Files, or pieces of them, that are read together. `tokens` is an upper estimate of their context."""

    name: str
    files: tuple[FileContext, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class Split:
    """Every changed line is in exactly one part, or its file is in `unread`."""

    parts: tuple[Part, ...]
    unread: tuple[Unread, ...]


def split(contexts: Iterable[FileContext], tokens: int, *, part_tokens: int = PART_TOKENS) -> Split:
    """Parts of at most `part_tokens` each, of at most `tokens` together.

    Where not everything fits, what lies elsewhere is the first to go: a finder can look for it.
    """
    contexts = list(contexts)
    unread = [*_left_out(contexts)]
    if sum(map(_size, contexts)) > tokens:
        contexts = [_alone(context) for context in contexts]
    admitted: list[_Chosen] = []
    room = tokens
    for context in sorted((each for each in contexts if each.pieces), key=_worth):
        chosen = _Chosen.of(context, room, part_tokens)
        if chosen.pieces:
            admitted.append(chosen)
            room -= sum(portion.tokens for portion in _portions(chosen, part_tokens))
        if why := chosen.lacks(context, part_tokens):
            unread.append(Unread(context.file.path, why))
    return Split(tuple(_named(_packed(admitted, part_tokens))), tuple(unread))


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The pieces of a file that are read, each with its tokens."""

    context: FileContext
    pieces: tuple[tuple[Piece, int], ...]

    @classmethod
    def of(cls, context: FileContext, room: int, part_tokens: int) -> "_Chosen":
        """Those that fit a part each, and `room` together; a large one loses what is around it first."""
        chosen: list[tuple[Piece, int]] = []
        filled = part_tokens  # of the part that the next piece would go to
        for piece in context.pieces:
            most = min(room, part_tokens) - FILE_TOKENS
            size = context.tokens(piece)
            if size > most:
                piece = _thinned(context, piece)
                size = context.tokens(piece)
            opens = filled + size > part_tokens
            needed = size + FILE_TOKENS if opens else size
            if size <= most and needed <= room:
                chosen.append((piece, size))
                room -= needed
                filled = needed if opens else filled + size
        return cls(context, tuple(chosen))

    @property
    def tokens(self) -> int:
        return FILE_TOKENS + sum(size for _, size in self.pieces)

    def with_pieces(self, pieces: Sequence[tuple[Piece, int]]) -> "_Chosen":
        return replace(self, pieces=tuple(pieces))

    def lacks(self, context: FileContext, part_tokens: int) -> str:
        """Why something of the file is not read."""
        count, missing = len(context.pieces), len(context.pieces) - len(self.pieces)
        if not missing:
            return ""
        smallest = min(context.tokens(_thinned(context, piece)) for piece in context.pieces)
        why = TOO_LARGE if smallest + FILE_TOKENS > part_tokens else NO_BUDGET
        return why if missing == count else f"{why} for {missing} of {count} places in it"


def _thinned(context: FileContext, piece: Piece) -> Piece:
    near = {at for changed in piece.changed for at in range(changed - NEAR, changed + NEAR + 1)}
    return replace(piece, shown=frozenset(near & piece.shown), neighbours=())


def _left_out(contexts: Iterable[FileContext]) -> Iterator[Unread]:
    """What nobody reads, by its reason; all documentation in one line."""
    prose = [context.file.path for context in contexts if context.why_not == DOCUMENTATION]
    if prose:
        more = f" and {len(prose) - 1} more" if len(prose) > 1 else ""
        yield Unread(prose[0] + more, DOCUMENTATION)
    for context in contexts:
        if context.why_not not in ("", DOCUMENTATION):
            yield Unread(context.file.path, context.why_not)


def _size(context: FileContext) -> int:
    return FILE_TOKENS + sum(map(context.tokens, context.pieces)) if context.pieces else 0


def _alone(context: FileContext) -> FileContext:
    return replace(context, pieces=tuple(replace(piece, neighbours=()) for piece in context.pieces))


def _worth(context: FileContext) -> tuple[int, float, str]:
    """Source before tests before settings; among equals those with more changed lines for their tokens."""
    changed = sum(len(piece.changed) for piece in context.pieces)
    return kind_of(context.file.path), -changed / _size(context), context.file.path


@dataclass(slots=True)
class _Bin:
    room: int
    chosen: list[_Chosen] = field(default_factory=list)

    def fits(self, tokens: int) -> bool:
        return tokens <= self.room

    def add(self, chosen: _Chosen) -> None:
        self.chosen.append(chosen)
        self.room -= chosen.tokens


def _packed(admitted: Sequence[_Chosen], part_tokens: int) -> list[Part]:
    """Modules side by side in as few parts as keep each of them whole where it can be."""
    bins = [_Bin(part_tokens)]
    for module in _modules(admitted):
        size = sum(chosen.tokens for chosen in module)
        if not bins[-1].fits(size) and size <= part_tokens:
            bins.append(_Bin(part_tokens))
        for chosen in module:
            if not bins[-1].fits(chosen.tokens) and bins[-1].chosen:
                bins.append(_Bin(part_tokens))
            for piece in _portions(chosen, part_tokens):
                if not bins[-1].fits(piece.tokens):
                    bins.append(_Bin(part_tokens))
                bins[-1].add(piece)
    return [_part(each.chosen, part_tokens - each.room) for each in bins if each.chosen]


def _modules(admitted: Sequence[_Chosen]) -> list[list[_Chosen]]:
    """Files by folder, tests with what they test; source first in each."""
    homes = {_stem(path): _folder(path) for path in map(_path, admitted) if kind_of(path) is Kind.SOURCE}
    groups: defaultdict[str, list[_Chosen]] = defaultdict(list)
    for chosen in admitted:
        path = _path(chosen)
        home = homes.get(_stem(path)) if kind_of(path) is Kind.TESTS else None
        groups[_folder(path) if home is None else home].append(chosen)
    return [sorted(groups[name], key=lambda chosen: (kind_of(_path(chosen)), _path(chosen))) for name in sorted(groups)]


def _portions(chosen: _Chosen, part_tokens: int) -> Iterator[_Chosen]:
    """A file whole where it fits a part; else as many of its pieces at a time as do, in their order."""
    portion: list[tuple[Piece, int]] = []
    for piece in chosen.pieces:
        longer = chosen.with_pieces([*portion, piece])
        if portion and longer.tokens > part_tokens:
            yield chosen.with_pieces(portion)
            portion = []
        portion.append(piece)
    yield chosen.with_pieces(portion)


def _part(chosen: Sequence[_Chosen], tokens: int) -> Part:
    files = tuple(replace(each.context, pieces=tuple(piece for piece, _ in each.pieces)) for each in chosen)
    return Part(_name([file.file.path for file in files]), files, tokens)


def _named(parts: Sequence[Part]) -> Iterator[Part]:
    """With numbers where two would have the same name."""
    total = Counter(part.name for part in parts)
    seen: Counter[str] = Counter()
    for part in parts:
        seen[part.name] += 1
        number = f" ({seen[part.name]} of {total[part.name]})" if total[part.name] > 1 else ""
        yield replace(part, name=part.name + number)


def _name(paths: Sequence[str]) -> str:
    """The file, or the folders, those with source and with most of the files first."""
    if len(paths) == 1:
        return named(paths[0])
    counts = Counter(map(_folder, paths))
    kinds = {_folder(path): kind_of(path) for path in sorted(paths, key=kind_of, reverse=True)}
    folders = sorted(counts, key=lambda folder: (kinds[folder], -counts[folder]))
    shown = ", ".join(named(folder) if folder else "the top folder" for folder in folders[:2])
    return f"{shown} and {len(folders) - 2} more" if len(folders) > 2 else shown


def _path(chosen: _Chosen) -> str:
    return chosen.context.file.path


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _stem(path: str) -> str:
    """A file's name without what makes it a test."""
    return _TEST_AFFIX.sub("", PurePosixPath(path).stem)
