"""How wide text is on a terminal, and where it may be broken; never inside what a reader sees as one character.

The widths are those that rich, and so Textual's `Strip`, counts with: painting stays aligned where a terminal differs.
"""

import re
from functools import lru_cache

from rich.cells import cell_len, split_graphemes

Grapheme = tuple[int, int, int]
"""Where it starts and ends in the text, and its width in cells."""

_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]")
_WORD_START = re.compile("[^ ]")
# what may not stand at the start of a line, and what may not stand at its end
_CLOSING = frozenset("、。，．・：；？！゛゜ヽヾ々ー’”）〕］｝〉》」』】»ぁぃぅぇぉっゃゅょァィゥェォッャュョ")
_OPENING = frozenset("‘“（〔［｛〈《「『【«")


def width(text: str) -> int:
    """Cells that the text takes on one line. Line feeds count nothing."""
    return cell_len(text)


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` cells, broken after blanks and between wide characters; longer words anywhere.

    The pieces joined are the text. Blanks at a break stay at the end of their piece and may stand out beyond `width`:
    paint them not. A single grapheme that is wider than `width` makes a line of its own. `text` has no line feeds.
    """
    if text.isascii():
        return [text] if len(text) <= width else _wrap_ascii(text, max(width, 1))
    if cell_len(text) <= width:
        return [text]
    return list(_wrap_graphemes(text, max(width, 1)))


def crop(text: str, width: int, ellipsis: str = "…") -> str:
    """The text itself if it fits, else as much of its start as fits beside an ellipsis."""
    if cell_len(text) <= width:
        return text
    if width < cell_len(ellipsis):
        return ""
    room = width - cell_len(ellipsis)
    if text.isascii():
        return text[:room] + ellipsis
    end = taken = 0
    for _, stop, size in graphemes(text):
        if taken + size > room:
            break
        end, taken = stop, taken + size
    return text[:end] + ellipsis


@lru_cache(maxsize=1024)
def graphemes(text: str) -> tuple[Grapheme, ...]:
    """The text's graphemes in order, without gaps; the two letters of a flag are one."""
    found: list[Grapheme] = []
    half = False
    for start, end, size in split_graphemes(text)[0]:
        flag = _FLAG.match(text, start) is not None
        if flag and half:
            first, _, before = found[-1]
            found[-1] = (first, end, before + size)
        else:
            found.append((start, end, size))
        half = flag and not half
    return tuple(found)


def _wrap_ascii(text: str, width: int) -> list[str]:
    pieces = []
    start, length = 0, len(text)
    while length - start > width:
        end = start + width
        if text[end] != " ":
            blank = text.rfind(" ", start, end)
            # a word that follows nothing but an indentation is broken where the line ends
            if blank > start and not text[start : blank + 1].isspace():
                end = blank + 1
        else:
            word = _WORD_START.search(text, end)
            end = word.start() if word else length
        pieces.append(text[start:end])
        start = end
    if start < length:
        pieces.append(text[start:])
    return pieces


@lru_cache(maxsize=1024)
def _wrap_graphemes(text: str, width: int) -> tuple[str, ...]:
    pieces = []
    start = used = 0
    last_break = used_at_break = 0
    before, size_before = " ", 1
    for begin, end, size in graphemes(text):
        grapheme = text[begin:end]
        if grapheme != " ":
            if before == " " or ((size == 2 or size_before == 2) and _parts(before, grapheme)):
                last_break, used_at_break = begin, used
            while used + size > width and begin > start:
                if last_break <= start or text[start:last_break].isspace():
                    last_break, used_at_break = begin, used
                pieces.append(text[start:last_break])
                start, used = last_break, used - used_at_break
                used_at_break = 0
        used += size
        before, size_before = grapheme, size
    pieces.append(text[start:])
    return tuple(pieces)


def _parts(before: str, after: str) -> bool:
    """Whether a line may end between these graphemes, of which one is wide."""
    return before[0] not in _OPENING and after[0] not in _CLOSING
