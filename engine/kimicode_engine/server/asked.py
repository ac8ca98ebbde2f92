"""A request of either HTTP dialect, understood: what to render, how to constrain, how to draw, how to answer.

`openai.py` and `anthropic.py` make it; the server renders, admits and runs it without knowing the dialect."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from kimicode_engine.errors import RequestError
from kimicode_engine.grammar import GrammarSpec
from kimicode_engine.parsers.stream import AnswerParser
from kimicode_engine.parsers.thinking import THINK_END
from kimicode_engine.request import Priority, SamplingParams
from kimicode_engine.template.messages import Conversation, Message
from kimicode_engine.tokenizer import Tokenizer

THINKING_DRAW = (1.0, 0.95)
"""Temperature and top-p that Moonshot gives for thinking."""
INSTANT_DRAW = (0.6, 0.95)
_INDEXED_ID = re.compile(r"functions\..+:(\d{1,9})|toolu_(\d{1,9})_.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client wants. Exactly one of `conversation` and `prompt` is given."""

    params: SamplingParams
    """`max_tokens` 0: whatever the window leaves."""
    conversation: Conversation | None = None
    prompt: str | tuple[int, ...] | None = None
    """Of /v1/completions: text, or tokens that are checked against the vocabulary already."""
    grammar: GrammarSpec | None = None
    """None: nothing is constrained."""
    choices: int = 1
    stream: bool = False
    include_usage: bool = False
    """Whether a stream ends with a chunk of usage."""
    priority: Priority = Priority.INTERACTIVE
    tool_names: frozenset[str] = frozenset()
    """Tools that may be called now; empty with `tool_choice` none."""
    next_call: int = 0
    """Index in the first new call's id: above every index of the history's ids, so that ids stay unique."""

    def sampling(self, prompt_tokens: int, window: int, choice: int = 0) -> SamplingParams:
        """The parameters of one choice, with `max_tokens` fixed.

        Raises RequestError `context_length_exceeded` when prompt and answer do not fit; nothing is ever cut."""
        left = window - prompt_tokens
        wanted = self.params.max_tokens
        if left < max(wanted, 1):
            asks = f" and the answer may have {wanted}" if wanted else ""
            raise RequestError(
                f"The maximum context length is {window} tokens. The prompt has {prompt_tokens}{asks}: "
                f"{max(wanted, 1) - left} too many.",
                param="messages" if self.conversation else "prompt",
                code="context_length_exceeded",
            )
        seed = self.params.seed
        return replace(self.params, max_tokens=wanted or left, seed=None if seed is None else seed + choice)

    def parser(self, tokenizer: Tokenizer) -> AnswerParser:
        """A fresh parser for one choice. A checkpoint without tags for thinking (Kimi K2) never thinks."""
        thinks = THINK_END in tokenizer.control
        return AnswerParser(
            tokenizer,
            thinking=thinks and self.conversation is not None and self.conversation.opens_thinking,
            tools=bool(self.tool_names),
            first_call=self.next_call,
            stop=self.params.stop,
            plain=self.conversation is None,
            names=self.tool_names,
        )


def draw(thinking: bool, temperature: float | None, top_p: float | None) -> tuple[float, float]:
    """Temperature and top-p of a request, Moonshot's values where the client gives none."""
    default = THINKING_DRAW if thinking else INSTANT_DRAW
    return default[0] if temperature is None else temperature, default[1] if top_p is None else top_p


def next_call(messages: Iterable[Message]) -> int:
    """The index for the next call's id: the number of calls so far, or more where a client dropped some of them."""
    ids = [call.id for message in messages for call in message.tool_calls]
    indexes = [int(found[1] or found[2]) for found in map(_INDEXED_ID.fullmatch, ids) if found]
    return max([len(ids), *(index + 1 for index in indexes)])
