"""The `report` tool: a finder says what is wrong and where; what points nowhere is refused, with how to mend it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args

from pydantic import AliasChoices, BeforeValidator, Field

from kimicode.config.secrets import Redact, unredacted
from kimicode.errors import ToolError
from kimicode.events import Brief
from kimicode.review import listing
from kimicode.review.change import Change, ChangedFile, Side
from kimicode.review.findings import Category, Finding, Severity, Suggestion
from kimicode.review.shown import plain
from kimicode.review.texts import Texts, quoted, squeezed
from kimicode.tools.aliases import PATH
from kimicode.tools.base import Access, Arguments, Tool, ToolContext, ToolOutcome

LONGEST_CLAIM = 120
LONGEST_SCENARIO = 1_500
MOST_LINES = 30
"""That one report may point at."""
MOST_REPLACED = 12
MOST_REPORTS = 10
"""Of one finder about one part: who has more to say is guessing."""
CATEGORIES: tuple[Category, ...] = get_args(Category)
_OTHER_WORDS = {"blocker": "critical", "major": "high", "error": "high", "warning": "medium", "moderate": "medium"}
_OTHER_WORDS |= {"minor": "low", "info": "low", "trivial": "low"}

SeverityName = Literal["low", "medium", "high", "critical"]


def _severity(value: Any) -> Any:
    name = str(value).strip().lower()
    return _OTHER_WORDS.get(name, name)


def _confidence(value: Any) -> Any:
    """Also "80 %" and 80."""
    text = str(value).strip()
    try:
        number = float(text.rstrip("% "))
    except ValueError:
        return value
    return number / 100 if number > 1 or text.endswith("%") else number


Weight = Annotated[SeverityName, BeforeValidator(_severity)]
Sureness = Annotated[float, Field(ge=0, le=1), BeforeValidator(_confidence)]


class ReportArguments(Arguments):
    path: str = Field(validation_alias=PATH)
    line: int = Field(validation_alias=AliasChoices("line", "start_line", "first_line", "line_number"))
    end_line: int | None = Field(None, validation_alias=AliasChoices("end_line", "last_line"))
    side: Side = "new"
    code: str = ""
    claim: str = Field(min_length=1, validation_alias=AliasChoices("claim", "title", "message", "issue"))
    scenario: str = Field(min_length=1, validation_alias=AliasChoices("scenario", "description", "explanation"))
    severity: Weight = "medium"
    confidence: Sureness = 0.7
    category: str = ""
    suggestion: str | None = None


@dataclass(slots=True)
class Report(Tool[ReportArguments]):
    """`category` is the class of faults that its finder looks for; "" where it looks for all and says which.

    What is kept of its words has been through `redact`, and has no characters that nobody sees.
    """

    name = "report"
    access = Access.CONTROL
    arguments = ReportArguments

    change: Change
    texts: Texts
    category: Category | Literal[""]
    finder: str
    redact: Redact = unredacted
    found: list[Finding] = field(default_factory=list)

    async def run(self, arguments: ReportArguments, context: ToolContext) -> ToolOutcome:
        finding = await asyncio.to_thread(self.finding_of, arguments)
        where = f"{finding.path}:{finding.first}"
        if not self.keep(finding):
            return ToolOutcome.of(f"{where} is reported already, with that claim", Brief("reported already"))
        return ToolOutcome.of(f"recorded for {where}. Go on, or submit.", Brief(f"reported {where}"))

    def keep(self, finding: Finding) -> bool:
        """Whether it is a new one. Raises ToolError where there are enough."""
        if any((old.path, old.first, old.claim) == (finding.path, finding.first, finding.claim) for old in self.found):
            return False
        if len(self.found) >= MOST_REPORTS:
            raise ToolError(f"{MOST_REPORTS} faults are reported; that is all that can be. End now.")
        self.found.append(finding)
        return True

    def finding_of(self, arguments: ReportArguments) -> Finding:
        """What was reported, at lines that exist and belong to the change. Raises ToolError."""
        file, side = self._file(arguments.path), arguments.side
        lines = self.texts.lines(file.path_on(side), side)
        if lines is None:
            raise ToolError(f"{arguments.path} has no text on the {side} side", hint=_OTHER_SIDE[side])
        first = _placed(arguments, lines, file)
        length = max(0, (arguments.end_line or arguments.line) - arguments.line)
        last = min(first + min(length, MOST_LINES - 1), len(lines))
        if not any(hunk.holds(side, line) for hunk in file.hunks for line in range(first, last + 1)):
            raise ToolError(
                f"lines {first}-{last} of {file.path} are not part of the change ({side} side)",
                hint=f"Point at the changed line that causes it; changed are {_ranges(file, side)}.",
            )
        claim, scenario = _told(self._words(arguments.claim), self._words(arguments.scenario))
        if not claim:
            raise ToolError("the claim says nothing that can be read")
        return Finding(
            path=file.path,
            side=side,
            first=first,
            last=last,
            symbol=self.texts.symbol(file.path_on(side), side, first),
            category=self.category or _category(arguments.category),
            severity=Severity[arguments.severity.upper()],
            confidence=arguments.confidence,
            claim=claim,
            scenario=scenario,
            suggestion=self._suggested(arguments, first, last) if length < MOST_LINES else None,
            finder=self.finder,
        )

    def _words(self, text: str) -> str:
        return plain(self.redact(text))

    def _suggested(self, arguments: ReportArguments, first: int, last: int) -> Suggestion | None:
        """None where it holds a secret: code without it would be other code."""
        made = _suggestion(arguments, first, last)
        return None if made is None or self.redact(made.text) != made.text else made

    def _file(self, written: str) -> ChangedFile:
        """The file that is meant: by its name now or before, by the end of it, or the only one there is."""
        files = self.change.files
        path = listing.unnamed(written).removeprefix("./")
        bare = path.partition("/")[2] if path[:2] in ("a/", "b/") else path
        exact = [file for file in files if {path, bare} & {file.path, file.old_path}]
        exact = exact or [file for file in files if written.strip() == listing.named(file.path)]
        ends = [file for file in files if f"/{file.path}".endswith(f"/{bare}") or bare.endswith(f"/{file.path}")]
        alike = exact or ends
        if len(files) == 1 and self.texts.lines(bare, "new") is None:
            alike = list(files)
        if exact or len(alike) == 1:
            return alike[0]
        some = ", ".join(listing.named(file.path) for file in files[:20])
        raise ToolError(f"{written} is not part of this change", hint=f"Report it again at one of these: {some}.")


_OTHER_SIDE = {"new": 'For removed lines say side "old".', "old": 'For lines that are there now say side "new".'}


def _placed(arguments: ReportArguments, lines: Sequence[str], file: ChangedFile) -> int:
    """The line that is meant: as numbered, or, where another one is quoted, the nearest such line of the change."""
    code = quoted(arguments.code)
    numbered = squeezed(lines[arguments.line - 1]) if 1 <= arguments.line <= len(lines) else None
    if numbered is not None and (not code or code == numbered or (len(code) > 3 and code in numbered)):
        return arguments.line
    alike = [number for number, line in enumerate(lines, 1) if code and squeezed(line) == code]
    inside = [number for number in alike if any(hunk.holds(arguments.side, number) for hunk in file.hunks)]
    if inside:
        return min(inside, key=lambda number: (abs(number - arguments.line), number))
    if numbered is None:
        raise ToolError(f"{file.path} has {len(lines)} lines; there is no line {arguments.line}")
    raise ToolError(
        f"line {arguments.line} of {file.path} is not the code that you quote; it reads: {numbered[:200] or '(blank)'}",
        hint="Give the number and the text of the same line, as the change shows them.",
    )


def _told(claim: str, scenario: str) -> tuple[str, str]:
    """A claim that is too long ends with its first sentence or a word; then all of it begins the scenario."""
    claim, scenario = squeezed(claim), scenario.strip()[:LONGEST_SCENARIO]
    if len(claim) <= LONGEST_CLAIM:
        return claim, scenario
    sentence = claim.partition(". ")[0]
    short = sentence if len(sentence) <= LONGEST_CLAIM else claim[: LONGEST_CLAIM - 1].rpartition(" ")[0] + "…"
    return short, f"{claim}\n{scenario}"[:LONGEST_SCENARIO]


def _category(written: str) -> Category:
    name = written.strip().lower()
    return next((category for category in CATEGORIES if category == name), "correctness")


def _suggestion(arguments: ReportArguments, first: int, last: int) -> Suggestion | None:
    """A long one is no suggestion, and one for removed lines has no place."""
    text = arguments.suggestion
    if text is None or arguments.side == "old" or max(text.count("\n"), last - first) >= MOST_REPLACED:
        return None
    return Suggestion(first, last, text.removesuffix("\n"))


def _ranges(file: ChangedFile, side: Side) -> str:
    """The hunks of a file, for a model that missed them."""
    old = side == "old"
    spans = ((hunk.old_start, hunk.old_count) if old else (hunk.new_start, hunk.new_count) for hunk in file.hunks)
    return ", ".join(f"{start}-{start + count - 1}" for start, count in spans if count) or "none"
