"""A scheduler and a scripted model that reads all it knows through the pages: what it says proves the paging right."""

from dataclasses import dataclass, field

from kimicode_engine.limits import Limits
from kimicode_engine.request import Priority, Request, SamplingParams
from kimicode_engine.scheduler import Scheduler
from kimicode_engine.scripted import ScriptedRunner, hashed
from kimicode_engine.sequence import Sequence

VOCAB = 251


def limits(**fields):
    """Small limits."""
    return Limits(**({"window": 4096, "pages": 64, "running": 8, "step_tokens": 256} | fields))


def text(count, seed=0):
    """A prompt of so many tokens, another one for each seed."""
    return tuple((7 * index + 31 * seed + 1) % VOCAB for index in range(count))


def answer_alone(prompt, count, vocab=VOCAB):
    """What the scripted model answers, worked out without any pages."""
    tokens = list(prompt)
    for _ in range(count):
        tokens.append(hashed(vocab)(None, tokens))
    return tokens[len(prompt) :]


@dataclass
class Floor:
    """Runs sequences to their ends; `steps` is what was computed in each step, as (id, start, count)."""

    scheduler: Scheduler
    runner: ScriptedRunner
    steps: list[list[tuple[str, int, int]]] = field(default_factory=list)
    alive: dict[str, Sequence] = field(default_factory=dict)

    @classmethod
    def of(cls, **fields):
        bounds = limits(**fields)
        return cls(Scheduler(bounds), ScriptedRunner(bounds.pages, VOCAB))

    def submit(self, prompt, answer=4, priority=Priority.INTERACTIVE, arrival=0.0, name=None):
        request = Request(name or str(len(self.alive)), prompt, SamplingParams(answer), priority, arrival)
        sequence = Sequence(request, list(prompt))
        self.alive[request.id] = sequence
        self.scheduler.add(sequence)
        return sequence

    def step(self):
        """One step; the ids of what was computed, or [] if there was nothing to do."""
        parts = self.scheduler.schedule()
        self.steps.append([(part.sequence.request.id, part.start, part.count) for part in parts])
        logits = self.runner.run(parts)
        sampling = [part.sequence for part in parts if part.samples]
        self.scheduler.advance(parts)
        for sequence, row in zip(sampling, logits, strict=True):
            sequence.tokens.append(int(row.argmax()))
            if sequence.generated == sequence.request.sampling.max_tokens:
                self.finish(sequence)
        return [name for name, _, _ in self.steps[-1]]

    def finish(self, sequence):
        self.scheduler.finish(sequence)
        del self.alive[sequence.request.id]

    def run(self, most=10_000):
        """Steps until there is nothing to do; how many they were."""
        steps = 0
        while self.step():
            steps += 1
            assert steps < most, "it does not end"
        assert not self.alive, "somebody was left behind"
        return steps
