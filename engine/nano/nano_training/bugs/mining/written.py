"""A function and its calls as a project, kept only where its tests notice mistakes."""

import random
import sys
from pathlib import Path

from nano_training.bugs import choose, mutate
from nano_training.bugs.mining.calls import calls
from nano_training.bugs.mining.closure import Program
from nano_training.bugs.mining.harvest import Harvest
from nano_training.programs import style, trial, unittests
from nano_training.programs.outcome import BUILT_IN, UnfitError, namespace
from nano_training.project import Project

SAMPLE, NOTICED = 6, 3
"""Mistakes that are tried, and how many of them the tests must notice."""
LINES = 60


def project(program: Program, path: Path, harvest: Harvest, rng: random.Random) -> Project | None:
    """The project, or None where nothing comes of it."""
    texts = calls(program, harvest, rng)
    if not texts:
        return None
    module = module_name(path, program)
    cases = [unittests.Case(f"{name}", (text,)) for name, text in zip(titles(texts), texts, strict=True)]
    try:
        names = namespace(program.source)
        tests = unittests.module(module, {program.name.strip("_"): cases}, names, unittests.manner(rng), rng)
        tests = style.quoted(tests, "'" if program.source.count("'") > program.source.count('"') else '"')
    except (*BUILT_IN, UnfitError):
        return None
    made = Project((program.name,), module, program.source, tests)
    return made if tests.count("\n") <= LINES and passes(made) and notices(made, rng) else None


def module_name(path: Path, program: Program) -> str:
    """The module's own name, where it says something and hides nothing."""
    plain = path.stem.strip("_").lower()
    used = {"test", "init", "main", program.name, *sys.stdlib_module_names}
    return (
        plain
        if plain.isidentifier() and plain not in used and len(plain) > 2
        else f"{program.name.strip('_').lower()}_code"
    )


def titles(texts: tuple[str, ...]) -> list[str]:
    """Names of tests: what is special about a call, or its number."""
    found: list[str] = []
    for text in texts:
        title = "empty" if any(empty in text for empty in ('("")', "([])", "({})")) else "zero" if "(0)" in text else ""
        title = title or f"case_{len(found) + 1}"
        found.append(title if title not in found else f"{title}_{len(found) + 1}")
    return found


def passes(made: Project) -> bool:
    """Whether the tests pass, as they stand."""
    return trial.run(trial.FOLDER, {made.path: made.source, made.test_path: made.tests}).passed


def notices(made: Project, rng: random.Random) -> bool:
    """Whether the tests fail for most of a few mistakes."""
    drawn = mutate.likely(made.source, rng)
    edits = [edit for _, edit in zip(range(SAMPLE), drawn, strict=False)]
    return sum(choose.fails(made, edit.apply(made.source)) for edit in edits) >= NOTICED
