"""Where an episode plays: the folder and its files, git, the Python at hand, and what the user says."""

import ast
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nano_training.episodes import wording

USERS = ("ann", "ben", "chris", "dana", "eva", "kim", "lee", "maria", "sam", "dev", "user", "tom")
PLACES = (
    "/home/{user}",
    "/home/{user}/code",
    "/home/{user}/projects",
    "/home/{user}/src",
    "/home/{user}/python",
    "/Users/{user}/Desktop",
    "/Users/{user}/dev",
    "/tmp/kimicode-demo-{letters}",
    "/tmp/kimicode-demo-{letters}",
    "/private/var/folders/q1/{letters}/T/kimicode-demo-{letters}",
    "/tmp/{letters}",
    "/tmp/tmp{letters}",
    "/opt",
    "/workspace",
    "/app",
    "/srv",
)
FOLDERS = ("{module}", "{module}", "{module}-kata", "my_{module}", "exercise", "project", "demo", "repo", "homework")
PYTHONS = ("python3", "python3", "python3", "python", "python", ".venv/bin/python", "venv/bin/python")
READMES = (
    "# {module}\n",
    "# {module}\n\nA small exercise.\n",
    "# {module}\n\nRun the tests: `python3 -m unittest`\n",
)
SUBJECTS = (
    "Start",
    "first",
    "Initial commit",
    "Add {module}",
    "Add tests",
    "Write {module}.py",
    "WIP",
    "Clean up",
    "Import",
)
NEIGHBOURS = {
    "LICENSE": "Do with it what you like.\n",
    "notes.txt": "nothing yet\n",
    "version.py": 'VERSION = "0.1"\n',
    "settings.py": "DEBUG = False\n",
    "pyproject.toml": '[project]\nname = "example"\nversion = "0.1"\n',
}
PYTEST = ("pytest.ini", "[pytest]\n")
"""A sign that the tests are for pytest, where it need not be installed."""


@dataclass(frozen=True, slots=True)
class Scene:
    """`root` is the folder as the model sees it; `commits` are subjects, newest first, none where there is no git."""

    root: str
    day: str
    system: str
    python: str
    commits: tuple[str, ...]
    branch: str
    others: Mapping[str, str]
    prompt: str
    prefix: str
    thousandths: int
    """Of a second, that the tests take."""

    @property
    def lacks_pytest(self) -> bool:
        """Whether the project asks for pytest, which its Python does not have."""
        return PYTEST[0] in self.others

    def lay_out(self, folder: Path, files: Mapping[str, str]) -> None:
        """Write the project's files and all that lies beside them into `folder`, a new one."""
        folder.mkdir(parents=True)
        for name, text in {**self.others, **files}.items():
            (folder / name).write_text(text, "utf-8")


def draw(
    rng: random.Random, module: str, function: str, failing: Callable[[], str], *, tested: bool, odd: float
) -> Scene:
    """A place and a prompt. `failing` names a failing test; `odd` is how often pytest is asked for and missing."""
    user, letters = rng.choice(USERS), "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=8))
    place = rng.choice(PLACES).format(user=user, letters=letters)
    folder = rng.choice(FOLDERS).format(module=module)
    python = rng.choice(PYTHONS)
    commits = tuple(rng.choice(SUBJECTS).format(module=module) for _ in range(rng.choice((0, 0, 1, 1, 1, 2, 3))))
    others = _others(rng, module) | (dict([PYTEST]) if tested and rng.random() < odd else {})
    request = wording.usual(rng) if tested else rng.choice(wording.LOOKS)
    test = failing() if "{test}" in request else ""
    names = {"file": f"{module}.py", "test_file": f"test_{module}.py", "command": f"{python} -m unittest"}
    return Scene(
        root=f"{place}/{folder}",
        day=f"{rng.choice((2025, 2026, 2026, 2027))}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        system="Darwin" if place.startswith(("/Users", "/private")) else "Linux",
        python=python,
        commits=commits,
        branch=rng.choice(("main", "main", "master")),
        others=others,
        prompt=request.format(module=module, function=function, test=test, **names),
        prefix="swe" if rng.random() < 0.1 else "default",
        thousandths=rng.choice((0, 0, 0, 1, 1, 2, 3)),
    )


def _others(rng: random.Random, module: str) -> dict[str, str]:
    others = {}
    if rng.random() < 0.5:
        others["README.md"] = rng.choice(READMES).format(module=module)
    if rng.random() < 0.25:
        name = rng.choice(sorted(NEIGHBOURS))
        others[name] = NEIGHBOURS[name]
    return {name: text for name, text in others.items() if name != f"{module}.py"}


def function_at(source: str, line: int) -> str:
    """The function around a line (from 1), with its class before a dot; the first one where none is around it."""
    found = ""
    for node in ast.parse(source).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        for each in inner:
            if isinstance(each, ast.FunctionDef):
                name = f"{node.name}.{each.name}" if isinstance(node, ast.ClassDef) else each.name
                if each.lineno <= line <= (each.end_lineno or 0):
                    return name
                found = found or name
    return found or "the code"
