"""An episode: what the product sends with its last request, the last answer, and which answers are worth learning."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

Json = Mapping[str, Any]
DEFAULT, SWE = "default", "swe"
"""Names of constant beginnings: that of the default toolset, and that of `--toolset swe`."""


class Learn(IntEnum):
    """How much of a message is learnt."""

    NOTHING = 0
    ALL = 1
    FORM = 2
    """Of a wrong try how it is written once it is said what is suspected; not the suspicion."""


class UnplayableError(ValueError):
    """Of this plan no episode can be made: a command does not end, an edit cannot be written, or all ends otherwise."""


@dataclass(frozen=True, slots=True)
class Episode:
    """A conversation in the JSON of the chat-completions API, tools beside it; `learn` has one entry per message."""

    messages: tuple[Json, ...]
    tools: tuple[Json, ...]
    learn: tuple[Learn, ...]
    prefix: str

    def as_json(self) -> str:
        """One line; the tools are left out, for `prefix` names them."""
        return json.dumps({"prefix": self.prefix, "learn": self.learn, "messages": self.messages}, ensure_ascii=False)


def read(line: str, tools: Mapping[str, Sequence[Json]]) -> Episode:
    """What `as_json` wrote; `tools` by the names of prefixes. Raises ValueError for another line."""
    try:
        entry = json.loads(line)
        name, learn = str(entry["prefix"]), tuple(map(Learn, entry["learn"]))
        episode = Episode(tuple(entry["messages"]), tuple(tools[name]), learn, name)
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is no episode: {line[:80]!r} ({error})") from error
    if len(episode.learn) != len(episode.messages):
        raise ValueError(f"{len(episode.messages)} messages have {len(episode.learn)} entries on what is learnt")
    return episode


def with_learnt(messages: Sequence[Json], tools: Sequence[Json], learnt: Sequence[Learn], prefix: str) -> Episode:
    """An episode from a conversation; `learnt` is of its answers, in order.

    Raises UnplayableError where an answer is missing: the agent did not take it as an answer.
    """
    answers = [message["role"] == "assistant" for message in messages]
    if sum(answers) != len(learnt):
        raise UnplayableError(f"{len(learnt)} answers were given, {sum(answers)} stand in the conversation")
    entries = iter(learnt)
    learn = tuple(next(entries) if is_answer else Learn.NOTHING for is_answer in answers)
    return Episode(tuple(messages), tuple(tools), learn, prefix)


def elsewhere(episode: Episode, changes: Mapping[str, str]) -> Episode:
    """The same with other names for what stands in `changes`, wherever the texts have it: a folder, a day."""

    def told(message: Json) -> Json:
        content = message.get("content")
        if not isinstance(content, str):
            return message
        for name, other in changes.items():
            content = content.replace(name, other)
        return {**message, "content": content}

    return replace(episode, messages=tuple(map(told, episode.messages)))
