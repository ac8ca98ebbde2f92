"""An episode as token ids, by the engine's own template: exactly what its server would have in the model's context.

Each token also says what it is as a target. What all episodes begin with alike is cut off and named."""

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from kimicode_engine.template.messages import Conversation, Message, ToolCall, ToolSpec
from kimicode_engine.template.render import (
    ARGUMENTS,
    CALL,
    CALLS,
    END,
    MIDDLE,
    SYSTEM,
    THOUGHT,
    Marker,
    Segment,
    segments,
)
from kimicode_engine.template.typescript import declare
from kimicode_engine.tokenizer import Tokenizer
from nano_training.data.bpe import read_tokenizer
from nano_training.data.targets import CONTEXT, IGNORED, of_answer, of_edit, of_text
from nano_training.episodes.episode import Episode, Learn

EDIT = "functions.strreplace:"
"""What an edit's id begins with."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Prefix:
    """What episodes of a name begin with: the tools, and the system prompt up to where it speaks of the project."""

    tools: tuple[Json, ...]
    system: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """What follows the constant beginning named `prefix`: tokens [T] uint16, and what each is as a target, [T]."""

    prefix: str
    tokens: "array[int]"
    weights: bytes


class Encoder:
    """Turns episodes into token ids. Raises ValueError for one that does not begin as its prefix does."""

    def __init__(self, tokenizer: Tokenizer, prefixes: Mapping[str, Prefix]) -> None:
        if tokenizer.vocab_size > 1 << 16:
            raise ValueError(f"{tokenizer.vocab_size} tokens do not fit in 16 bits")
        self._tokenizer = tokenizer
        self._prefixes = prefixes
        self.prefix_ids = {name: self._beginning(prefix) for name, prefix in prefixes.items()}

    def encode(self, episode: Episode) -> Encoded:
        """The whole episode, the last answer included. Raises ValueError (see the class)."""
        beginning = self.prefix_ids.get(episode.prefix)
        if beginning is None:
            raise ValueError(f"no prefix is called {episode.prefix!r}; there are {', '.join(self._prefixes)}")
        tokens, weights = array("H"), bytearray()
        for ids, kinds in self._parts(episode):
            tokens.extend(ids)
            weights += kinds
        if tokens[: len(beginning)] != beginning:
            raise ValueError(f"an episode does not begin with the prefix {episode.prefix!r}: {self._split(episode)}")
        return Encoded(episode.prefix, tokens[len(beginning) :], bytes(weights[len(beginning) :]))

    def _parts(self, episode: Episode) -> Iterator[tuple[list[int], bytes]]:
        """Runs of tokens and their kinds, turn by turn; the first declares the tools, which every episode has."""
        talk = conversation(episode.messages, episode.tools)
        roles = ("tools", *(message.role for message in talk.messages))
        for turn, role, learn in zip(turns(talk), roles, (Learn.NOTHING, *episode.learn), strict=True):
            head, body = _cut(turn, THOUGHT if role == "assistant" else MIDDLE)
            yield _alike(self._ids(head), IGNORED)
            if role == "assistant":
                yield from self._answer(body, learn)
            else:
                yield _alike(self._ids(body), CONTEXT if role == "tool" else IGNORED)

    def _answer(self, body: Sequence[Segment], learn: Learn) -> Iterator[tuple[list[int], bytes]]:
        """An answer's text, then its calls: arguments of edits stand between a marker and another."""
        called, name = False, ""
        for before, segment in pairwise((THOUGHT, *body)):
            called = called or segment == CALLS
            ids = self._ids((segment,))
            name = segment if before == CALL and isinstance(segment, str) else name
            if before == THOUGHT and isinstance(segment, str):
                yield ids, of_text(ids, segment, self._tokenizer, learn)
            elif before == ARGUMENTS and isinstance(segment, str) and name.startswith(EDIT):
                yield ids, of_edit(ids, segment, self._tokenizer, learn)
            else:
                yield _alike(ids, of_answer(learn, called=called))

    def _ids(self, row: Sequence[Segment]) -> list[int]:
        ids: list[int] = []
        text: list[str] = []
        for segment in (*row, None):
            if isinstance(segment, str):
                text.append(segment)
                continue
            ids += self._tokenizer.encode("".join(text))
            text.clear()
            if segment is not None:
                ids.append(self._tokenizer.control[segment.name])
        return ids

    def _beginning(self, prefix: Prefix) -> "array[int]":
        declared = declare([_tool(tool) for tool in prefix.tools])
        row: tuple[Segment, ...] = (SYSTEM, "tool_declare", MIDDLE, declared, END) if prefix.tools else ()
        return array("H", self._ids((*row, SYSTEM, "system", MIDDLE, prefix.system)))

    def _split(self, episode: Episode) -> str:
        """Where an episode and its prefix part, for a person."""
        prefix = self._prefixes[episode.prefix]
        if list(episode.tools) != list(prefix.tools):
            return "its tools are others"
        return f"its system prompt is {episode.messages[0]['content'][: len(prefix.system) + 20]!r}"


def read_prefixes(text: str) -> dict[str, Prefix]:
    """What `prefixes.json` holds: tools and system prompt by name."""
    return {name: Prefix(tuple(entry["tools"]), entry["system"]) for name, entry in json.loads(text).items()}


def open_encoder(tokenizer: Path, prefixes: Path) -> Encoder:
    """The encoder of a folder's tokenizer and a file of prefixes. Raises OSError."""
    return Encoder(read_tokenizer(tokenizer), read_prefixes(prefixes.read_text("utf-8")))


def conversation(messages: Sequence[Json], tools: Sequence[Json]) -> Conversation:
    """What the server makes of a request in instant mode."""
    return Conversation(tuple(map(_message, messages)), tuple(map(_tool, tools)), thinking=False)


def turns(talk: Conversation) -> list[list[Segment]]:
    """The prompt's turns, each with its end; the tools' declaration first. Without the header of the next answer."""
    rows: list[list[Segment]] = [[]]
    for segment in segments(talk):
        rows[-1].append(segment)
        if segment == END:
            rows.append([])
    return rows[:-1]


def _alike(ids: list[int], kind: int) -> tuple[list[int], bytes]:
    return ids, bytes((kind,)) * len(ids)


def _cut(turn: Sequence[Segment], behind: Marker) -> tuple[Sequence[Segment], Sequence[Segment]]:
    """A turn up to and with a marker, and the rest of it."""
    at = turn.index(behind) + 1
    return turn[:at], turn[at:]


def _message(entry: Json) -> Message:
    return Message(
        role=entry["role"],
        content=entry.get("content"),
        name=entry.get("name"),
        tool_calls=tuple(map(_call, entry.get("tool_calls") or ())),
        tool_call_id=entry.get("tool_call_id"),
    )


def _call(entry: Json) -> ToolCall:
    return ToolCall(entry["id"], entry["function"]["name"], entry["function"]["arguments"])


def _tool(entry: Json) -> ToolSpec:
    function = entry["function"]
    return ToolSpec(function["name"], function.get("description") or "", function["parameters"])
