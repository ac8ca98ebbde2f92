"""From a page's bytes to text, whatever it says of its encoding.

Only encodings of the web count: Python knows more, some of which take hours for two megabytes.
"""

import codecs
import re
from email.message import Message

_OF_THE_WEB = re.compile(
    r"ascii|utf-8|utf-16(-[bl]e)?|iso8859-\d+|cp(1(25\d)|8\d\d|932|949)|koi8-[ru]|mac-\w+"
    r"|gb(k|2312|18030)|big5(hkscs)?|shift_jis\w*|euc_\w+|iso2022_jp"
)
_IN_META = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?([\w:-]{1,40})""", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_HEAD = 4096
_OTHERWISE = "cp1252"


def media_type(content_type: str) -> tuple[str, str]:
    """The type in small letters and the charset that a Content-Type header names; "" where there is none."""
    header = Message()
    header["Content-Type"] = re.sub(r"[^ -~]", " ", content_type[:200])
    named = header.get_param("charset", "") if content_type else ""
    return (header.get_content_type() if content_type else "", named if isinstance(named, str) else "")


def text_of(body: bytes, charset: str = "") -> str:
    """The text; what cannot be read stands as U+FFFD."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body.decode(encoding, "replace")
    in_page = _IN_META.search(body, 0, _HEAD)
    for name in (charset, in_page[1].decode("ascii", "replace") if in_page else ""):
        if encoding := _known(name):
            return body.decode(encoding, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = error.reason == "unexpected end of data"
        return body.decode("utf-8" if cut else _OTHERWISE, "replace")


def _known(name: str) -> str:
    try:
        found = codecs.lookup(name).name if name.isascii() and "\0" not in name else ""
    except LookupError:
        return ""
    return found if _OF_THE_WEB.fullmatch(found) else ""
