"""An episode as it truly happens: the product's session, its tools and shell, and the oracle behind real HTTP.

All of it in one process but for what the shell starts: the tests.
"""

import asyncio
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping
from itertools import repeat
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from kimicode.agent.opening import open_session
from kimicode.agent.options import SessionOptions
from kimicode.config.catalog import NANO
from kimicode.config.schema import Settings
from kimicode.events import Event
from kimicode.llm.scripted import Reply, ScriptedServer
from nano_training.episodes import plan
from nano_training.episodes.bench import WINDOW
from nano_training.episodes.episode import Episode, UnplayableError, elsewhere, with_learnt
from nano_training.episodes.oracle import Answer
from nano_training.episodes.plan import Plan
from nano_training.episodes.prefixes import TOOLSETS
from nano_training.episodes.scene import Scene
from nano_training.episodes.script import Rates
from nano_training.episodes.twin import names_of
from nano_training.project import Bug

MOST_REQUESTS = 100
WHOLE = 1_000_000
"""Characters of an event: an answer comes in one piece."""
_AUTHOR = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgSign=false")


def play(bug: Bug, rng: random.Random, workdir: Path, rates: Rates | None = None) -> Episode:
    """An episode played in a new folder of `workdir`, which is removed again. Journals go where KIMICODE_HOME says.

    Raises UnplayableError where it does not end as it should, and OSError.
    """
    return perform(plan.of_bug(bug, rng, rates), workdir)


def perform(drawn: Plan, workdir: Path) -> Episode:
    """The episode of a plan; its Python is the one of this process. Raises as `play`."""
    folder = workdir.resolve() / f"episode-{os.getpid()}-{drawn.seed:08x}"
    root = folder / "project"
    try:
        drawn.scene.lay_out(root, drawn.files)
        _furnish(root, drawn.scene)
        return asyncio.run(_played(drawn, root))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _played(drawn: Plan, root: Path) -> Episode:
    oracle = drawn.oracle()
    last: list[Answer] = []

    def answer(request: Mapping[str, Any]) -> Reply:
        answered = oracle.answer(request["messages"])
        last[:] = [answered]
        return Reply(answered.text, calls=answered.written, chunk=WHOLE)

    async with ScriptedServer(repeat(answer, MOST_REQUESTS)) as server:
        settings = Settings(
            base_url=server.base_url,
            api_key=SecretStr("none"),
            model=NANO,
            window=WINDOW,
            sandbox="off",
            thinking=False,
        )
        options = SessionOptions(settings, root, toolset=TOOLSETS[drawn.scene.prefix])
        async with open_session(options, _unheard) as session:
            result = await session.run(drawn.scene.prompt)
            submitted = session.agent is not None and session.agent.submitted is not None
    if not submitted:
        raise UnplayableError(f"it ended as {result.status}: {result.reason}")
    request = server.requests[-1]
    messages = [*request["messages"], _as_message(last[0], _calls_in(request))]
    episode = with_learnt(messages, request["tools"], oracle.learnt, drawn.scene.prefix)
    return elsewhere(episode, names_of(drawn.scene, root))


def _as_message(answer: Answer, made: int) -> dict[str, Any]:
    """An answer as the next request would have it."""
    calls = [
        {"id": f"functions.{name}:{number}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for number, (name, arguments) in enumerate(answer.written, made)
    ]
    return {"role": "assistant", "content": answer.text, "tool_calls": calls}


def _calls_in(request: Mapping[str, Any]) -> int:
    return sum(len(message.get("tool_calls") or ()) for message in request["messages"])


def _furnish(root: Path, scene: Scene) -> None:
    """Git's folder and a Python of the project's own, as the scene has them."""
    if "/" in scene.python:
        bin_folder = (root / scene.python).parent
        bin_folder.mkdir(parents=True)
        base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
        (root / scene.python).symlink_to(base)
        (bin_folder.parent / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")
        (root / ".gitignore").write_text("venv/\n.venv/\n", "utf-8")
    for number, subject in enumerate(reversed(scene.commits)):
        if number == 0:
            _git(root, "init", "--quiet", "--initial-branch", scene.branch)
            _git(root, "add", "--all")
        _git(root, *_AUTHOR, "commit", "--quiet", "--allow-empty", "--message", subject)


def _git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


def _unheard(event: Event) -> None:
    """Nobody looks on."""
