"""What text costs with Kimi's real vocabulary: encoding, rendering a long conversation again, masks of a grammar.

`python engine/benchmarks/text.py RANKS [--out FILE]`, RANKS being a checkpoint's `tiktoken.model`. CPU time of one
process; figures are of one machine and one day."""

import argparse
import base64
import datetime
import json
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from kimicode_engine.checkpoint.tiny_tokenizer import control_ids
from kimicode_engine.grammar import GrammarCompiler, GrammarSpec
from kimicode_engine.template.messages import Conversation, Message, ToolSpec
from kimicode_engine.template.render import render
from kimicode_engine.tokenizer import Tokenizer

HERE = Path(__file__).parent
TURNS, TURN_CHARACTERS = 1000, 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ranks", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    lines = (line.split() for line in given.ranks.read_bytes().splitlines())
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    tokenizer = Tokenizer(ranks, {at: name for name, at in control_ids(len(ranks) - 256).items()})
    code = "\n".join(path.read_text("utf-8") for path in sorted(HERE.parent.rglob("*.py")))
    figures = {"encode_mb_per_s": encoding(tokenizer, code), **rendering(tokenizer, code), **masks(tokenizer)}
    for name, value in figures.items():
        sys.stdout.write(f"{name:<28}{value:>12.3f}\n")
    if given.out:
        day = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
        about = {"cpu": platform.processor() or platform.machine(), "python": platform.python_version(), "date": day}
        given.out.write_text(json.dumps({**about, **figures}, indent=2) + "\n")
    return 0


def encoding(tokenizer: Tokenizer, code: str) -> float:
    """MB of code a second; each piece is encoded once, so no cache helps."""
    seconds = taken(lambda: [tokenizer.encode(code[at : at + 20_000]) for at in range(0, len(code), 20_000)])
    return len(code.encode()) / 1e6 / seconds


def rendering(tokenizer: Tokenizer, code: str) -> dict[str, float]:
    """ms of rendering a conversation of a million characters, at first and once more."""
    code *= 1 + TURNS * TURN_CHARACTERS // len(code)
    texts = (code[at : at + TURN_CHARACTERS] for at in range(7, 7 + TURNS * TURN_CHARACTERS, TURN_CHARACTERS))
    turns = [Message("assistant" if place % 2 else "user", text) for place, text in enumerate(texts)]
    turns.append(Message("user", "Go on."))
    tools = tuple(ToolSpec(f"tool{n}", "A tool.", {"type": "object", "properties": {}}) for n in range(10))
    conversation = Conversation(tuple(turns), tools=tools)
    first, second = (1e3 * taken(lambda: render(conversation, tokenizer)) for _ in range(2))
    return {"tokens_of_conversation": len(render(conversation, tokenizer)), "render_ms": first, "again_ms": second}


def masks(tokenizer: Tokenizer) -> dict[str, float]:
    """µs of each mask while a call of `bash` with a long script is written, mean and 99th percentile."""
    schema = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
    spec = GrammarSpec((ToolSpec("bash", "", schema, strict=True),), "required")
    matcher = GrammarCompiler(tokenizer).compile(spec)
    script = json.dumps({"command": "set -e\ncd src && grep -rn 'def main' . | head -20  # überall\n" * 20})
    begin, call, argument = (
        tokenizer.control[f"<|tool_{name}|>"] for name in ("calls_section_begin", "call_begin", "call_argument_begin")
    )
    costs = []
    for token in (begin, call, *tokenizer.encode("functions.bash:0"), argument, *tokenizer.encode(script)):
        started = time.perf_counter()
        matcher.mask()
        costs.append(1e6 * (time.perf_counter() - started))
        matcher.accept(token)
    costs.sort()
    return {"mask_us_mean": sum(costs) / len(costs), "mask_us_p99": costs[int(0.99 * len(costs))]}


def taken(work: Callable[[], object]) -> float:
    """CPU seconds."""
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
