"""What a program wrote to its terminal, taken apart: text, and everything that makes a terminal act."""

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"\x1b\[(?P<csi>[0-?]*[ -/]*[@-~])"
    r"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b(?P<string>[PX^_])(?:.*?)\x1b\\"
    r"|\x1b(?P<escape>.)"
    r"|(?P<control>[\x00-\x1f\x7f-\x9f])",
    re.DOTALL,
)
_OURS = re.compile(
    r"(?:\d+;\d+)?H"  # the cursor
    r"|[\d;]*m"  # colours
    r"|\?(?:1049|1000|1002|1006|25|1004|2004|7|2026|2048)[hl]|\?\d+\$p"  # modes, and questions about them
    r"|>\d+u|<u"  # kitty's keyboard
    r"|2[23];2t"  # the title put aside and back
)
_QUESTION = re.compile(r"11;\?")  # which background there is
_TITLE = re.compile(r"2;kimicode[^\x00-\x1f\x7f-\x9f]*")
_POINTER = re.compile(r"22;\w+")
_LINK = re.compile(r"8;(?:id=\d+)?;(?:(?:https?|file)://[!-~]*)?")
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*)?\Z")
_ACTING = re.compile("[\u061c\u200b\u200c\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
"""Characters of a text that hide or reorder others."""


def foreign(received: bytes) -> list[str]:
    """Everything in it that neither Textual nor kimicode has a reason to write, in order."""
    return list(_foreign(_UNFINISHED.sub("", received.decode("utf-8", "surrogateescape"))))


def _foreign(text: str) -> Iterator[str]:
    for token in _TOKEN.finditer(text):
        if token["csi"] is not None:
            known = bool(_OURS.fullmatch(token["csi"]))
        elif token["osc"] is not None:
            known = any(each.fullmatch(token["osc"]) for each in (_QUESTION, _TITLE, _POINTER, _LINK))
        else:
            known = bool(re.fullmatch("[\r\n\x07]", token["control"] or ""))
        if not known:
            yield token[0]
    yield from _ACTING.findall(text)
    yield from re.findall("[\ud800-\udfff]", text)
