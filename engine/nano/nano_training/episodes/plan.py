"""All that is drawn before an episode is played, so that it can be played twice: the scene, the script, the words."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nano_training.bugs import mutate
from nano_training.bugs.choose import wrong_fixes
from nano_training.bugs.why import change, sentence
from nano_training.episodes.oracle import Oracle
from nano_training.episodes.replacing import replacement
from nano_training.episodes.scene import Scene, draw, function_at
from nano_training.episodes.script import SUSPECT, Rates, Script, Try, count, script
from nano_training.programs import trial
from nano_training.project import Bug, Edit, Project

MOST_TRIED = 40
"""Edits that are run in search of one that never ends."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`files` are the project's by name, the module at `path` with its bug. `seed` decides on the oracle's words."""

    path: str
    files: Mapping[str, str]
    scene: Scene
    script: Script
    seed: int

    def oracle(self) -> Oracle:
        """A new one, that will say the same as any other of this plan."""
        return Oracle(self.path, self.files[self.path], self.script, random.Random(self.seed))


def of_bug(bug: Bug, rng: random.Random, rates: Rates | None = None) -> Plan:
    """An episode with the project's tests."""
    rates = rates or Rates()
    stuck = endless(bug.project, rng) if rng.random() < rates.stuck else None
    bug = stuck or bug
    project, broken = bug.project, bug.broken
    files = {project.path: broken, project.test_path: project.tests}

    def failing() -> str:
        failed = sorted(trial.run(trial.FOLDER, files).failed)
        return failed[0].rpartition(".")[2] if failed else "a test"

    function = function_at(broken, bug.fix.line)
    scene = draw(rng, project.module, function, failing, tested=True, odd=rates.odd)
    number, gives_up = (0, False) if stuck else count(rates, rng)  # each further try would take half a second
    edits = wrong_fixes(bug, rng, number) if number else ()
    # Two edits may come to the same text.
    wrong = {edit.apply(broken): attempt(broken, edit, sentence(edit.undone, rng)) for edit in edits}
    right = attempt(broken, bug.fix, bug.why)
    planned = script(rates, rng, [*wrong.values()], right, gives_up=gives_up)
    return Plan(project.path, files, scene, planned, rng.getrandbits(32))


def of_source(module: str, source: str, edit: Edit, rng: random.Random, rates: Rates | None = None) -> Plan:
    """An episode with a file that `edit` breaks, and no tests: it is read and mended. Raises ValueError."""
    rates = rates or Rates(give_up=0)
    broken = edit.apply(source)
    function = function_at(broken, edit.line)
    scene = draw(rng, module, function, lambda: "", tested=False, odd=0)
    planned = script(rates, rng, (), attempt(broken, edit.undone, sentence(edit, rng)), gives_up=False)
    return Plan(f"{module}.py", {f"{module}.py": broken}, scene, planned, rng.getrandbits(32))


def attempt(broken: str, edit: Edit, why: str) -> Try:
    """An edit of the broken source, with where and what is wrong to the mind of who makes it."""
    target = edit.apply(broken)
    quoted = replacement(broken, target).old.strip()
    line = quoted.partition("\n")[0].rstrip()
    return Try(target, f"{SUSPECT}{line}`. {change(edit.undone)}", why)


def endless(project: Project, rng: random.Random) -> Bug | None:
    """A bug in a loop, by which the tests do not end, or None where none was found."""
    if "while " not in project.source:
        return None
    lines = project.source.split("\n")
    for edit, _ in zip(_in_loops(lines, mutate.edits(project.source, rng)), range(MOST_TRIED), strict=False):
        files = {project.path: edit.apply(project.source), project.test_path: project.tests}
        if trial.run(trial.FOLDER, files).output == trial.TIMED_OUT:
            return Bug(project, edit, sentence(edit, rng))
    return None


def _in_loops(lines: Sequence[str], edits: Iterator[Edit]) -> Iterator[Edit]:
    """Those on the line of a `while`, or on one of the next few."""
    for edit in edits:
        if any("while " in line for line in lines[max(edit.line - 5, 0) : edit.line]):
            yield edit
