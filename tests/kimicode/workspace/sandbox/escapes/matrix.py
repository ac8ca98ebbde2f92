"""Attempts, people and layers against each other: what each outcome means, and the record of them all.

`python -m tests.kimicode.workspace.sandbox.escapes.matrix` makes every attempt and writes kimicode/docs/security/.
"""

import json
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from kimicode.workspace.sandbox import landlock
from kimicode.workspace.sandbox.layers import bubblewrap_program
from tests.kimicode.workspace.sandbox.escapes import stage
from tests.kimicode.workspace.sandbox.escapes.attempt import Attempt
from tests.kimicode.workspace.sandbox.escapes.run import ATTEMPTS, FAMILIES, PROXIED, WAYS

LAYERS = WAYS[1:]
FOLDER = stage.ROOT / "kimicode" / "docs" / "security"
BY_NAME = {attempt.name: attempt for attempt in ATTEMPTS}


def without_proof(outcomes: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Attempts that fail even without a sandbox, and therefore prove nothing."""
    for outcome in outcomes:
        attempt = BY_NAME[outcome["name"]]
        if attempt.trace not in _kinds(outcome) and not attempt.optional:
            yield f"{attempt.name} leaves no trace of its kind without a sandbox: {outcome['traces']}"


def escapes(outcomes: Iterable[Mapping[str, Any]], way: str, gaps: Sequence[str]) -> Iterator[str]:
    """Attempts that get out through no gap that the layer itself names."""
    for outcome in outcomes:
        attempt = BY_NAME.get(outcome["name"])
        if outcome["traces"] and not (attempt and _kinds(outcome) == {attempt.trace} and gap(attempt, way, gaps)):
            yield f"{outcome['name']}: {', '.join(outcome['traces'])}"


def gap(attempt: Attempt, way: str, gaps: Sequence[str]) -> str:
    """The layer's own words for the gap through which the attempt is known to get; "" where there is none."""
    known = attempt.gaps.get("bubblewrap" if way == PROXIED else way)
    return next((words for words in gaps if known and known in words), "")


def _kinds(outcome: Mapping[str, Any]) -> set[str]:
    return {trace.partition(":")[0] for trace in outcome["traces"]}


# --- the record -----------------------------------------------------------------------------------------------


def record(results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Of `results` by person: where and when, the layers' gaps, and what came of each attempt."""
    program = bubblewrap_program()
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout if program else "none"
    first = next(iter(results.values()))
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"Linux {platform.release().split('-')[0]}, {platform.machine()}",
        "layers": {"bubblewrap": version.strip(), "landlock": f"Landlock ABI {landlock.abi()}"},
        "gaps": {way: list(first[way]["gaps"]) for way in LAYERS},
        "attempts": [_row(attempt, family, results) for family, each in FAMILIES.items() for attempt in each],
    }


def _row(attempt: Attempt, family: str, results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    outcomes = {
        f"{who} {way}": sorted(_kinds(outcome))
        for who, result in results.items()
        for way in WAYS
        for outcome in result[way]["outcomes"]
        if outcome["name"] == attempt.name
    }
    return {"name": attempt.name, "family": family, "goes for": attempt.trace, "outcomes": outcomes}


def table(made: Mapping[str, Any]) -> str:
    """The record as a page."""
    rows = made["attempts"]
    runs = sum(len(row["outcomes"]) for row in rows)
    lines = [
        "# The escape matrix",
        "",
        f"{len(rows)} attempts to get out of the sandbox, {runs} runs in all: as root and as an ordinary user, without",
        "a sandbox (where each has to succeed), in bubblewrap, and in Landlock alone. What came of them was looked up",
        "on the machine: files, connections, processes, settings. Never was a program's word taken for it. What",
        "reaches out was tried with one host allowed as well, whose name leads inside: with the same result.",
        "",
        f"Made on {made['date']}, {made['machine']}, {', '.join(made['layers'].values())}, by",
        "`python -m tests.kimicode.workspace.sandbox.escapes.matrix`; the tests hold every change to it.",
        "",
    ]
    for way in LAYERS:
        lines += [f"Gaps of {way}, as `kimicode doctor` names them:", ""]
        lines += [f"{number}. {words}" for number, words in enumerate(made["gaps"][way], 1)] + [""]
    for family in FAMILIES:
        lines += [
            f"## {family.capitalize()}",
            "",
            "| Attempt | Goes for | Without | bubblewrap | Landlock alone |",
            "|---|---|---|---|---|",
        ]
        lines += [_line(row, made["gaps"]) for row in rows if row["family"] == family] + [""]
    return "\n".join(lines)


def _line(row: Mapping[str, Any], gaps: Mapping[str, Sequence[str]]) -> str:
    attempt = BY_NAME[row["name"]]
    people = sorted({key.split()[0] for key in row["outcomes"]})
    bare = [who for who in people if attempt.trace in row["outcomes"][f"{who} bare"]]
    proof = "gets out" if bare == people else f"as {bare[0]}" if bare else "not on this machine"
    cells = []
    for way in LAYERS:
        out = [who for who in people if row["outcomes"][f"{who} {way}"]]
        number = [*gaps[way], ""].index(gap(attempt, way, gaps[way])) + 1
        through = f"gap {number}" if number <= len(gaps[way]) else "**gets out**"
        cells.append("held" if not out else through if out == people else f"{through}, as {out[0]}")
    only = " (root)" if people == ["root"] else ""
    return f"| {row['name']}{only} | {row['goes for']} | {proof} | {' | '.join(cells)} |"


def main() -> None:
    with ThreadPoolExecutor() as pool:
        people = stage.people()
        results = dict(zip(people, pool.map(lambda who: stage.run(who, (*WAYS, PROXIED)), people), strict=True))
    made = record(results)
    FOLDER.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(row) for row in made.pop("attempts"))
    text = json.dumps(made, indent=1).removesuffix("\n}") + ',\n "attempts": [\n' + lines + "\n]}\n"
    (FOLDER / "matrix.json").write_text(text)
    (FOLDER / "matrix.md").write_text(table(json.loads(text)))
    found = [
        line
        for result in results.values()
        for line in (
            *without_proof(result["bare"]["outcomes"]),
            *(
                each
                for way in (*LAYERS, PROXIED)
                for each in escapes(result[way]["outcomes"], way, result[way]["gaps"])
            ),
        )
    ]
    print(*found, sep="\n")  # noqa: T201
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
