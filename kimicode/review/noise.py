"""Claims that are no faults by how they are worded: matters of taste, of documentation, and guesses.

Most of what review bots say and people dismiss is one of these. What is dropped here cannot be found again, so a
pattern must name the whole of what is asked for; `tests/kimicode/review/test_noise.py` measures both mistakes.
"""

import re

from kimicode.review.findings import Finding


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_CODE = re.compile(r"`[^`]+`")
_ASK = r"(?:please |should |could |we |you |to |better |must |it |be |is |may |might |want )*"
_TEXTS = r"(?:doc-?strings?|documentation|docs|comments?|read-?me|change-?log|js-?doc|java-?doc|release notes?)"
_END = r"(?:$|[.,;:]| (?:for|to|about|with|that|which|explain\w*|of|in|on|here|entry|update|string)\b)"
_LACKING = r"(?:missing|lacks?|lacking|has no|have no|needs?|no|without|undocumented|outdated|stale|incomplete)"

_DOCUMENTATION = _any(
    rf"\b(?:{_LACKING}|add(?:ing)?|updat(?:e|ing)|extend(?:ing)?)(?: \S+){{0,3}}? {_TEXTS}{_END}",
    rf"\b(?:{_TEXTS}|description) (?:\S+ ){{0,4}}?(?:is|are|was|should|could|does not|doesn't|no longer) (?:\S+ )?"
    r"(?:missing|outdated|stale|out of date|incomplete|misleading|unclear|inaccurate|wrong|incorrect)\b",
    rf"\b(?:{_TEXTS}|description) (?:\S+ ){{0,4}}?(?:is|are|was|should|could|does not|doesn't|no longer) (?:\S+ )?"
    r"(?:mention|describ|match|explain|reflect|updated?|clearer)\w*\b",
    r"\b(?:typo|spelling|grammar|misspell\w*|misspelt|wording)\b",
    rf"^{_ASK}(?:document|describe|explain) ",
    r"\b(?:helpful|useful|good|better|nice) to (?:document|explain|describe)\b",
    r"\bin the (?:docs|documentation|readme|change-?log)\b",
    r"\b(?:is|are) (?:not documented|undocumented)\b",
)
_STYLE = _any(
    r"\b(?:naming|readab\w+|maintainab\w+|code style|style guide|pep ?8|conventions?|idiomatic|formatting|nit)\b",
    r"\b(?:magic (?:number|string|value)s?|code duplication|duplicated? (?:code|logic)|cyclomatic|code smell)\b",
    r"\b(?:boilerplate|dead code|commented[- ]out|trailing (?:whitespace|comma)|line (?:is )?too long|import order)\b",
    r"\bunused (?:import|variable|parameter|argument|function)s?\b",
    r"\b(?:type (?:hints?|annotations?)|best practices|DRY)\b",
    r"\b(?:clean code|separation of concerns|single responsibility)\b",
    r"\b(?:too|overly|unnecessarily) (?:long|complex|verbose|large|nested|generic|broad name)\b",
    rf"^{_ASK}(?:prefer (?!\S+ (?:is|are|was|has)\b)|(?:rename|refactor|extract) )",
    r"^(?:simplify|inline|reorder|split|shorten) (?:this|the|it|these|`)",
    r"\b(?:hard|harder|easier|difficult) to (?:read|follow|understand|maintain)\b|\bshadows a built-?in\b",
    r"\b(?:code|block|logic|function) is duplicated\b|^missing (?:return|parameter) types?\b",
    r"^(?:consider )(?:renam|using|extract|splitt|simplif|refactor|mov|inlin)\w*",
    rf"^{_ASK}use (?:an? )?(?:named )?(?:f-strings?|more descriptive|const(?:ant)?\b|enum)",
    rf"^{_ASK}use (?:an? )?(?:\w+ comprehension|early return)",
    rf"^{_ASK}use \S+ (?:instead of|rather than) ",
    r"[;,.] (?:please )?(?:consider|extract|refactor|rename|prefer|simplify|split) ",
    r"\b(?:could|should|can) be (?:simplified|renamed|refactored|extracted|more \w+|shorter|private|a constant)\b",
    r"\b(?:could|should|can) be (?:moved (?:in)?to|split|combined|inlined|typed|const|final|readonly|clearer)\b",
    r"\b(?:does not|doesn't|should) (?:follow|use|be) (?:snake|camel|pascal|kebab)[-_ ]?case",
    r"\b(?:non-?descriptive|confusing|unclear|inconsistent|misleading|vague|poor|bad) (?:\w+ )?(?:names?|style)\b",
    r"\binconsistent (?:use of )?(?:\w+ )?(?:casing|quotes?|indentation)\b",
    r"\b(?:name (?:`[^`]*` )?(?:is|does) (?:not |too |un)\w+|more meaningful name|instead of (?:let|var|print)\b)",
    r"^imports? (?:\w+ )?(?:are|is|should)\b",
    r"^(?:unnecessary|redundant|superfluous) (?:\w+ ){0,2}(?:parenthes[ei]s|else|casts?|variables?|imports?)\b",
    r"^(?:unnecessary|redundant|superfluous) (?:\w+ ){0,2}(?:semicolons?|whitespace|conversions?|blank lines?)\b",
    r"^(?:missing|no) newline at (?:the )?end of|^(?:repeated|duplicated?|similar) (?:code|block|logic)",
    r"\blog(?:ging)? level should\b",
    r"\berror messages? (?:lacks?|(?:could|should|can) be|(?:is|are) (?:not |un|too |vague))",
)
_WISH = _any(
    r"^(?:please|consider|ensure|make sure|verify|double[- ]check|check (?:that|whether|if)|confirm)\b",
    r"^(?:be (?:careful|sure)|validate that|think about|maybe|perhaps|why|question|suggestion|optional)\b",
    r"^it(?: is|'s| would be|'d be| may be| might be) (?:worth|good|better|nice|safer|advisable|recommended)\b",
    r"^(?:you|we) (?:may|might|could|should)\b",
    r"[:,] consider |^not sure\b|\bcoverage is insufficient\b|^a (?:\w+ )?(?:comment|test) (?:\w+ )?would\b",
    r"^(?:what (?:if|happens|about)|is (?:this|it)|does (?:this|it)|are (?:we|you)|should (?:this|we|it))\b",
    r"\bcould potentially\b|\b(?:may|might) (?:want|be worth|be better|need to consider|benefit)\b",
    r"\b(?:in theory|theoretically|in the future|future[- ]proof\w*|just in case|defensive|for robustness)\b",
    r"^(?:missing|no|lacks?|needs?|insufficient)(?: \S+){0,3}? (?:unit |integration |regression |more )?"
    r"(?:tests?|test coverage|coverage|logging|error handling|validation)(?: (?:for|of|in|around|here)\b.*)?\.?$",
    r"\b(?:should|needs? to|must) be (?:tested|covered|validated|documented|logged)\b",
    r"\b(?:not (?:covered by|tested)|has no tests?|without tests?|no tests? (?:cover|for|exercis)\w*)\b",
    r"^tests? should (?:cover|also|be|include)\b",
    r"^(?:validate|sanitize|guard|handle|avoid|wrap) (?!\w+s\b)\S+ \S",
    r"^add (?:an? |the |some |more |proper |better |input |error |null |bounds |explicit |unit |tests?\b)",
)
_HEDGE = _any(r"\b(?:may|might|could|possibl[ey]|potential(?:ly)?|perhaps|likely|probably|seems?|appears?)\b")
_CONDITION = _any(
    r"\b(?:when|if|so|after|because|since|while|once|before|until|unless|whenever|by|as|without)\b|:",
    r"\b(?:for (?:an?|the|every|any|empty|negative)|on (?:an?|the|every|any)|with (?:an?|the|no|two))\b",
)


def noise(finding: Finding) -> str:
    """What a claim is about if not a fault: "style", "documentation" or "speculative"; "" where it may be one.

    It reads the claim as written, but for names in backticks: what was shown by running it is no speculation.
    """
    claim = _CODE.sub("`x`", " ".join(finding.claim.replace("’", "'").split()))
    if _DOCUMENTATION.search(claim):
        return "documentation"
    if _STYLE.search(claim):
        return "style"
    if _WISH.search(claim):
        return "speculative"
    hedged = _HEDGE.search(claim) and not _CONDITION.search(claim)
    return "speculative" if hedged and finding.proof != "ran" else ""
