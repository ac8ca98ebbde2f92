"""What a training reads, from a TOML file: sources, files to measure by, and the mixture by share of the run.

`plan.toml` beside this file is kimi-nano's. Paths in it are relative to it; a source has its class in `data.sources`
as its `kind`, and that class's fields."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nano_training.data.sources import Look, Recorded, Twin
from nano_training.data.workers import Source
from nano_training.learning.schedule import Phase

KINDS: dict[str, type[Twin] | type[Look] | type[Recorded]] = {"twin": Twin, "look": Look, "recorded": Recorded}
PATHS = {"families", "mined", "functions", "path"}


@dataclass(frozen=True, slots=True)
class Plan:
    """See the module. Paths are whole."""

    tokenizer: Path
    prefixes: Path
    held_out: Path | None
    sources: dict[str, Source]
    phases: tuple[Phase, ...]


def read_plan(path: Path) -> Plan:
    """Read it. Raises OSError, and ValueError for a plan that says too little or something unknown."""
    raw = tomllib.loads(path.read_text("utf-8"))
    here = path.resolve().parent
    try:
        sources = {name: _source(here, fields) for name, fields in raw["sources"].items()}
        phases = tuple(Phase(float(one["until"]), one["mixture"]) for one in raw["phases"])
        held_out = here / raw["held_out"] if "held_out" in raw else None
        plan = Plan(here / raw["tokenizer"], here / raw["prefixes"], held_out, sources, phases)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: {error!r}") from None
    for phase in plan.phases:
        if unknown := phase.mixture.keys() - sources.keys():
            raise ValueError(f"{path}: no source is called {', '.join(sorted(unknown))}")
    if not plan.phases:
        raise ValueError(f"{path}: there are no phases")
    return plan


def _source(here: Path, fields: dict[str, Any]) -> Source:
    """A source by its kind and fields; a wrong name is a TypeError of its class."""
    given = {name: here / value if name in PATHS else value for name, value in fields.items() if name != "kind"}
    return KINDS[fields["kind"]](**given)
