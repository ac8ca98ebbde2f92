"""A long and dull piece of work: a repository of modules with a dial each, and a model that views and turns them.

`python -m kimicode.benchmarks.busywork STEPS DELAY` serves it from a process of its own and prints the address.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kimicode.llm.model import ModelReply, ModelRequest, OnRetry
from kimicode.llm.scripted import USAGE, Reply, ScriptedServer
from kimicode.messages import (
    Message,
    OnPiece,
    Part,
    Piece,
    Text,
    TextPiece,
    Thinking,
    ThinkingPiece,
    ToolCall,
    ToolCallPiece,
)

MODULES = 24
FUNCTIONS = 20
LINES_VIEWED = 40
CHECK_EVERY = 10
TOKEN = 4
"""Characters of a streamed fragment: servers send a chunk for each token."""

_IDENTITY = ("-c", "user.name=kimicode", "-c", "user.email=kimicode@localhost", "-c", "commit.gpgsign=false")
_CHECK = "grep -h DIAL src/*.py | sort | uniq -c | sort -rn | head -5\n"
_NOTE = "The dials are turned one after the other, module by module; each was found where it was expected. " * 10


def create_repository(folder: Path) -> None:
    """A git repository with everything committed."""
    (folder / "src").mkdir(parents=True)
    for number in range(MODULES):
        (folder / _module(number)).write_text(_source(number))
    (folder / "check.sh").write_text(_CHECK)
    for arguments in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "Start")):
        subprocess.run(["git", *_IDENTITY, *arguments], cwd=folder, check=True, capture_output=True)


def _module(number: int) -> str:
    return f"src/module_{number:02}.py"


def _source(number: int) -> str:
    functions = [
        f'def scale_{index}(value: float) -> float:\n    """Scale a value by step {index}."""\n'
        f"    return value * DIAL + {number * FUNCTIONS + index}\n"
        for index in range(FUNCTIONS)
    ]
    return "\n\n".join([f'"""Module {number} of the machine."""\n\nDIAL = 0\n', *functions])


class Work:
    """Deals out a model's answers for `steps` steps; the last two check and submit. `delay`: seconds per token."""

    def __init__(self, steps: int, delay: float = 0.0) -> None:
        self._steps = steps
        self._delay = delay
        self._step = 0
        self._dials = [0] * MODULES

    def answer(self, *, tools: bool) -> Reply:
        """The next step, or, where no tools are offered, the note that a compaction asks for."""
        if not tools:
            return Reply(text=_NOTE, chunk=TOKEN)
        self._step += 1
        thinking = (
            f"Step {self._step}. The dial of the next module has to be turned. I look at the lines around it first, so "
            "that the text that I replace is the text that stands there, and I keep to one change at a time. After "
            "ten of them the check shows whether all modules agree, which is what was asked for. "
        )
        text = f"Now step {self._step} of the work."
        return Reply(text=text, thinking=thinking, calls=(self._call(),), delay=self._delay, chunk=TOKEN)

    def _call(self) -> tuple[str, dict[str, Any] | str]:
        step = self._step
        if step >= self._steps:
            return "submit", {"summary": "All dials are turned."}
        if step == self._steps - 1 or step % CHECK_EVERY == 0:
            return "bash", {"command": "sh check.sh"}
        number = step // 2 % MODULES
        if step % 2:
            dial = self._dials[number]
            self._dials[number] += 1
            return "strreplace", {
                "path": _module(number),
                "old_str": f"DIAL = {dial}\n",
                "new_str": f"DIAL = {dial + 1}\n",
            }
        first = 1 + step % (3 * FUNCTIONS)
        return "view", {"path": _module(number), "view_range": [first, first + LINES_VIEWED - 1]}


class InProcessModel:
    """Answers at once and without a socket, in pieces as small as a real stream's."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def complete(self, request: ModelRequest, on_piece: OnPiece, on_retry: OnRetry) -> ModelReply:
        """The work's next answer."""
        reply = self._work.answer(tools=bool(request.tools))
        parts: list[Part] = [Thinking(reply.thinking)] if reply.thinking else []
        parts.append(Text(reply.text))
        parts += [ToolCall(f"call_{index}", name, _json(given)) for index, (name, given) in enumerate(reply.calls)]
        for part in parts:
            for piece in _pieces(part):
                on_piece(piece)
        await asyncio.sleep(0)
        return ModelReply(Message("assistant", tuple(parts)), USAGE, "tool_calls" if reply.calls else "stop")

    async def close(self) -> None:
        """Nothing to release."""


def _json(arguments: dict[str, Any] | str) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


def _pieces(part: Part) -> Iterator[Piece]:
    if isinstance(part, ToolCall):
        yield ToolCallPiece(0, part.id, part.name)
        yield from (ToolCallPiece(0, arguments=[cut]) for cut in _cut(part.arguments))
    elif isinstance(part, Thinking):
        yield from (ThinkingPiece([cut]) for cut in _cut(part.text))
    elif isinstance(part, Text):
        yield from (TextPiece([cut]) for cut in _cut(part.text))


def _cut(text: str) -> Iterator[str]:
    return (text[start : start + TOKEN] for start in range(0, len(text), TOKEN))


class BusyServer(ScriptedServer):
    """The same answers over HTTP. What it was asked is forgotten: a long session's requests would fill the memory."""

    def __init__(self, work: Work, requests: int) -> None:
        super().__init__([lambda request: work.answer(tools="tools" in request)] * requests)

    async def play(self, turn: Any, request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        await super().play(turn, request, writer)
        request.clear()


async def _serve(steps: int, delay: float) -> None:
    async with BusyServer(Work(steps, delay), 2 * steps) as server:
        print(server.base_url, flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
