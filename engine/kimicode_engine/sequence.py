"""A request while it is computed: its tokens, how far they are in the cache, and which pages hold them."""

from dataclasses import dataclass, field

from kimicode_engine.request import Request


@dataclass(slots=True, eq=False)
class Sequence:
    """One answer in the making. Only the scheduler changes `computed`, `pages` and `cached`."""

    request: Request
    tokens: list[int]
    """The prompt, then what was generated."""
    computed: int = 0
    """So many of the first tokens have their latents in the cache."""
    pages: list[int] = field(default_factory=list)
    cached: int | None = None
    """Prompt tokens that were found in the prefix cache; None until the first admission."""

    @property
    def generated(self) -> int:
        """How many tokens were generated."""
        return len(self.tokens) - len(self.request.prompt)


@dataclass(frozen=True, slots=True)
class Part:
    """What one step computes of a sequence: `sequence.tokens[start : start + count]`."""

    sequence: Sequence
    start: int
    count: int

    @property
    def samples(self) -> bool:
        """Whether this part reaches the last token, so that the next one can be drawn."""
        return self.start + self.count == len(self.sequence.tokens)
