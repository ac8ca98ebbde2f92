"""Where episodes come from, each kind without an end. A source is plain data, so that a worker process can have it."""

import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from kimicode.errors import KimicodeError
from nano_training.bugs import choose, mined, mutate
from nano_training.bugs.mining.harm import UNENDING
from nano_training.data import packed
from nano_training.data.encode import Encoded, Encoder
from nano_training.episodes import twin
from nano_training.episodes.episode import Episode
from nano_training.programs import families, make
from nano_training.programs.outcome import BUILT_IN
from nano_training.project import Bug, Project

UNLUCKY = (KimicodeError, *BUILT_IN)
"""What one program of many thousands, run in this process, may come to."""
IN_A_ROW = 50

T = TypeVar("T")


@dataclass(slots=True)
class Luck:
    """Passes over what cannot be made, with a line on stderr: a training does not end for one odd program."""

    failed: int = 0

    def of(self, make: Callable[[], T | None]) -> T | None:
        """What it makes, or None. The IN_A_ROW-th failure without a success between is raised."""
        try:
            made = make()
        except UNLUCKY as error:
            self.failed += 1
            if self.failed >= IN_A_ROW:
                raise
            sys.stderr.write(f"passed over: {type(error).__name__}: {str(error)[:200]}\n")
            return None
        self.failed = 0
        return made


@dataclass(frozen=True, slots=True)
class Twin:
    """Bugs in projects of families, and of mined ones where there is a file, solved as the agent would."""

    families: Path
    held_out: bool = False
    mined: Path | None = None
    mined_share: float = 0.3
    bugs_of_a_project: int = 4
    """A project costs more to make than a bug in it."""
    lines: int = make.LINES
    """Of a project's module and of its tests, at most: every episode has one bug, and a short one in fewer tokens."""

    def episodes(self, encoder: Encoder, rng: random.Random) -> Iterator[Encoded]:
        """See `workers.Source`."""
        return map(encoder.encode, self.played(rng))

    def played(self, rng: random.Random) -> Iterator[Episode]:
        """The same before they are encoded."""
        luck = Luck()
        for bug in self.bugs(rng):
            played = luck.of(partial(twin.play, bug, rng))
            if played is not None:
                yield played

    def bugs(self, rng: random.Random) -> Iterator[Bug]:
        """What is played."""
        luck = Luck()
        for project in self.projects(rng):
            for _ in range(self.bugs_of_a_project):
                bug = luck.of(partial(choose.bug, project, rng))
                if bug is not None:
                    yield bug

    def projects(self, rng: random.Random) -> Iterator[Project]:
        """Right projects, of families alone that are on this side of the split."""
        every = families.load(self.families)
        known = [family for family in every if families.is_held_out(family.name) == self.held_out]
        every_mined = () if self.mined is None else mined.read(self.mined, self.held_out)
        found = [project for project in every_mined if not unending(project) and self.fits(project)]
        luck = Luck()
        while True:
            mine = bool(found) and rng.random() < self.mined_share
            project = rng.choice(found) if mine else luck.of(partial(make.project, known, rng, self.lines))
            if project is not None and not unending(project):
                yield project

    def fits(self, project: Project) -> bool:
        """Whether it is short enough."""
        return max(project.source.count("\n"), project.tests.count("\n")) <= self.lines


def unending(project: Project) -> bool:
    """Whether it draws on an iterator without an end: a bug can make C code read it for ever, which no signal ends."""
    return any(UNENDING.search(text) for text in (project.source, project.tests))


@dataclass(frozen=True, slots=True)
class Look:
    """Mistakes in mined functions without tests, found by looking."""

    functions: Path
    longest: int = 500
    """Characters: every episode has one mistake, and a short one has it in fewer tokens."""

    def episodes(self, encoder: Encoder, rng: random.Random) -> Iterator[Encoded]:
        """See `workers.Source`. Raises ValueError where no function is short enough."""
        known = [source for source in mined.functions(self.functions) if len(source) <= self.longest]
        if not known:
            raise ValueError(f"{self.functions} has no function of at most {self.longest} characters")
        luck = Luck()
        while True:
            played = luck.of(partial(looked, rng.choice(known), rng))
            if played is not None:
                yield encoder.encode(played)


def looked(source: str, rng: random.Random) -> Episode | None:
    """An episode with one mistake put into a source, if there is any that fits."""
    edit = next(mutate.edits(source, rng), None)
    return None if edit is None else twin.look(source, edit, rng)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Episodes of the real agent, from a file that was packed."""

    path: Path

    def episodes(self, encoder: Encoder, rng: random.Random) -> Iterator[Encoded]:
        """See `workers.Source`. Each comes once before one comes again."""
        known = packed.read(self.path)
        while True:
            yield from rng.sample(known, len(known))
