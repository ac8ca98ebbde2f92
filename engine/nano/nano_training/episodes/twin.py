"""An episode without processes and without HTTP: the same text as `real` brings, in milliseconds."""

import asyncio
import datetime
import platform
import random
import re
import tempfile
from dataclasses import replace
from pathlib import Path

from kimicode.agent.prompt import Surroundings, system_prompt
from kimicode.agent.surroundings import look_around
from nano_training.episodes import plan
from nano_training.episodes.bench import Bench
from nano_training.episodes.episode import Episode, UnplayableError, elsewhere, with_learnt
from nano_training.episodes.plan import Plan
from nano_training.episodes.prefixes import declared
from nano_training.episodes.scene import Scene
from nano_training.episodes.script import Rates
from nano_training.project import Bug, Edit

_FIRST_WORD = re.compile(r"^\S+")
MODULES = ("main", "core", "tools", "functions", "code", "lib", "module", "app")
CALM = Rates(tries=(1,), give_up=0)
"""Nothing wrong is tried."""
_DEFINED = re.compile(r"^(?:class|(?:async )?def) (\w+)", re.MULTILINE)


def play(bug: Bug, rng: random.Random, rates: Rates | None = None) -> Episode:
    """An episode in which the oracle mends the bug, or honestly gives up. Only in a process's main thread."""
    try:
        return perform(plan.of_bug(bug, rng, rates))
    except UnplayableError:  # a wrong try does not end
        return perform(plan.of_bug(bug, rng, CALM))


def look(source: str, edit: Edit, rng: random.Random) -> Episode:
    """An episode with a file that `edit` breaks, and no tests: view, strreplace, submit. Raises ValueError."""
    return perform(plan.of_source(_module_of(source, rng), source, edit, rng))


def perform(drawn: Plan) -> Episode:
    """The episode of a plan, as the model sees it in the scene's folder. Raises UnplayableError."""
    scene = drawn.scene
    with tempfile.TemporaryDirectory(prefix="twin-", dir=_memory()) as scratch:
        root = Path(scratch).resolve() / "project"
        scene.lay_out(root, drawn.files)
        where = _surroundings(root, scene)
        oracle = drawn.oracle()
        bench = Bench(root, system_prompt(where), where.test_command, oracle.answer, drawn.script.endless)
        messages = asyncio.run(bench.work(scene.prompt))
    episode = with_learnt(messages, declared(scene.prefix), oracle.learnt, scene.prefix)
    quick = {"s in 0.000s\n": f"s in 0.00{scene.thousandths}s\n"}
    return elsewhere(episode, names_of(scene, root) | quick)


def names_of(scene: Scene, root: Path) -> dict[str, str]:
    """What stands in an episode played in `root` today, and what is to be told instead."""
    today = f"System: {platform.system()}, {datetime.date.today().isoformat()}"
    return {str(root): scene.root, today: f"System: {scene.system}, {scene.day}"}


def _module_of(source: str, rng: random.Random) -> str:
    """A name for a file: that of what it defines, or any. Never one that tests have."""
    defined = _DEFINED.search(source)
    own = defined[1].strip("_").lower() if defined else ""
    return rng.choice((own, own, *MODULES)) if own and not own.startswith("test") else rng.choice(MODULES)


def _surroundings(root: Path, scene: Scene) -> Surroundings:
    """The product's own look around, with the scene's git and Python."""
    where = look_around(root, None, ())
    git = where.git
    if scene.commits:
        told = "; ".join(f'{_commit(scene, number)} "{subject}"' for number, subject in enumerate(scene.commits))
        git = f"branch {scene.branch}, no uncommitted changes\nLast commits: {told}"
    return replace(where, git=git, test_command=_FIRST_WORD.sub(scene.python, where.test_command))


def _commit(scene: Scene, number: int) -> str:
    """An id like those of git, the same for the same scene."""
    return f"{random.Random(f'{scene.root} {scene.day} {number}').getrandbits(36):09x}"


def _memory() -> str | None:
    """A folder that needs no disk, where the machine has one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
