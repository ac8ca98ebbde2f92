import base64
import json
import os
import time
from pathlib import Path

import pytest

from kimicode_engine.grammar import GrammarCompiler, GrammarSpec
from kimicode_engine.grammar.lark import TOOL_MARKERS
from kimicode_engine.template.messages import ToolSpec
from kimicode_engine.tokenizer import Tokenizer

RANKS = Path(os.environ.get("KIMICODE_K2_RANKS", ""))
SCRIPT = "set -e\ncd src && grep -rn 'def main' . | head -20  # überall\n" * 20


@pytest.mark.skipif(not RANKS.is_file(), reason="KIMICODE_K2_RANKS names no tiktoken.model")
def test_with_the_real_vocabulary_a_mask_costs_microseconds():
    lines = (line.split() for line in RANKS.read_bytes().splitlines())
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    names = {2: "<|im_end|>", 23: "</think>"} | {11 + place: name for place, name in enumerate(TOOL_MARKERS)}
    real = Tokenizer(ranks, {len(ranks) + offset: name for offset, name in names.items()})
    schema = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
    matcher = GrammarCompiler(real).compile(GrammarSpec((ToolSpec("bash", "", schema, strict=True),), "required"))
    _, _, call, arguments, _ = (real.control[name] for name in TOOL_MARKERS)
    written = (call, *real.encode("functions.bash:0"), arguments, *real.encode(json.dumps({"command": SCRIPT})))
    costs = []
    for token in (real.control[TOOL_MARKERS[0]], *written):
        start = time.perf_counter()
        matcher.mask()
        costs.append(time.perf_counter() - start)
        matcher.accept(token)
    assert sum(costs) / len(costs) < 0.001
