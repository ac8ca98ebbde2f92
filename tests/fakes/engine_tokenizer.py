"""Kimi's tokenizer in small: one token a byte, and every control token at its offset in the reserved block."""

import re

from kimicode_engine.tokenizer import Tokenizer

BYTES = 256
OFFSETS = {
    "[BOS]": 0,
    "[EOS]": 1,
    "<|im_end|>": 2,
    "<|im_user|>": 3,
    "<|im_assistant|>": 4,
    "[EOT]": 9,
    "<|im_system|>": 10,
    "<|tool_calls_section_begin|>": 11,
    "<|tool_calls_section_end|>": 12,
    "<|tool_call_begin|>": 13,
    "<|tool_call_argument_begin|>": 14,
    "<|tool_call_end|>": 15,
    "<|im_middle|>": 17,
    "<|media_pad|>": 21,
    "<think>": 22,
    "</think>": 23,
}
_NAMES = re.compile("|".join(map(re.escape, sorted(OFFSETS, key=len, reverse=True))))


def byte_tokenizer(words: tuple[str, ...] = ()) -> Tokenizer:
    """A tokenizer with a token for each byte and each of `words`, then the 256 reserved ids."""
    ranks = {bytes((byte,)): byte for byte in range(BYTES)}
    ranks |= {word.encode(): BYTES + index for index, word in enumerate(words)}
    return Tokenizer(ranks, {len(ranks) + offset: name for name, offset in OFFSETS.items()})


def written(text: str, first_control: int = BYTES) -> list[int]:
    """The tokens of a model that writes this a byte at a time, names of control tokens as control tokens."""
    ids: list[int] = []
    start = 0
    for found in _NAMES.finditer(text):
        ids += [*text[start : found.start()].encode(), first_control + OFFSETS[found[0]]]
        start = found.end()
    return ids + list(text[start:].encode())
