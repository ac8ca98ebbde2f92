"""The conversation as the model will see it, and how much of the window it fills."""

from collections.abc import Callable, Iterable, Sequence

from kimicode.agent.cleaning import cleaned
from kimicode.config.secrets import Redact, unredacted
from kimicode.messages import Message, Text, ToolCall, ToolResult, Usage

Estimate = Callable[[Sequence[Message]], int]


class History:
    """Messages in order; every call has its result directly behind it.

    Tokens are counted twice: by the server (exact, when it reports) and here (always). The larger number counts,
    because servers that cut a prompt silently also report the cut number.
    """

    def __init__(
        self,
        estimate: Estimate,
        messages: Iterable[Message] = (),
        overhead: int = 0,
        redact: Redact = unredacted,
    ) -> None:
        self._estimate = estimate
        self._redact = redact
        self._overhead = overhead
        self.messages: list[Message] = []
        self._estimated = overhead
        self._reported = 0
        self._since_report = 0
        for message in messages:
            self.add(message)

    def add(self, message: Message) -> None:
        message = cleaned(message, self._redact)
        self.messages.append(message)
        tokens = self._estimate([message])
        self._estimated += tokens
        self._since_report += tokens

    def add_results(self, results: Sequence[ToolResult]) -> None:
        if results:
            self.add(Message("tool", tuple(results)))

    def report(self, usage: Usage) -> None:
        """The server's count of everything so far, the last answer included; called after that answer was added."""
        if not usage.estimated and usage.input_tokens:
            self._reported = usage.total_tokens
            self._since_report = 0

    def replace(self, messages: Iterable[Message]) -> None:
        self.__init__(self._estimate, messages, self._overhead, self._redact)  # type: ignore[misc]

    @property
    def tokens(self) -> int:
        reported = self._reported + self._since_report if self._reported else 0
        return max(self._estimated, reported)

    def open_calls(self) -> tuple[ToolCall, ...]:
        """Calls of the last message that have no result yet."""
        return self.messages[-1].tool_calls if self.messages else ()


def user_words(messages: Iterable[Message]) -> list[str]:
    """What the person said, oldest first."""
    return [message.text for message in messages if message.role == "user"]


def plain(message: Message) -> str:
    """A message as text, for a summary: calls and results in short form."""
    lines = []
    for part in message.parts:
        if isinstance(part, Text):
            lines.append(part.text)
        elif isinstance(part, ToolCall):
            lines.append(f"[call {part.name} {part.arguments}]")
        elif isinstance(part, ToolResult):
            text = "".join(item.text for item in part.content if isinstance(item, Text))
            lines.append(f"[result of {part.name}]\n{text}")
    return "\n".join(line for line in lines if line)
