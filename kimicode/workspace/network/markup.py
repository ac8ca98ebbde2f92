"""HTML cut into text and tags, in one pass over whatever is sent as HTML.

The standard library's parser looks at the rest of the page again for each tag that has no end, which takes minutes for
two hostile megabytes. Here what has no end swallows the rest, as it does in a browser.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

_TAG = re.compile(r"""(/?)([a-zA-Z][^\s/>]{0,40}+)((?:[^>"']|"[^"]*+"|'[^']*+')*+)>""")
_BEGINS = re.compile(r"/?[a-zA-Z]")
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]{1,80}+)(?:\s{0,20}+=\s{0,20}+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++)))?+""")
_MOST_ATTRIBUTES = 10_000
"""Characters of a tag's attributes that are read."""
_RAW = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
"""Elements in which nothing is a tag but their own end (HTML standard, 13.1.2)."""
_RAW_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW}


@dataclass(frozen=True, slots=True)
class Tag:
    """`</p>` is one that `closes`; attribute names are in small letters."""

    name: str
    closes: bool = False
    attributes: dict[str, str] = field(default_factory=dict)


def cut_up(page: str) -> Iterator[str | Tag]:
    """Texts, with their character references resolved, and tags, in their order; no comments, no declarations."""
    at = 0
    while (start := page.find("<", at)) >= 0:
        if start > at:
            yield unescape(page[at:start])
        if page.startswith(("<!", "<?"), start):
            at = _behind_comment(page, start)
        elif found := _TAG.match(page, start + 1):
            tag = _tag(found)
            yield tag
            at = found.end()
            if tag.name in _RAW_ENDS and not tag.closes:
                end = _RAW_ENDS[tag.name].search(page, at)
                yield unescape(page[at : end.start() if end else len(page)])
                at = end.start() if end else len(page)
        elif _BEGINS.match(page, start + 1):
            return  # a tag without an end
        else:
            yield "<"
            at = start + 1
    yield unescape(page[at:])


def _behind_comment(page: str, start: int) -> int:
    mark = "-->" if page.startswith("<!--", start) else ">"
    end = page.find(mark, start + 2)
    return end + len(mark) if end >= 0 else len(page)


def _tag(found: re.Match[str]) -> Tag:
    closes, name, rest = found.groups()
    if closes:
        return Tag(name.lower(), True)
    attributes: dict[str, str] = {}
    for each in _ATTRIBUTE.finditer(rest, 0, _MOST_ATTRIBUTES):
        attributes.setdefault(each[1].lower(), unescape(each[2] or each[3] or each[4] or ""))
    return Tag(name.lower(), False, attributes)
