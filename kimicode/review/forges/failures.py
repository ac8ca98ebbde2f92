"""What goes wrong at a forge, in words that say what to do about it.

Denied and Missing end with exit code 1, since address or token are at fault; Busy with 75; any other ForgeError with 2.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from kimicode.config.secrets import Redact
from kimicode.errors import ExitCode, KimicodeError
from kimicode.review.forges.answer import Answer

Shape = TypeVar("Shape", bound=BaseModel)


class ForgeError(KimicodeError):
    """A forge cannot be reached, says no, or answers what makes no sense. `status` is its HTTP status, 0 without one.

    `words` are the forge's own, on one line, "" where it gave none.
    """

    def __init__(self, message: str, *, hint: str = "", status: int = 0, words: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.words = words


class Denied(ForgeError):
    """The token is missing or wrong, or may not do that."""

    exit_code = ExitCode.USAGE


class Locked(Denied):
    """The conversation is closed to all who are no collaborators, and an app is none."""


class Missing(ForgeError):
    """It is not there, or this token may not know that it is."""

    exit_code = ExitCode.USAGE


class Refused(ForgeError):
    """400 or 422: the forge understood and does not want what was sent."""


class Unclear(ForgeError):
    """Something was sent and no answer came: it may have been done."""


class Busy(ForgeError):
    """A rate limit that lasts longer than we wait, or a forge that fails again and again: worth trying later."""

    exit_code = ExitCode.RETRY_LATER


@dataclass(frozen=True, slots=True)
class Advice:
    """What a person can do when the forge says no; it depends on the forge and on where the token came from."""

    unauthorised: str = ""
    forbidden: str = ""
    missing: str = ""


def of_answer(forge: str, doing: str, answer: Answer, advice: Advice, redact: Redact) -> ForgeError:
    """The error that an answer of 400 and above stands for."""
    words = answer.words(redact)
    message = f"{forge} answers {answer.status} to {redact(doing)}{f': {words}' if words else ''}"
    kind, hint = _KINDS.get(answer.status, (ForgeError, ""))
    if kind in (Denied, Refused) and _LOCKED.search(words):
        return Locked(message, hint="Unlock the conversation for a review of it.", status=answer.status, words=words)
    return kind(message, hint=getattr(advice, hint) if hint else "", status=answer.status, words=words)


_KINDS: Mapping[int, tuple[type[ForgeError], str]] = {
    400: (Refused, ""),
    401: (Denied, "unauthorised"),
    403: (Denied, "forbidden"),
    404: (Missing, "missing"),
    410: (Missing, "missing"),
    422: (Refused, ""),
}


_LOCKED = re.compile(r"\b(?:is locked|lock prevents)\b", re.IGNORECASE)


def read(shape: type[Shape], data: Any) -> Shape:
    """The part of an answer that is used. Raises ForgeError where it has another form."""
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        # its own text would quote the answer
        where = ".".join(str(step) for step in error.errors(include_input=False, include_url=False)[0]["loc"])
        raise ForgeError(f"the forge's answer has another form than expected, at {where or 'its top'}") from None
