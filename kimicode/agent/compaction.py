"""Making room: when the history fills the window, a note in the model's own words takes the place of the work so far.

What must not be lost is not left to the note: the person's words stay verbatim (up to 20,000 tokens), and the plan and
the files last looked at are attached again. The system prompt, with AGENTS.md in it, is untouched.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib import resources

from kimicode.agent.history import Estimate, History, plain
from kimicode.errors import ContextOverflow
from kimicode.events import CompactionCompleted, CompactionStarted, Emit
from kimicode.messages import Message, user

TRIGGER = 0.85
RESERVE_TOKENS = 50_000
RESERVE_SHARE = 0.2
USER_TOKENS = 20_000
SHRINK = (1.0, 0.7, 0.5, 0.35)
"""Shares of the window for the text to be summed up, tried one after the other while the server says it is too long."""
MOST_IN_A_ROW = 3
RESULT_CHARS = 4_000

Summarize = Callable[[str], Awaitable[str]]


def threshold(window: int) -> int:
    """Tokens at which to compact: 85 % of the window, or less where the reserve would not fit."""
    return min(int(window * TRIGGER), window - min(RESERVE_TOKENS, int(window * RESERVE_SHARE)))


@dataclass(slots=True)
class Compaction:
    """`summarize` asks the model; `state` gives the plan and open files to attach again."""

    window: int
    estimate: Estimate
    summarize: Summarize
    state: Callable[[int], str]
    emit: Emit
    in_a_row: int = 0

    def due(self, history: History) -> bool:
        return history.tokens >= threshold(self.window)

    async def on_demand(self, history: History, instructions: str = "") -> None:
        """Replace the history because the person wants it; `instructions` say what the note must keep."""
        self.in_a_row = 0
        await self.run(history, "the user asked for it", instructions)
        self.in_a_row = 0

    async def run(self, history: History, reason: str, instructions: str = "") -> None:
        """Replace the history. Raises ContextOverflow when three compactions in a row did not make room."""
        self.in_a_row += 1
        if self.in_a_row > MOST_IN_A_ROW:
            raise ContextOverflow(
                f"the conversation does not fit the model's window of {self.window:,} tokens, even after compaction",
                hint="Start a new session with a smaller task, or choose a model with a larger window.",
            )
        before = history.tokens
        self.emit(CompactionStarted(before, reason))
        note = await self._note(history.messages, instructions)
        messages = self._rebuild(history.messages, note)
        history.replace(messages)
        self.emit(CompactionCompleted(before, history.tokens, tuple(messages)))

    def progressed(self, history: History) -> None:
        """A request went through; where there is room again, the last compaction did its work."""
        if not self.due(history):
            self.in_a_row = 0

    async def _note(self, messages: Sequence[Message], instructions: str) -> str:
        wish = f"\n\nThe user wants the note to keep: {instructions}" if instructions else ""
        for share in SHRINK:
            budget = int((self.window - self.window * RESERVE_SHARE) * share * 0.8)
            try:
                return await self.summarize(self._transcript(messages, budget) + wish)
            except ContextOverflow:
                continue
        return "(no note could be made: the work so far was too long to be read again)"

    def _transcript(self, messages: Sequence[Message], budget: int) -> str:
        """The newest messages that fit `budget` tokens, oldest first, long results shortened."""
        chosen: list[str] = []
        spent = 0
        for message in reversed([m for m in messages if m.role != "system"]):
            text = f"<{message.role}>\n{_shortened(plain(message), RESULT_CHARS)}\n</{message.role}>"
            spent += self.estimate([user(text)])
            if spent > budget and chosen:
                chosen.append("(earlier messages left out)")
                break
            chosen.append(text)
        return "\n".join(reversed(chosen))

    def _rebuild(self, messages: Sequence[Message], note: str) -> list[Message]:
        system = [message for message in messages[:1] if message.role == "system"]
        words = self._verbatim([m for m in messages if m.role == "user"])
        text = _prompt("compacted.md").format(note=note.strip(), state=self.state(self.window // 10).strip())
        return [*system, *words, user(text)]

    def _verbatim(self, said: Sequence[Message]) -> list[Message]:
        """The person's messages, newest kept first when they are too many; the very first always stays."""
        limit = min(USER_TOKENS, self.window // 5)
        kept: list[Message] = []
        for message in reversed([m for m in said if not m.text.startswith(NOTE_MARK)]):
            limit -= self.estimate([message])
            if limit < 0 and kept and message is not said[0]:
                continue
            kept.append(message if limit >= 0 else user(_shortened(message.text, 4 * self.window // 20)))
        return list(reversed(kept))


NOTE_MARK = "<note>"


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n... ({len(text) - 2 * half:,} characters left out) ...\n{text[-half:]}"


def _prompt(name: str) -> str:
    return resources.files("kimicode.agent").joinpath("prompts", name).read_text("utf-8")
