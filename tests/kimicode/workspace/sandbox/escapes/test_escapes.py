"""Attempts to get out of the sandbox, as root and as an ordinary user, in each layer and, to be proven, without one.

By default every eighth is made. All of them: `pytest -m slow tests/kimicode/workspace/sandbox/escapes`.
"""

import functools
import json
import os
from pathlib import Path

import pytest

from tests.fakes.confined import walls
from tests.kimicode.workspace.sandbox.escapes import matrix, stage
from tests.kimicode.workspace.sandbox.escapes.kernel import SETTINGS
from tests.kimicode.workspace.sandbox.escapes.matrix import LAYERS, escapes, gap, without_proof
from tests.kimicode.workspace.sandbox.escapes.run import ATTEMPTS, FAMILIES, PROXIED

SOME = tuple(attempt.name for attempt in ATTEMPTS[::8])
FEWEST = 80

people = pytest.mark.parametrize("who", stage.people())


@functools.cache
def run(who, way, names=()):
    if way != "bare":
        walls("bubblewrap" if way == PROXIED else way)
    try:
        return stage.run(who, [way], names)[way]
    except stage.NotHere as reason:
        pytest.skip(str(reason))


def held(who, way, names=()):
    result = run(who, way, names)
    return list(escapes(result["outcomes"], way, result["gaps"]))


@people
def test_some_attempts_get_out_where_there_is_no_sandbox(who):
    assert list(without_proof(run(who, "bare", SOME)["outcomes"])) == []


@people
@pytest.mark.parametrize("way", LAYERS)
def test_none_of_those_gets_out_of_a_sandbox(who, way):
    assert held(who, way, SOME) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@people
def test_every_attempt_gets_out_where_there_is_no_sandbox(who):
    assert list(without_proof(run(who, "bare")["outcomes"])) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@people
@pytest.mark.parametrize("way", LAYERS)
def test_no_attempt_gets_out_of_a_sandbox_but_through_a_gap_that_is_named(who, way):
    assert held(who, way) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@people
def test_with_one_host_allowed_nothing_else_is_reached_and_not_even_that_where_its_name_leads_inside(who):
    assert held(who, PROXIED) == []


# --- the matrix itself ----------------------------------------------------------------------------------------


def test_attempts_are_many_and_each_has_a_name_of_its_own():
    names = [attempt.name for attempt in ATTEMPTS]
    assert len(names) == len(set(names)) >= FEWEST
    assert sum(len(family) for family in FAMILIES.values()) == len(names)


@pytest.mark.parametrize("way", LAYERS)
def test_a_gap_that_attempts_go_through_is_one_that_the_layer_names(way):
    gaps = walls(way).gaps
    unknown = {each.gaps[way] for each in ATTEMPTS if way in each.gaps and not gap(each, way, gaps)}
    of_root = {each.gaps[way] for each in ATTEMPTS if way in each.gaps and each.root}
    assert unknown <= (set() if os.geteuid() == 0 else of_root)


def test_an_attempt_that_gets_out_through_no_gap_comes_to_light():
    outcomes = [{"name": "write", "traces": ["outside: other/file"]}, {"name": "append", "traces": []}]
    assert list(escapes(outcomes, "bubblewrap", ["a gap"])) == ["write: outside: other/file"]
    assert list(without_proof(outcomes)) == ["append leaves no trace of its kind without a sandbox: []"]


def test_what_gets_through_a_gap_and_does_another_harm_besides_comes_to_light():
    (attempt,) = (each for each in ATTEMPTS if each.name == "dotenv")
    gaps = [attempt.gaps["landlock"]]
    assert list(escapes([{"name": "dotenv", "traces": ["secret: dotenv"]}], "landlock", gaps)) == []
    both = [{"name": "dotenv", "traces": ["secret: dotenv", "victim: ended"]}]
    assert list(escapes(both, "landlock", gaps)) != []


def test_the_record_that_is_shipped_knows_all_attempts_and_no_escape():
    made = json.loads((matrix.FOLDER / "matrix.json").read_text())
    assert [row["name"] for row in made["attempts"]] == [attempt.name for attempt in ATTEMPTS]
    assert (matrix.FOLDER / "matrix.md").read_text() == matrix.table(made)
    assert "**gets out**" not in matrix.table(made)


def test_the_machine_is_left_as_it_was():
    if os.geteuid() != 0:
        pytest.skip("only root could change it")
    settings = [Path(name) for name in (*SETTINGS, "/proc/sys/kernel/hostname") if Path(name).exists()]
    before = [setting.read_bytes() for setting in settings]
    run("root", "bare", ("core-pattern", "kernel-setting", "hostname-by-proc", "device-mode", "sysfs"))
    assert [setting.read_bytes() for setting in settings] == before
