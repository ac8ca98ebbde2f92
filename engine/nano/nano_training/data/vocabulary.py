"""Learns the tokenizer from episodes, mined functions and the product's own prompts.

`python -m nano_training.data.vocabulary --families FOLDER --mined FILE --prefixes FILE --out FOLDER` writes
`tiktoken.model` and `tokenizer_config.json`, and says how many characters a token holds."""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kimicode_engine.checkpoint.tiny_tokenizer import write_tokenizer
from kimicode_engine.tokenizer import RESERVED, Tokenizer
from nano_training.bugs import mined
from nano_training.data.bpe import count, learn, scaled, tokenizer
from nano_training.data.encode import Encoder, Prefix, conversation, read_prefixes, turns
from nano_training.data.sources import Twin
from nano_training.episodes.episode import Episode

MERGES = 3_840
"""Beyond the 256 bytes: 4,096 ranks, and 4,352 ids with those that are reserved."""
EPISODES, FUNCTIONS = 2_000, 20_000
"""How many of each are read."""


@dataclass(frozen=True, slots=True)
class Part:
    """Texts of one kind, and what share of all pieces they count as, however many they are."""

    name: str
    texts: tuple[str, ...]
    share: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn, write, and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--families", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--mined", type=Path, required=True, metavar="FILE")
    parser.add_argument("--prefixes", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--episodes", type=int, default=EPISODES)
    parser.add_argument("--merges", type=int, default=MERGES)
    given = parser.parse_args(arguments)
    prefixes = read_prefixes(given.prefixes.read_text("utf-8"))
    parts = corpus(Twin(given.families), given.mined, prefixes, given.episodes)
    learnt = learn(pieces(parts), given.merges)
    given.out.mkdir(parents=True, exist_ok=True)
    write_tokenizer(given.out, learnt)
    sys.stdout.write(report(tokenizer(learnt), parts, prefixes))
    return 0


def corpus(twin: Twin, functions: Path, prefixes: dict[str, Prefix], episodes: int) -> tuple[Part, ...]:
    """What is learnt from. Of episodes all that follows their constant beginning, which is a part of its own."""
    played = list(islice(twin.played(random.Random("vocabulary")), episodes))
    return (
        Part("files and output", tuple(text for one in played for text in read(one)), 500_000),
        Part("answers", tuple(text for one in played for text in written(one)), 150_000),
        Part("mined functions", tuple(islice(mined.functions(functions), FUNCTIONS)), 330_000),
        Part("beginnings", tuple(text for prefix in prefixes.values() for text in beginning(prefix)), 20_000),
    )


def read(episode: Episode) -> Iterator[str]:
    """What the tools answer, and what the user says."""
    return (str(message["content"]) for message in episode.messages if message["role"] in ("tool", "user"))


def written(episode: Episode) -> Iterator[str]:
    """What the model writes: sentences, and the arguments of calls."""
    for message in episode.messages:
        if message["role"] == "assistant":
            yield str(message["content"])
            yield from (call["function"]["arguments"] for call in message.get("tool_calls") or ())


def beginning(prefix: Prefix) -> Iterator[str]:
    """The texts of a constant beginning, as the template has them."""
    messages = ({"role": "system", "content": prefix.system},)
    for turn in turns(conversation(messages, prefix.tools)):
        yield from (segment for segment in turn if isinstance(segment, str))


def pieces(parts: Sequence[Part]) -> Counter[bytes]:
    """How often each piece counts, all parts together."""
    total: Counter[bytes] = Counter()
    for part in parts:
        total.update(scaled(count(part.texts), part.share))
    return total


def report(tokens: Tokenizer, parts: Sequence[Part], prefixes: dict[str, Prefix]) -> str:
    """Characters per token of each part, and the tokens of the constant beginnings."""
    lines = [f"{tokens.vocab_size} ids, {tokens.vocab_size - RESERVED} of them ranks"]
    for part in parts:
        spent = sum(len(tokens.encode(text)) for text in part.texts[:2000])
        lines.append(f"{part.name:<20}{sum(map(len, part.texts[:2000])) / max(1, spent):6.2f} characters a token")
    for name, ids in Encoder(tokens, prefixes).prefix_ids.items():
        lines.append(f"the beginning {name!r}: {len(ids)} tokens")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
