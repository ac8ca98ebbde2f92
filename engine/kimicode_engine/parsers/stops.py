"""Stop strings over a text that arrives in fragments: what may still become one is held back."""


class StopScanner:
    """Finds the stop string that is complete first; of several that end at the same character, the longest.

    All strings are followed at once with the Knuth-Morris-Pratt automaton, one step a character, so the result does
    not depend on how the text is cut up."""

    __slots__ = ("_failures", "_held", "_matched", "_stops", "hit")

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = tuple(sorted({stop for stop in stops if stop}, key=len, reverse=True))
        self._failures = tuple(_failures(stop) for stop in self._stops)
        self._matched = [0] * len(self._stops)
        self._held = ""
        self.hit: str | None = None
        """The stop string that was found; nothing comes out from then on."""

    def feed(self, text: str) -> str:
        """Add text. Returns what is certainly not part of a stop string."""
        if not self._stops:
            return text
        if self.hit is not None:
            return ""
        text = self._held + text
        for end in range(len(self._held), len(text)):
            self.hit = self._advance(text[end])
            if self.hit is not None:
                self._held = ""
                return text[: end + 1 - len(self.hit)]
        kept = len(text) - max(self._matched)
        self._held = text[kept:]
        return text[:kept]

    def flush(self) -> str:
        """The text ends or is interrupted here: what was held back. A stop string does not reach across."""
        held, self._held = self._held, ""
        self._matched = [0] * len(self._stops)
        return held

    def _advance(self, character: str) -> str | None:
        for which, stop in enumerate(self._stops):
            matched, failures = self._matched[which], self._failures[which]
            while matched and stop[matched] != character:
                matched = failures[matched - 1]
            if stop[matched] == character:
                matched += 1
            if matched == len(stop):
                return stop
            self._matched[which] = matched
        return None


def _failures(stop: str) -> list[int]:
    """For each prefix of a string: the length of its longest proper prefix that is also its suffix."""
    lengths = [0]
    for character in stop[1:]:
        matched = lengths[-1]
        while matched and stop[matched] != character:
            matched = lengths[matched - 1]
        lengths.append(matched + (stop[matched] == character))
    return lengths
