"""Stands in for a model: draws tokens at random among those that a grammar allows."""

import json
import random
import re

import numpy as np
import pytest

from kimicode_engine.errors import RequestError

SECTION = re.compile(
    r"<\|tool_calls_section_begin\|>((?:<\|tool_call_begin\|>.*?<\|tool_call_end\|>)+)<\|tool_calls_section_end\|>",
    re.DOTALL,
)
CALL = re.compile(
    r"<\|tool_call_begin\|>functions\.([\w.-]+):(\d+)<\|tool_call_argument_begin\|>(.*?)<\|tool_call_end\|>", re.DOTALL
)


def allowed_by(mask, vocab):
    """The ids whose bits a packed mask sets; all of them for None."""
    if mask is None:
        return np.arange(vocab)
    return np.flatnonzero(np.unpackbits(mask.numpy().view(np.uint8), count=vocab, bitorder="little"))


def wander(matcher, tokenizer, seed, limit=3000):
    """Tokens of a whole answer, the end token not among them. Half of the steps go towards an end."""
    draw, closing = random.Random(seed), _closing(tokenizer)
    tokens = []
    for _ in range(limit):
        allowed = allowed_by(matcher.mask(), tokenizer.vocab_size)
        near = [token for token in allowed if token in closing] if draw.random() < 0.5 else []
        token = int(draw.choice(near or allowed))
        matcher.accept(token)
        if token in tokenizer.end_ids:
            return tokens
        tokens.append(token)
    raise AssertionError(f"no end after {limit} tokens: {tokenizer.decode(tokens)[-200:]!r}")


def _closing(tokenizer):
    pieces = {b'"', b"}", b"]", b'"}', b'":', b",", b":"}
    ranks = range(tokenizer.vocab_size - len(tokenizer.control))
    return {token for token in ranks if tokenizer.bytes_of(token) in pieces} | set(tokenizer.control.values())


def calls_in(text):
    section = SECTION.fullmatch(text)
    assert section, text
    assert "".join(found[0] for found in CALL.finditer(section[1])) == section[1]
    return [(name, json.loads(arguments)) for name, _, arguments in CALL.findall(section[1])]


def feed(matcher, tokenizer, text):
    """Accept a text whose control tokens are written as their names; each must be allowed by the mask before it."""
    names = "|".join(map(re.escape, tokenizer.control))
    for piece in re.split(f"({names})", text):
        ids = [tokenizer.control[piece]] if piece in tokenizer.control else tokenizer.encode(piece)
        for token in ids:
            assert token in allowed_by(matcher.mask(), tokenizer.vocab_size), tokenizer.decode([token])
            matcher.accept(token)


def refused(compiler, spec):
    with pytest.raises(RequestError) as caught:
        compiler.compile(spec)
    assert (caught.value.status, caught.value.code) == (400, "invalid_grammar")
    return caught.value
