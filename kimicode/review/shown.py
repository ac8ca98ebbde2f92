"""Strangers' texts without what a person does not see of them at the forge: comments, tags, invisible characters.

A model reads every character; a person who approves a review has seen only some. Both shall read the same.
"""

import re
import unicodedata

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_PICTURE = re.compile(r"!\[[^\]\n]{0,2000}\](?:\([^)\n]{0,4000}\)|\[[^\]\n]{0,400}\])?")
_REFERENCE = re.compile(r"^[ ]{0,3}\[[^\]\n]{1,400}\]:[^\n]*$", re.MULTILINE)
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]{0,4000})?/?>")
_LINK = re.compile(r"\[(?P<text>[^\]\n]{0,2000})\]\([^)\n]{0,4000}\)")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800")
_VARIANTS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def shown(text: str, most: int) -> str:
    """At most so many characters of a text in markdown, as a person reads it."""
    text = text[: 4 * most].replace("\r\n", "\n").replace("\r", "\n")
    text = _COMMENT.sub("", plain(text))
    text = _REFERENCE.sub("", _PICTURE.sub("[picture]", text))
    text = _TAG.sub("", _LINK.sub(r"\g<text>", text))
    return clipped(text.strip(), most)


def plain(text: str) -> str:
    """Without characters that have no shape of their own; line breaks and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    kept = (one for one in text if one in "\n\t" or (unicodedata.category(one) not in _UNSEEN and one not in _FILLERS))
    return _VARIANTS.sub("", "".join(kept))


def clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
