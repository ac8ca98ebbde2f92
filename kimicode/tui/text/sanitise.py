"""Foreign text made fit for the screen: whatever could drive the terminal, hide or reorder text is shown instead.

Right-to-left letters stay as they are: gutters stand left of them, where a left-to-right line keeps them, and what is
painted right of such text (a table's next column) is fenced off with `LRM` by whoever paints it.
"""

import re
from functools import cache

from kimicode.tui.text.cells import crop, width

TAB = 8
LRM = "\u200e"
"""Keeps what stands right of right-to-left text in its place; it goes into strips alone, never into a line's text."""

_EMOJI = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u23ff\u2460-\u27bf\u2900-\u2bff\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001faff]"
)
_PICTURE = f"{_EMOJI}[\ufe0e\ufe0f]?[\U0001f3fb-\U0001f3ff]?"
# letters that join: Arabic, the scripts of India, Khmer
_JOINING = "[\u0620-\u06d3\u06ee-\u06ff\u0750-\u077f\u08a0-\u08c7\u0900-\u0dff\u1780-\u17b3\u17b6-\u17d3]"
_IDEOGRAPH = "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_KEPT = (
    f"{_PICTURE}(?:\u200d{_PICTURE})*"  # families, professions
    "|[0-9#*]\ufe0f\u20e3"  # keycaps
    f"|{_JOINING}(?:[\u200c\u200d]{_JOINING})+"
    f"|{_IDEOGRAPH}[\ufe00-\ufe02\U000e0100-\U000e01ef]"
)
_HOSTILE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000ffffe-\U0010ffff"
)
"""Controls, joiners, marks of direction, fillers that look like nothing, variation selectors that can carry hidden
bytes, tags, surrogates, and the last plane of private use, where a terminal's image placeholders are."""

_SUSPECT = re.compile(f"[\t{_HOSTILE}]")
_SUSPECT_ASCII = re.compile("[\x00-\x09\x0b-\x1f\x7f]")
_WITH_TABS = re.compile(r"^.*\t.*$", re.MULTILINE)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_SPACES = re.compile(r"\s+")
_BLANKS = re.compile("[\t\r\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]")
"""All that look like a blank, or like nothing, and are something else to a shell."""


def visible(text: str, tab: int = TAB) -> str:
    """The text with no character left that a terminal would obey: ␛ for ESC, <U+202E> for what has no symbol.

    Line feeds stay, \\r\\n becomes one, tabs become blanks up to the next of the stops every `tab` cells. A lone \\r is
    shown as ␍: what it would overwrite must stay to be seen (`overwritten` folds the output of commands). Idempotent.
    """
    if not (_SUSPECT_ASCII if text.isascii() else _SUSPECT).search(text):
        return text
    text = text.replace("\r\n", "\n")
    text = _pieces().sub(lambda match: match[1] or symbol(match[2]), text)
    return _WITH_TABS.sub(lambda match: _expand(match[0], tab), text) if "\t" in text else text


def exact(text: str) -> str:
    """What somebody is asked to allow: `visible`, and no blank that is another than it seems. Line feeds stay."""
    return visible(_BLANKS.sub(lambda match: symbol(match[0]), text))


def one_line(text: str, cells: int | None = None) -> str:
    """The text on a single line, every run of blanks and line breaks as one blank; cut to `cells` with an ellipsis."""
    line = _SPACES.sub(" ", visible(text)).strip()
    return line if cells is None else crop(line, cells)


@cache
def _pieces() -> re.Pattern[str]:
    """What stays and what is shown. Compiled when it is needed: that takes longer than the rest of this module."""
    return re.compile(f"({_KEPT})|([{_HOSTILE}])")


def symbol(character: str) -> str:
    """How a hostile character is shown. A lone surrogate of a file's undecodable byte is shown as that byte."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0xDC80 <= code <= 0xDCFF:
        return f"<0x{code - 0xDC00:02X}>"
    return f"<U+{code:04X}>"


def overwritten(text: str) -> str:
    """What a terminal would finally show of a command's output: a lone \\r goes back to the start of its line.

    Not for text whose every character must be seen, such as a command that is to be approved.
    """
    if "\r" not in text:
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(_folded(line) if "\r" in line else line for line in lines)


def has_right_to_left(text: str) -> bool:
    """Whether what is painted to the right of this text needs `LRM` before it."""
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None


def _folded(line: str) -> str:
    *before, shown = line.rstrip("\r").split("\r")
    if "\x1b" in line:
        return shown  # columns cannot be counted then; nearly always the whole line is written anew
    # from the end, so that each letter is touched once: of an earlier part what stands out is left
    for part in reversed(before):
        shown += part[len(shown) :]
    return shown


def _expand(line: str, tab: int) -> str:
    if line.isascii():
        return line.expandtabs(tab)
    head, *rest = line.split("\t")
    for part in rest:
        head += " " * (tab - width(head) % tab) + part
    return head
