"""The `verdict` tool: a verifier says what it found out, and every line that it cites is compared with the file."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field

from kimicode.config.secrets import Redact, unredacted
from kimicode.displays import CommandRun
from kimicode.errors import ToolError
from kimicode.review.findings import Citation, Proof, Severity
from kimicode.review.listing import unnamed, visible
from kimicode.review.report import Sureness, Weight
from kimicode.review.shown import plain
from kimicode.review.texts import Texts, quoted, squeezed
from kimicode.tools.aliases import PATH
from kimicode.tools.base import Access, Arguments, Submitted, Tool, ToolContext, ToolOutcome

Ruling = Literal["real", "not real", "pre-existing", "style", "speculative"]
NEARBY = 12
"""Lines: what is cited so near is meant, and gets its right number."""
MOST_CITATIONS = 8
LONGEST_WHY = 1_200
LONGEST_OUTPUT = 800
LEAST_QUOTED = 4
"""Characters of a line that a citation may leave the rest of."""
_ENOUGH = 60
"""Characters that say which line is meant, however long it is."""
_SHORTEST_OUTPUT = 3
_OTHER_WORDS = {"true": "real", "false": "not real", "preexisting": "pre-existing", "refuted": "not real"}


def _ruling(value: Any) -> Any:
    words = " ".join(str(value).lower().replace("_", " ").split())
    words = "pre-existing" if words == "pre existing" else words
    return _OTHER_WORDS.get(words, words)


class CitedArguments(BaseModel):
    path: str = Field(validation_alias=PATH)
    line: int
    text: str = Field(validation_alias=AliasChoices("text", "code", "content"))


class VerdictArguments(Arguments):
    verdict: Annotated[Ruling, BeforeValidator(_ruling)]
    why: str = Field(min_length=1, validation_alias=AliasChoices("why", "reason", "explanation", "evidence"))
    citations: list[CitedArguments] = Field(default_factory=list)
    severity: Weight | None = None
    confidence: Sureness = 0.7
    output: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a verifier found out; `severity` None: as reported."""

    ruling: Ruling
    why: str
    citations: tuple[Citation, ...]
    severity: Severity | None
    confidence: float
    proof: Proof
    evidence: str


@dataclass(slots=True)
class Verdict(Tool[VerdictArguments]):
    """Hears of every command that ran, so that nobody can claim one. `always`: any verdict needs a right citation."""

    name = "verdict"
    access = Access.CONTROL
    arguments = VerdictArguments

    texts: Texts
    redact: Redact = unredacted
    always: bool = False
    ran: list[CommandRun] = field(default_factory=list)
    judgement: Judgement | None = None

    async def run(self, arguments: VerdictArguments, context: ToolContext) -> ToolOutcome:
        self.judgement = await asyncio.to_thread(self.judged, arguments)
        raise Submitted(self.judgement.ruling)

    def judged(self, arguments: VerdictArguments) -> Judgement:
        """The verdict, if all that it rests on is there. Raises ToolError."""
        citations = tuple(map(self._checked, arguments.citations[:MOST_CITATIONS]))
        if not citations and (self.always or arguments.verdict == "real"):
            hint = "Give citations: path, line and the text of the line that decides it."
            raise ToolError(f'the verdict "{arguments.verdict}" cites no code', hint=hint)
        run = self._shown(arguments.output)
        why = self._words(arguments.why)[:LONGEST_WHY]
        printed = self._words(arguments.output)[:LONGEST_OUTPUT]
        return Judgement(
            ruling=arguments.verdict,
            why=why,
            citations=citations,
            severity=Severity[arguments.severity.upper()] if arguments.severity else None,
            confidence=arguments.confidence,
            proof="ran" if run else "read",
            evidence=f"{why}\n\n$ {self._words(run.command)}\n{printed}" if run else why,
        )

    def _words(self, text: str) -> str:
        return plain(self.redact(text)).strip()

    def _checked(self, cited: CitedArguments) -> Citation:
        path = unnamed(cited.path).removeprefix("./")
        lines = self.texts.lines(path, "new")
        if lines is None:
            raise ToolError(f"you cite {cited.path}, which is not there or is no text")
        line = _standing(cited, lines, self.redact)
        if line is None:
            there = squeezed(lines[cited.line - 1])[:200] if 0 < cited.line <= len(lines) else "(no such line)"
            raise ToolError(
                f"{cited.path}:{cited.line} is not what you cite; it reads: {there or '(blank)'}",
                hint="View the file, and cite lines as they are.",
            )
        return Citation(path, line, self.redact(lines[line - 1].strip()))

    def _shown(self, output: str) -> CommandRun | None:
        """The command that printed this; None where nothing is claimed. Raises ToolError where none did."""
        printed = squeezed(output)
        if not printed:
            return None
        for run in reversed(self.ran):
            if len(printed) >= _SHORTEST_OUTPUT and printed in squeezed(run.output):
                return run
        hint = "Copy it from a command that you ran, or leave output out."
        raise ToolError("no command of yours printed that output", hint=hint)


def _standing(cited: CitedArguments, lines: Sequence[str], redact: Redact) -> int | None:
    """The number of the line that reads so: the one given, or the nearest close by."""
    text = quoted(cited.text)
    near = sorted(range(cited.line - NEARBY, cited.line + NEARBY + 1), key=lambda number: abs(number - cited.line))
    inside = [number for number in near if 1 <= number <= len(lines)]
    return next((number for number in inside if _reads(lines[number - 1], text, redact)), None) if text else None


def _reads(line: str, text: str, redact: Redact) -> bool:
    """Whether a line is the text one, also as a model was shown it, or without its ends."""
    for shown in (squeezed(line), squeezed(redact(line)), squeezed(visible(line))):
        least = max(LEAST_QUOTED, min(len(shown) // 2, _ENOUGH))
        if text == shown or (len(text) >= least and text in shown):
            return True
    return False
