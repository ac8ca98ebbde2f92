"""What all routes share: the model's tokenizer, its grammars and its worker; from what a client asked to its Reply."""

import time
import uuid
from dataclasses import dataclass

from kimicode_engine.grammar import GrammarCompiler
from kimicode_engine.request import Request
from kimicode_engine.sampling import SamplingState
from kimicode_engine.server.asked import Asked
from kimicode_engine.server.metrics import Metrics
from kimicode_engine.server.worker import Ticket, Worker
from kimicode_engine.template.render import render
from kimicode_engine.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Service:
    """A loaded model that is served under `name`; `window` counts tokens, `created` is a Unix time."""

    name: str
    window: int
    created: int
    tokenizer: Tokenizer
    compiler: GrammarCompiler
    worker: Worker
    metrics: Metrics

    def prompt(self, asked: Asked) -> tuple[int, ...]:
        """The prompt's tokens."""
        if asked.conversation:
            return tuple(render(asked.conversation, self.tokenizer))
        return tuple(self.tokenizer.encode(asked.prompt)) if isinstance(asked.prompt, str) else asked.prompt or ()

    def prepare(self, asked: Asked) -> tuple[Asked, list[Ticket]]:
        """Render, tokenise and compile; slow, so it runs in a thread. Raises RequestError."""
        prompt = self.prompt(asked)
        now = time.monotonic()
        tickets = []
        for choice in range(asked.choices):
            params = asked.sampling(len(prompt), self.window, choice)
            matcher = self.compiler.compile(asked.grammar) if asked.grammar else None
            request = Request(uuid.uuid4().hex, prompt, params, asked.priority, now)
            state = SamplingState(params, prompt)
            tickets.append(Ticket(request, asked.parser(self.tokenizer), state, matcher))
        return asked, tickets
