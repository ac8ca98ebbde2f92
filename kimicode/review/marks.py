"""Hidden marks, by which the bot knows its own comments again: which finding one is about, what was reviewed last.

They count in texts that the bot itself wrote, as their first line alone: anybody can copy one, and other programs of
the same repository may write other people's words under the bot's name.
"""

import re
from dataclasses import dataclass

_COMMIT = "[0-9a-f]{40}|[0-9a-f]{64}"
_FINDING = re.compile(
    rf"<!-- kimicode-review:1 fingerprint=(?P<fingerprint>[0-9a-f]{{16}})(?: head=(?P<head>{_COMMIT}))?"
    rf"(?: fixed=(?P<fixed>{_COMMIT}))? -->"
)
_SUMMARY = re.compile(rf"<!-- kimicode-review:1 head=(?P<head>{_COMMIT}|none) rounds=(?P<rounds>[0-9]{{1,4}}) -->")
_NOTHING = "none"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What the summary remembers: the last reviewed commit ("" before any was), and how many rounds there were."""

    head: str = ""
    rounds: int = 0


def of_finding(fingerprint: str, head: str = "", *, fixed: str = "") -> str:
    """The first line of an inline comment, with the commit that it is posted on, and the one that did away with it.

    Raises ValueError where that is no fingerprint or no commit id.
    """
    named = "".join(f" {name}={commit}" for name, commit in (("head", head), ("fixed", fixed)) if commit)
    return _checked(_FINDING, f"<!-- kimicode-review:1 fingerprint={fingerprint}{named} -->")


def of_summary(reviewed: Reviewed) -> str:
    """The first line of the summary. Raises ValueError where that is no commit id, or a round below 0 or above 9999."""
    return _checked(_SUMMARY, f"<!-- kimicode-review:1 head={reviewed.head or _NOTHING} rounds={reviewed.rounds} -->")


def fingerprint_in(text: str) -> str:
    """The fingerprint that a comment of the bot's own carries, "" where it has none."""
    found = _FINDING.fullmatch(_first_line(text))
    return found["fingerprint"] if found else ""


def posted_on(text: str) -> str:
    """The commit that a comment of the bot's own was posted on, "" where it does not say."""
    found = _FINDING.fullmatch(_first_line(text))
    return (found["head"] or "") if found else ""


def fixed_in(text: str) -> str:
    """The commit that did away with the finding of a comment of the bot's own, "" where it does not say so."""
    found = _FINDING.fullmatch(_first_line(text))
    return (found["fixed"] or "") if found else ""


def reviewed_in(text: str) -> Reviewed | None:
    """What a summary of the bot's own remembers; None where the text is no summary."""
    found = _SUMMARY.fullmatch(_first_line(text))
    if found is None:
        return None
    return Reviewed("" if found["head"] == _NOTHING else found["head"], int(found["rounds"]))


def _first_line(text: str) -> str:
    """GitHub gives back what was edited in a browser with CRLF."""
    return text.partition("\n")[0].removesuffix("\r")


def _checked(form: re.Pattern[str], mark: str) -> str:
    if form.fullmatch(mark) is None:
        raise ValueError(f"not a mark: {mark!r}")
    return mark
