"""What /metrics says, in Prometheus' text form. Counts and times only: never a prompt, an answer or a key."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from kimicode_engine.output import Delta

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
STEP_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
PREFIX = "kimicode_"


class Metrics:
    """One registry of its own for each server, so that several may live in one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.generated_total = 0
        self.requests = self._counter("requests", "HTTP requests answered", ("route", "status"))
        self.prompt = self._counter("prompt_tokens", "Tokens of the prompts of finished answers")
        self.cached = self._counter("cached_prompt_tokens", "Those of them that the prefix cache held")
        self.generated = self._counter("generated_tokens", "Tokens generated")
        self.answers = self._counter("answers", "Answers by the reason why they ended", ("finish",))
        self.cancelled = self._counter("cancelled_answers", "Answers whose reader went away")
        self.step = self._histogram("step_seconds", "Time of one step of the engine", STEP_SECONDS)
        self.first_token = self._histogram("first_token_seconds", "From admission to the first token", SECONDS)
        self.next_token = self._histogram("token_seconds", "From one token of an answer to the next", STEP_SECONDS)

    def gauge(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Add a number that is read when somebody asks for the metrics."""
        Gauge(PREFIX + name, text, registry=self._registry).set_function(value)

    def count(self, tokens: int) -> None:
        """Count generated tokens."""
        self.generated_total += tokens
        self.generated.inc(tokens)

    def finish(self, delta: Delta) -> None:
        """Count an answer that ended with this delta."""
        if delta.finish:
            self.answers.labels(delta.finish.value).inc()
        if delta.usage:
            self.prompt.inc(delta.usage.prompt_tokens)
            self.cached.inc(delta.usage.cached_tokens)

    def render(self) -> tuple[bytes, str]:
        """The exposition and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(PREFIX + name, text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(PREFIX + name, text, registry=self._registry, buckets=buckets)
