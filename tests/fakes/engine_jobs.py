"""An engine over a scripted model, and answers that are kept as they are heard."""

from dataclasses import dataclass, field

from kimicode_engine.engine import Engine, Job
from kimicode_engine.limits import Limits
from kimicode_engine.output import Content, Delta, Reasoning
from kimicode_engine.parsers.stream import AnswerParser
from kimicode_engine.request import Priority, Request, SamplingParams
from kimicode_engine.sampling import SamplingState
from kimicode_engine.scripted import ScriptedRunner
from kimicode_engine.tokenizer import Tokenizer

NAMES = (
    *("<|im_end|>", "<think>", "</think>", "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"),
    *("<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>"),
)
BYTES = Tokenizer({bytes((byte,)): byte for byte in range(256)}, dict(enumerate(NAMES, 256)))
"""A token for each byte, then the control tokens."""
END = BYTES.control["<|im_end|>"]


def tokens(text):
    """Token ids of a text in which control tokens are written by their names."""
    for name in NAMES:
        text = text.replace(name, chr(0xE000 + BYTES.control[name]))
    return [
        token
        for char in text
        for token in ([ord(char) - 0xE000] if 0xE000 <= ord(char) < 0xF000 else BYTES.encode(char))
    ]


@dataclass
class Heard:
    """What came of one request."""

    deltas: list[Delta] = field(default_factory=list)

    @property
    def last(self):
        return self.deltas[-1]

    @property
    def ended(self):
        return bool(self.deltas) and self.last.finish is not None

    @property
    def tokens(self):
        return [token for delta in self.deltas for token in delta.tokens]

    @property
    def pieces(self):
        return [piece for delta in self.deltas for piece in delta.pieces]

    @property
    def content(self):
        return "".join(piece.text for piece in self.pieces if isinstance(piece, Content))

    @property
    def reasoning(self):
        return "".join(piece.text for piece in self.pieces if isinstance(piece, Reasoning))


class Desk:
    """Takes requests to an engine whose model says what `script` says."""

    def __init__(self, script=None, runner=None, end_ids=frozenset({END}), tokenizer=BYTES, **limits):
        self.limits = Limits(**({"window": 1024, "pages": 32, "running": 8, "step_tokens": 256} | limits))
        self.runner = runner or ScriptedRunner(self.limits.pages, BYTES.vocab_size, script)
        self.engine = Engine(self.runner, end_ids, self.limits)
        self.tokenizer = tokenizer
        self.count = 0

    def ask(
        self, prompt, max_tokens=20, *, name=None, priority=Priority.INTERACTIVE, matcher=None, parser=None, **params
    ):
        """Queue a request, greedy unless said otherwise."""
        sampling = SamplingParams(max_tokens, **({"temperature": 0.0} | params))
        request = Request(name or f"request {self.count}", tuple(prompt), sampling, priority, float(self.count))
        self.count += 1
        heard = Heard()
        parser = AnswerParser(self.tokenizer, stop=sampling.stop, **(parser or {"thinking": False, "tools": False}))
        state = SamplingState(sampling, request.prompt)
        self.engine.add(Job(request, parser, state, matcher, heard.deltas.append))
        return heard

    def run(self):
        """Step until there is nothing to do."""
        while self.engine.step():
            pass

    @property
    def pages_used(self):
        return self.engine.stats().pages_used
