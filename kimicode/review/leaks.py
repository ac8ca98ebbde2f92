"""What a text must not carry to a forge: addresses, mentions, markup, hidden or packed data, a verdict on the change.

Code says much that looks like an address (`logger.info`, `os.path`), so what stands in backticks is judged by what it
can be, and bare text by what it could be. Both are stricter than they need be: a withheld sentence is no loss.
"""

import ipaddress
import itertools
import re
import unicodedata
from collections.abc import Iterator

from kimicode.review.shown import plain


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


LONGEST_QUOTE = 100
"""Characters in backticks; a longer piece is no name and no expression."""

_CODE = re.compile(r"(`+)([^`\n]+)\1(?!`)")
_FENCE = re.compile("```|~~~")
_PRESENTATION = str.maketrans("", "", "\ufe0e\ufe0f")

_ANYWHERE = (
    (
        "an address",
        r"\w://|\bhxxp|\bxn--|\bwww\.|\b(?:mailto|javascript|vbscript|tel|xmpp):\S|\b(?:data:\w+|file:)/|[^\s/]//\w+\.\w",
    ),
    ("an address", r"[\[({<]\s*(?:\.|dot)\s*[\])}>]|(?:\bdot\s+|\s\.\s?)(?:com|net|org|io|dev|app|co)\b"),
    ("an e-mail address", r"[\w.+-]@\w|\bat\s+\w+\s+dot\b"),
    ("a reference", r"#\d|\bGH-\d|\b[\w.-]+/[\w.-]+[!#&]\d"),
    ("an image", r"!\[[^\]\n]*\]\s*[(\[]"),
    (
        "HTML",
        r"<!--|<!\[|<!doctype|<\?|<[a-z][\w-]*\s[^<>]*=|&#x?[0-9a-f]+;?|&(?:lt|gt|amp|quot|nbsp|commat|num|colon|period);",
    ),
    (
        "packed data",
        r"(?:%[0-9a-f]{2}){3,}|(?:\\x[0-9a-f]{2}){3,}|(?:\\u\{?[0-9a-f]{4,6}\}?){3,}|(?:\b0x[0-9a-f]{2}\b\W*){6,}",
    ),
    ("packed data", r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?:[01]{8}\s*){4,}|(?:\b\d{2,3}\b[\s,]+){8,}"),
    (
        "a verdict",
        r"\blgtm\b|\b(?:safe|ready|ok|okay|good) to (?:be )?merged?\b|\bship it\b"
        r"|\b(?:can|may|should|must) (?:now )?be merged\b"
        r"|\b(?:please |auto-?)?(?:approve|merge) (?:this|the) (?:change|pr|pull|merge|request|commit|branch)\b"
        r"|\b(?:ignore|disregard|forget) (?:all |any |every )?(?:the |of the )?(?:previous|prior|above|earlier|other)\b"
        r"|\bsystem prompt\b|\bas an ai\b|\bno (?:issues?|problems?|bugs?|faults?) (?:were |was |are )?found\b",
    ),
)
_BARE = (
    ("a mention", r"(?<![\w`])@\w"),
    ("a link", r"\]\s*\(|\]:|\[\[|!\["),
    ("HTML", r"<[a-z/!?]|&\w+;"),
    ("a reference", r"(?<![\w!=])[!%$&]\d|(?<!\S)[~%][A-Za-z]"),
)
_PATTERNS = [(reason, re.compile(pattern, re.IGNORECASE)) for reason, pattern in _ANYWHERE]
_BARE_PATTERNS = [(reason, re.compile(pattern, re.IGNORECASE)) for reason, pattern in _BARE]

_MENTION = re.compile(r"(?<!\w)@([\w-]+)")
_DECORATORS = _names(
    "property staticmethod classmethod dataclass dataclasses cached_property cache lru_cache functools wraps "
    "final contextmanager asynccontextmanager contextlib abstractmethod abc override overload typing pytest "
    "fixture app router task shared_task celery click Override Nullable NonNull Transactional Async Test "
    "Before After Autowired Component Service Injectable Input Output Inject Entity Bean Deprecated "
    "Scheduled Cacheable types media import"
)

_HOST = re.compile(r"(?<![\w@-])\.*+[\w-]++(?:\.[\w-]++)+")
_ALWAYS = _names(
    "com edu gov mil xyz biz online website store shop click icu onion ru cn tk ml ga cf gq ly gl uk eu jp "
    "br nl vip club rocks ninja space tech fun pw su buzz cam monster example invalid localhost zip mov"
)
_MOSTLY = _names("net org io ai co dev app gg tv cc ws de fr us ch cloud")
"""Ends of addresses that are names of attributes as well."""
_PERHAPS = _names(
    "me to info link live page top site host id is it im at in sh be world run "
    "blog wiki today news media email chat group games life agency digital network services support work zone"
)
_OBJECTS = _names("self this cls super java javax system torch os sys asp dot request req ctx context config window")
_SEGMENT = re.compile(r"[A-Za-z0-9+=]{16,}")
_MOST_MIXED = 0.5
"""Of neighbouring characters those of two kinds (small, capital, digit): 0.62 in base64, below 0.4 in long names."""


def pieces(text: str) -> Iterator[tuple[bool, str]]:
    """(whether it stands in backticks, piece) of a text, in order, without those backticks."""
    end = 0
    for span in _CODE.finditer(text):
        yield False, text[end : span.start()]
        yield True, span[2]
        end = span.end()
    yield False, text[end:]


def leak(text: str, *, code: bool = False) -> str:
    """What a text carries that it must not, in a word or two; "" if nothing. `code`: all of it is shown as code."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").translate(_PRESENTATION))
    if plain(text) != text:
        return "hidden characters"
    if _FENCE.search(text):
        return "a code fence"
    joined = _folded(text.replace("`", ""))  # or an address could be spread over code spans
    if reason := next((reason for reason, pattern in _PATTERNS if pattern.search(joined)), "") or _code_leak(joined):
        return reason
    if any(map(_is_packed, _SEGMENT.findall(joined))):
        return "packed data"
    spans = [] if code else list(pieces(text))
    if any(quoted and len(piece) > LONGEST_QUOTE for quoted, piece in spans):
        return "a long quotation"
    return next(filter(None, (_bare_leak(piece) for quoted, piece in spans if not quoted)), "")


def _code_leak(code: str) -> str:
    if any(_is_address(found, code, quoted=True) for found in _HOST.finditer(code)):
        return "an address"
    return "a mention" if any(name not in _DECORATORS for name in _MENTION.findall(code)) else ""


def _bare_leak(text: str) -> str:
    text = _folded(text)
    if any(_is_address(found, text, quoted=False) for found in _HOST.finditer(text)):
        return "an address"
    return next((reason for reason, pattern in _BARE_PATTERNS if pattern.search(text)), "")


def _folded(text: str) -> str:
    """As compatible letters: a full-width or ideographic stop is a stop to a browser."""
    return unicodedata.normalize("NFKC", text).replace("。", ".")


def _is_address(found: re.Match[str], text: str, *, quoted: bool) -> bool:
    """Whether a name with dots in it may be a place in the network."""
    name, rest = found[0].lower(), text[found.end() : found.end() + 1]
    labels = name.strip("._-").split(".")
    last = re.split(r"[_-]", labels[-1])[0]
    if last.isdigit():
        return _is_public(name)
    if last in _ALWAYS or not last.isascii():
        return True
    begins_path = rest == "/" and name[0] != "." and text[found.start() - 1 : found.start()] != "/"
    if begins_path and last.isalpha() and len(last) > 1:
        return True
    used = rest in ("(", "[") or labels[0] in _OBJECTS
    if last in _MOSTLY:
        return not (quoted and used)
    return last in _PERHAPS and not quoted and not used


def _is_public(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False


def _is_packed(segment: str) -> bool:
    """Whether a long row of letters and digits is data rather than a name."""
    digits = sum(map(str.isdigit, segment))
    if len(segment) > 60 or (0 < digits < len(segment) and all(one in "0123456789abcdefABCDEF" for one in segment)):
        return True
    if segment.upper() == segment and digits >= 3 and not segment.isdigit():
        return True
    kinds = [(one.isupper(), one.isdigit()) for one in segment]
    changes = sum(one != other for one, other in itertools.pairwise(kinds))
    return len(segment) >= 20 and changes >= _MOST_MIXED * len(segment)
