"""The tokenizer of a tiny checkpoint: ranks learnt from a few lines of text, and Kimi's control tokens behind them."""

import base64
import json
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

RESERVED = 256
"""Ids behind the ranks; the control tokens lie among them."""

CONTROL = {
    "[BOS]": (0, True),
    "[EOS]": (1, True),
    "<|im_end|>": (2, True),
    "<|im_user|>": (3, True),
    "<|im_assistant|>": (4, True),
    "<|start_header_id|>": (6, True),
    "<|end_header_id|>": (7, True),
    "[EOT]": (9, True),
    "<|im_system|>": (10, True),
    "<|tool_calls_section_begin|>": (11, False),
    "<|tool_calls_section_end|>": (12, False),
    "<|tool_call_begin|>": (13, False),
    "<|tool_call_argument_begin|>": (14, False),
    "<|tool_call_end|>": (15, False),
    "<|im_middle|>": (17, True),
    "<|media_begin|>": (18, True),
    "<|media_content|>": (19, True),
    "<|media_end|>": (20, True),
    "<|media_pad|>": (21, True),
    "<think>": (22, False),
    "</think>": (23, False),
    "[UNK]": (254, True),
    "[PAD]": (255, True),
}
"""Name: how far behind the last rank, and whether the tokenizer calls it special. As in Kimi K2.6."""

TEXT = """
the model reads the prompt and then writes the answer, one token after the other. in the end it is the reader
who decides whether the answer was worth the waiting. a page of the cache holds the latents of some tokens;
when there are no more pages, the youngest request gives its own back and starts again later.
def load(self, path): for name in self.names: if name is not None: return self.values[name]
import json class Reader: with open(path) as file: data = json.loads(file.read()) print(data) else: raise ValueError
{"path": "src/main.py", "command": "ls", "line": 10, "text": "the weather in Paris is fine today"}
functions functions.bash functions.get_weather function location city value true false null
"""


@cache
def learn(count: int) -> tuple[bytes, ...]:
    """`count` tokens by byte pair encoding (Sennrich et al., arXiv 1508.07909) of TEXT's words, spaces in front.

    Raises ValueError where the text does not give so many."""
    words = Counter(TEXT.replace("\n", " ").replace(" ", "\0 ").split("\0"))
    spelled = {word: [bytes([byte]) for byte in word.encode()] for word in words}
    learnt: list[bytes] = []
    while len(learnt) < count:
        pairs: Counter[tuple[bytes, bytes]] = Counter()
        for word, parts in spelled.items():
            for pair in pairwise(parts):
                pairs[pair] += words[word]
        if not pairs:
            raise ValueError(f"{count} merges are more than the {len(learnt)} that the text gives")
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        if best[0] + best[1] not in learnt:
            learnt.append(best[0] + best[1])
        spelled = {word: _merge(parts, best) for word, parts in spelled.items()}
    return tuple(learnt)


def control_ids(merges: int) -> dict[str, int]:
    """The control tokens' ids by name, in a vocabulary with so many merges."""
    return {name: 256 + merges + offset for name, (offset, _) in CONTROL.items()}


def write_tokenizer(folder: Path, learnt: Sequence[bytes]) -> None:
    """Write `tiktoken.model` (a line each: base64 of the bytes, rank) and `tokenizer_config.json`, of the single bytes
    and the tokens `learnt`."""
    ranks = [bytes([byte]) for byte in range(256)] + list(learnt)
    lines = (f"{base64.b64encode(token).decode()} {rank}\n" for rank, token in enumerate(ranks))
    (folder / "tiktoken.model").write_text("".join(lines), "utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(_tokenizer_json(len(learnt)), indent=2), "utf-8")


def _tokenizer_json(merges: int) -> dict[str, Any]:
    plain = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    ids = control_ids(merges)
    return {
        "added_tokens_decoder": {
            str(ids[name]): {"content": name, **plain, "special": special} for name, (_, special) in CONTROL.items()
        },
        "bos_token": "[BOS]",
        "eos_token": "[EOS]",
        "unk_token": "[UNK]",
        "pad_token": "[PAD]",
        "clean_up_tokenization_spaces": False,
        "model_max_length": 1_000_000_000_000,
        "tokenizer_class": "TikTokenTokenizer",
    }


def _merge(parts: list[bytes], pair: tuple[bytes, bytes]) -> list[bytes]:
    merged: list[bytes] = []
    for part in parts:
        if merged and (merged[-1], part) == pair:
            merged[-1] += part
        else:
            merged.append(part)
    return merged
