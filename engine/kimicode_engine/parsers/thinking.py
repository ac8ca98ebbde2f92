"""Where an answer's thinking begins and ends, and how many tokens it takes."""

THINK_BEGIN = "<think>"
THINK_END = "</think>"


class Thinking:
    """Whether the model thinks at this token.

    The opening tag normally stands in the prompt, so an answer starts inside; a model that writes it once more, or
    that thinks again after a call, is followed. Whatever is no thought any more ends it, with or without its tag."""

    __slots__ = ("active", "tokens")

    def __init__(self, active: bool) -> None:
        self.active = active
        self.tokens = 0
        """Tokens of thinking so far, with the tag that ends it."""

    def count(self) -> None:
        """A token came."""
        self.tokens += self.active

    def begin(self) -> None:
        """The opening tag, wherever it stands outside of a call."""
        self.active = True

    def end(self) -> None:
        """The closing tag, or a call: what follows is the visible answer."""
        self.active = False
