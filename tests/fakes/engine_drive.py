"""Takes sequences through a model without a scheduler, over pages in random order that are full of NaN."""

import random

import torch

from kimicode_engine.cache.latent import LatentCache, held_as
from kimicode_engine.limits import PAGE
from kimicode_engine.model.kimi import Kimi
from kimicode_engine.request import Request, SamplingParams
from kimicode_engine.runner import ModelRunner
from kimicode_engine.sequence import Part, Sequence


class Drive:
    """A model with its cache, and pages that are handed out as sequences grow."""

    def __init__(self, config, slots, pages=64, seed=0, kernels=None, fp8=False):
        device = slots["embed"].device
        self.cache = LatentCache(config.layers, pages, *held_as(config, slots["embed"].dtype, fp8=fp8), device)
        self.cache.latents.fill_(255 if fp8 else float("nan"))
        self.runner = ModelRunner(Kimi(config, slots, kernels), self.cache, device)
        self.free = list(range(pages))
        random.Random(seed).shuffle(self.free)

    def sequence(self, prompt, pages=(), computed=0):
        """A sequence, perhaps with pages of another one that holds the same first `computed` tokens."""
        request = Request("r", tuple(prompt), SamplingParams(max_tokens=1000))
        return Sequence(request, list(prompt), computed=computed, pages=list(pages))

    def step(self, *takes):
        """Compute (sequence, count) pairs in one step; logits of those that reached their end, in order."""
        for sequence, count in takes:
            while len(sequence.pages) * PAGE < sequence.computed + count:
                sequence.pages.append(self.free.pop())
        logits = self.runner.run([Part(sequence, sequence.computed, count) for sequence, count in takes])
        for sequence, count in takes:
            sequence.computed += count
        return logits

    def prefill(self, sequence, chunk=1 << 20):
        """Compute what is left in chunks; the last token's logits [vocab]."""
        while True:
            logits = self.step((sequence, min(chunk, len(sequence.tokens) - sequence.computed)))
            if len(logits):
                return logits[0]

    def logits(self, tokens, chunk=1 << 20):
        """Logits after the prompt's last token."""
        return self.prefill(self.sequence(tokens), chunk)

    def decode(self, *sequences):
        """Compute the last token of each in one step, and append the likeliest next ones."""
        for sequence, row in zip(sequences, self.step(*((sequence, 1) for sequence in sequences)), strict=True):
            sequence.tokens.append(int(row.argmax()))

    def greedy(self, prompt, count, chunk=1 << 20):
        """The `count` likeliest next tokens."""
        sequence = self.sequence(prompt)
        sequence.tokens.append(int(self.prefill(sequence, chunk).argmax()))
        while sequence.generated < count:
            self.decode(sequence)
        return sequence.tokens[len(prompt) :]


def apart(found, expected):
    """Relative L2 distance."""
    return float((found - expected).norm() / expected.norm())


def prompt(count, vocab=160, seed=0):
    """Random tokens."""
    return torch.randint(vocab, (count,), generator=torch.Generator().manual_seed(seed)).tolist()
