"""A page as a person would read it aloud: text, headings, lists, code and where links lead. Nothing is loaded for it.

What a browser would not show is left out: it could speak to the model alone.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urljoin

from kimicode.workspace.network.markup import Tag, cut_up

_UNSEEN = frozenset(
    ("script", "style", "template", "noscript", "svg", "math", "iframe", "object", "noembed", "noframes", "datalist")
) | frozenset(("textarea", "select", "xmp", "canvas", "audio", "video"))
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
_PARAGRAPHS = (
    frozenset(("p", "div", "section", "article", "main", "header", "footer", "nav", "aside", "ul", "ol", "dl", "table"))
    | frozenset(("form", "blockquote", "figure", "pre", "details", "address", "fieldset", "hr"))
    | frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
)
_LINES = frozenset(("br", "li", "tr", "dt", "dd", "figcaption", "caption", "summary", "option"))
_PREFIXES = {"li": "- ", **{f"h{level}": "#" * level + " " for level in range(1, 7)}}
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])", re.IGNORECASE)
_LONGEST_LINK = 300


def readable(page: str, url: str) -> str:
    """The text of an HTML page that lies at `url`; of its main part alone where it names one."""
    reading = _Reading(url)
    for piece in cut_up(page):
        if isinstance(piece, Tag):
            reading.tag(piece)
        else:
            reading.text(piece)
    return reading.result()


@dataclass(slots=True)
class _Lines:
    """Words put together with one space between them, lines with at most one empty line."""

    pieces: list[str] = field(default_factory=list)
    gap: int = 0
    """Line breaks before the next word."""
    _space: bool = False
    _prefix: str = ""

    def words(self, text: str) -> None:
        """Running text: how it is broken into lines means nothing."""
        words = " ".join(text.split())
        self._space |= text[:1].isspace()
        if words:
            self.exactly(words)
            self._space = text[-1:].isspace()

    def exactly(self, text: str) -> None:
        """Text that stays as it is."""
        if self.pieces:
            self.pieces.append("\n" * self.gap or " " * self._space)
        self.pieces.append(self._prefix + text)
        self.gap, self._space, self._prefix = 0, False, ""

    def begin(self, prefix: str) -> None:
        """What the next word has before it; it goes where there is none."""
        self._prefix = prefix


@dataclass(slots=True)
class _Reading:
    url: str
    _lines: _Lines = field(default_factory=_Lines)
    _title: str = ""
    _in_title: bool = False
    _skipped: str = ""
    """The element that is left out at present."""
    _depth: int = 0
    """How many of its name are open."""
    _code: int = 0
    _links: list[str] = field(default_factory=list)
    _main: int | None = None
    _main_end: int | None = None

    def tag(self, tag: Tag) -> None:
        if self._skipped:
            self._skip(tag)
            return
        self._in_title = tag.name == "title" and not tag.closes
        if tag.closes:
            self._close(tag.name)
        elif tag.name not in _VOID and (tag.name in _UNSEEN or _is_hidden(tag)):
            self._skipped, self._depth = tag.name, 1
        else:
            self._open(tag)

    def text(self, text: str) -> None:
        if self._in_title and not self._title:
            self._title = " ".join(text.split())
        elif self._skipped or self._in_title:
            pass
        elif self._code:
            self._lines.exactly(text)
        else:
            self._lines.words(text)

    def result(self) -> str:
        body = "".join(self._lines.pieces[self._main or 0 : self._main_end]).strip()
        return "\n\n".join(filter(None, (self._title, body)))

    def _skip(self, tag: Tag) -> None:
        if tag.name == self._skipped:
            self._depth += -1 if tag.closes or tag.name == "p" else 1  # a paragraph ends where the next one begins
            if self._depth <= 0:
                self._skipped = ""

    def _open(self, tag: Tag) -> None:
        name = tag.name
        starts_row = self._lines.gap > 0
        self._break(name)
        if name in _PREFIXES:
            self._lines.begin(_PREFIXES[name])
        elif name == "main" and self._main is None:
            self._main = len(self._lines.pieces)
        elif name == "pre":
            self._code += 1
        elif name in ("td", "th") and not starts_row:
            self._lines.exactly(" | ")
        elif name == "img" and (words := " ".join(tag.attributes.get("alt", "").split())):
            self._lines.words(f" [image: {words}] ")
        elif name == "a":
            self._links.append(_link(self.url, tag.attributes.get("href", "")))

    def _close(self, name: str) -> None:
        if name in _PREFIXES:
            self._lines.begin("")
        elif name == "a" and self._links and (link := self._links.pop()):
            self._lines.words(f" ({link})")
        elif name == "pre":
            self._code = max(0, self._code - 1)
        elif name == "main" and self._main is not None and self._main_end is None:
            self._main_end = len(self._lines.pieces)
        self._break(name)

    def _break(self, name: str) -> None:
        self._lines.gap = max(self._lines.gap, 2 * (name in _PARAGRAPHS), name in _LINES)


def _is_hidden(tag: Tag) -> bool:
    return "hidden" in tag.attributes or bool(_HIDING.search(tag.attributes.get("style", "")))


def _link(base: str, href: str) -> str:
    """Where a link leads, in full; "" for one that leads to no other page."""
    if not href or href.startswith("#"):
        return ""
    try:
        url = urljoin(base, href.strip())
    except ValueError:
        return ""
    is_page = url.startswith(("http://", "https://")) and len(url) <= _LONGEST_LINK and not re.search(r"\s", url)
    return url if is_page else ""
