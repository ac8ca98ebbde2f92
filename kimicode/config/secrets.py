"""Takes secrets out of text before it is recorded or goes to a model: known shapes of keys, and values that are known.

It finds what looks like a key. What does not, such as a password in a sentence, it cannot know.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kimicode.config.catalog import HOSTED
from kimicode.config.schema import Settings

Redact = Callable[[str], str]
HELD_BACK = 16 * 1024
"""Characters of a stream's end that may wait for their rest."""

_SHORTEST = 12
_SECRET_NAME = re.compile(
    r"(API|ACCESS|PRIVATE|SECRET|AUTH|ENCRYPTION|SIGNING|ACCOUNT)_?KEY|TOKEN|SECRET|PASSWD|PASSWORD|CREDENTIAL"
)
_MARK = "[redacted: {}]"


@dataclass(frozen=True, slots=True)
class _Shape:
    """A kind of key. `needle` stands in each of them, so that text without it need not be searched; group 1 is kept."""

    name: str
    needle: str
    pattern: re.Pattern[str]


def _shape(name: str, needle: str, pattern: str) -> _Shape:
    return _Shape(name, needle, re.compile(pattern))


_ENDED = re.compile(r"-----END [A-Z0-9 ]*-----")
_END = r"(?![A-Za-z0-9_-])"
_SHAPES = (
    _shape(
        "private key",
        "PRIVATE KEY",
        r"()-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
        r"[\s\S]{16,}?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    ),
    _shape("GitHub token", "gh", r"()\bgh[opusr]_[A-Za-z0-9]{30,255}"),
    _shape("GitHub token", "github_pat_", r"()\bgithub_pat_[A-Za-z0-9_]{22,255}"),
    _shape("GitLab token", "gl", r"()\bgl(?:pat|ptt|dt|rt|soat|cbt|ft|agent|oas|imt|wt)-[A-Za-z0-9_.-]{20,}"),
    _shape("AWS key", "A", r"()\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    _shape("AWS secret", "ecret", r"(?i)(aws_?secret_?access_?key[\"']?\s*[:=]\s*[\"']?)[A-Za-z0-9/+=]{40}"),
    _shape("API key", "sk-", r"()\bsk-(?=[A-Za-z0-9_-]{0,200}\d)(?:[a-z]{2,6}\d{0,2}-)*[A-Za-z0-9_-]{20,}"),
    _shape("API key", "k_", r"()\b[rsp]k_(?:live|test|prod)_[A-Za-z0-9]{16,}"),
    _shape("API key", "gsk_", r"()\bgsk_[A-Za-z0-9]{40,}"),
    _shape("API key", "nvapi-", r"()\bnvapi-[A-Za-z0-9_-]{40,}"),
    _shape("Google key", "AIza", r"()\bAIza[A-Za-z0-9_-]{35}" + _END),
    _shape("Google token", "ya29.", r"()\bya29\.[A-Za-z0-9_-]{20,}"),
    _shape("Google secret", "GOCSPX-", r"()\bGOCSPX-[A-Za-z0-9_-]{20,}"),
    _shape("Slack token", "xox", r"()\bxox[abeprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}"),
    _shape("Slack token", "xapp-", r"()\bxapp-\d-[A-Za-z0-9-]{10,}"),
    _shape("Slack address", "hooks.slack.com", r"(hooks\.slack\.com/(?:services|workflows)/)[A-Za-z0-9/_-]{20,}"),
    _shape("Hugging Face token", "hf_", r"()\bhf_[A-Za-z0-9]{30,}"),
    _shape("npm token", "npm_", r"()\bnpm_[A-Za-z0-9]{36}" + _END),
    _shape("npm token", "_authToken", r"(_authToken\s*=\s*[\"']?)[A-Za-z0-9+/=_-]{16,}"),
    _shape("PyPI token", "pypi-", r"()\bpypi-AgE[A-Za-z0-9_-]{40,}"),
    _shape("SendGrid key", "SG.", r"()\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}"),
    _shape("DigitalOcean token", "do", r"()\bdo[opr]_v1_[a-f0-9]{64}"),
    _shape("Shopify token", "shp", r"()\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    _shape("Telegram token", ":AA", r"()\b\d{8,10}:AA[A-Za-z0-9_-]{33}" + _END),
    _shape("Vault token", "hv", r"()\bhv[sbr]\.[A-Za-z0-9_-]{24,}"),
    _shape("Databricks token", "dapi", r"()\bdapi[a-f0-9]{32}\b"),
    _shape("age key", "AGE-SECRET-KEY-", r"()\bAGE-SECRET-KEY-1[A-Z0-9]{58}"),
    _shape("Azure key", "Key=", r"(\b(?:Account|SharedAccess)Key=)[A-Za-z0-9+/]{40,}={0,2}"),
    _shape("JSON web token", "eyJ", r"()\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    _shape(
        "password", "://", r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>]{0,64}:)[^\s/@\"'<>${}]{3,128}(?=@[A-Za-z0-9\[])"
    ),
    _shape(
        "authorization",
        "uthorization",
        r"(?i)(\bauthorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token)\s+)[A-Za-z0-9+/=._~-]{12,}",
    ),
)


def unredacted(text: str) -> str:
    """A Redact that takes nothing out."""
    return text


class Redactor:
    """Replaces secrets by a mark that says what stood there."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        """`values` are secrets that are known as such, wherever they stand."""
        self._values = sorted({value for value in values if len(value) >= _SHORTEST}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for value in self._values:
            if value in text:
                text = text.replace(value, _MARK.format("secret"))
        for shape in _SHAPES:
            if shape.needle in text:
                text = shape.pattern.sub(rf"\g<1>{_MARK.format(shape.name)}", text)
        return text


class Stream:
    """Redacts text that comes in pieces: what could be the first half of a secret waits for the next piece."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be shown by now."""
        text = self._held + piece
        cut = _safe_end(text)
        self._held = text[cut:]
        return self._redact(text[:cut])

    def close(self) -> str:
        """The rest."""
        rest, self._held = self._held, ""
        return self._redact(rest)


def _safe_end(text: str) -> int:
    """Where a text can be cut so that no secret is: before its last word, or before a private key that has no end."""
    floor = max(0, len(text) - HELD_BACK)
    begun = text.rfind("-----BEGIN ", floor)
    if begun >= 0:
        ended = _ENDED.search(text, begun)
        if ended is None:
            return begun
        floor = ended.end()
    line = max(text.rfind("\n", floor), floor - 1) + 1
    if "uthorization" in text[line:]:
        return line
    word = max(text.rfind(character, line) for character in " \t") + 1 or line
    progress = not any(character.isalnum() or character == "-" for character in text[word:])
    return len(text) if progress else word


def redactor_for(settings: Settings, environ: Mapping[str, str]) -> Redact:
    """By the settings: nothing at all, or what looks like a key and the secrets that kimicode knows of."""
    return Redactor(known_secrets(settings, environ)) if settings.redact else unredacted


def known_secrets(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """Values of kimicode's own keys and of variables that are named like secrets and look like one."""
    own = [settings.api_key.get_secret_value()] if settings.api_key else []
    return [*own, *secrets_among(environ)]


def secrets_among(environ: Mapping[str, str]) -> list[str]:
    """Values of variables that are named like secrets and look like one."""
    names = {variable for provider in HOSTED for variable in provider.key_variables}
    named = [value for name, value in environ.items() if name in names or _SECRET_NAME.search(name.upper())]
    return list(filter(_random_looking, named))


def _random_looking(value: str) -> bool:
    """Not a path, a word, a number: those stand in ordinary text."""
    letters = any(character.isalpha() for character in value)
    digits = any(character.isdigit() for character in value)
    return letters and digits and not value.startswith(("/", "~", "./")) and not any(map(str.isspace, value))
