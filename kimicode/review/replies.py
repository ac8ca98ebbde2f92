"""What a person's answer to a finding means: that it is declined, that it is taken up, or neither.

Read word by word and with caution: a finding that is wrongly taken for declined is never told again, one that is
wrongly taken for open costs nobody anything. Questions and what is quoted say nothing.
"""

import re
from typing import Literal

Meaning = Literal["declined", "accepted", ""]

_DECLINED = re.compile(
    r"^/dismiss\b|👎|:-1:|:thumbsdown:"
    r"|\b(?:won'?t|will not|not going to|no need to|don'?t need to) (?:be )?(?:fix|fixed|change|do)\b|\bwontfix\b"
    r"|\bfalse[ -](?:positive|alarm)s?\b|\bno fix (?:is )?needed\b|\bleav(?:e|ing) (?:it |this )?as[ -]is\b"
    r"|\b(?:isn'?t|is no|not) (?:really )?(?:an? )?(?:real |actual )?(?:bug|issue|problem|fault|defect|error)\b"
    r"|\b(?:intended|intentional|intentionally|deliberate|deliberately|on purpose|by design|as designed)\b"
    r"|\b(?:out of scope|works as expected|expected behaviou?r|accepted risk|acceptable|known limitation)\b"
    r"|\b(?:can'?t happen|cannot happen|not applicable|i disagree)\b"
    r"|\b(?:this|that|it) is (?:expected|fine|ok|okay|safe)\W*$"
    r"|^(?:n/a|ignor(?:e|ing)|skip|nope)\b(?! )|^ignor(?:e|ing) (?:this|it)\b",
    re.IGNORECASE,
)
_ACCEPTED = re.compile(
    r"^/reopen\b|👍|:\+1:|\b(?:good|nice|great) (?:catch|find|point)\b|\byou(?:'re| are) right\b"
    r"|\b(?:fixed|fixing|will fix|i'll fix|let'?s fix|please fix|needs a fix|should fix|must fix)\b"
    r"|\b(?:reopen(?:ed|ing)?|addressed)\b"
    r"|\b(?:is|that's) (?:an? )?(?:real |actual )?(?:bug|issue|problem)\b|^(?:done|correct|agreed)\b",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"(?:n't|\b(?:not|never|no longer|hardly|without|if|unless|thought|would|could|might|may|maybe|perhaps|wonder))"
    r"(?:\W+\w+){0,5}\W*$",
    re.IGNORECASE,
)
_NEAR = 80
"""Characters before a word in which one may stand that turns it round."""
_CONDITION = re.compile(r"\W*(?:if|unless)\b", re.IGNORECASE)
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_ASKS = re.compile(r"(?:is|are|was|were|do|does|did|can|could|should|would|why|how|what)(?:n't)?\b", re.IGNORECASE)
_SENTENCES = re.compile(r"[^.!?\n]*[.!?\n]?")
_WITHIN = re.compile(r"[,;]|:\s|\s-\s|\b(?:but|because|since)\b", re.IGNORECASE)


def meaning(text: str) -> Meaning:
    """Of one comment; its last word counts."""
    found: Meaning = ""
    for sentence in _SENTENCES.findall(_own_words(text)):
        if "?" not in sentence:
            for clause in _WITHIN.split(sentence):
                found = _of_clause(clause.strip()) or found
    return found


def _of_clause(clause: str) -> Meaning:
    if _ASKS.match(clause):
        return ""
    if _plainly(_DECLINED, clause):
        return "declined"
    return "accepted" if _plainly(_ACCEPTED, clause) else ""


def _plainly(pattern: re.Pattern[str], clause: str) -> bool:
    """Whether it is said, and not denied or doubted shortly before, nor true on a condition alone."""
    return any(
        _UNSURE.search(clause[max(0, found.start() - _NEAR) : found.start()]) is None
        and not _CONDITION.match(clause[found.end() :])
        for found in pattern.finditer(clause)
    )


def _own_words(text: str) -> str:
    """Without code and what is quoted of others; apostrophes as typewriters have them."""
    lines = _CODE.sub(" ", text.replace("\u2019", "'")).splitlines()
    return "\n".join(line.strip() for line in lines if not line.lstrip().startswith(">"))
