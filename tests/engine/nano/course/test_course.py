"""The hand-written bugs: each is a real one, small, and repaired by its own right answer; the set stays as it was."""

import ast
import difflib
import hashlib
import re
import sys
import tomllib
from pathlib import Path

import pytest

from nano_training.programs import trial

COURSE = Path(__file__).parents[4] / "engine" / "nano" / "course"
NAMES = sorted(about.parent.name for about in COURSE.glob("*/bug.toml"))
DIGEST = "eb45c3db9a0aef028324383f0218836ed2447f26c9a77c35a7e6d504771508eb"
"""Of all files. An examination that is changed once its results are known is none: this line never changes again."""


def files(name: str) -> list[Path]:
    """What belongs to a bug; Python leaves compiled files beside it."""
    return sorted(path for path in (COURSE / name).iterdir() if path.is_file())


def module(name: str) -> str:
    tests = [path for path in files(name) if path.name.startswith("test_")]
    assert len(tests) == 1
    return tests[0].stem.removeprefix("test_")


def text(name: str, file: str) -> str:
    return (COURSE / name / file).read_text("utf-8")


def judged(name: str, source: str) -> tuple[int, int, str]:
    """(how many tests ran, how many did not pass, what was printed) with this source."""
    files = {f"{module(name)}.py": source, f"test_{module(name)}.py": text(name, f"test_{module(name)}.py")}
    found = trial.run(trial.FOLDER, files, seconds=5.0)
    ran = re.search(r"^Ran (\d+) tests? in", found.output, re.MULTILINE)
    assert ran, found.output
    return int(ran[1]), len(found.failed), found.output


def test_there_are_enough_of_them():
    assert len(NAMES) == 60


def test_the_set_is_the_one_written_before_training():
    digest = hashlib.sha256()
    for name in NAMES:
        for path in files(name):
            digest.update(f"{name}/{path.name}\0".encode() + path.read_bytes() + b"\0")
    assert digest.hexdigest() == DIGEST


@pytest.mark.parametrize("name", NAMES)
def test_some_tests_fail_until_the_right_module_stands_there(name):
    ran, wrong, output = judged(name, text(name, f"{module(name)}.py"))
    assert 3 <= ran <= 8
    assert 1 <= wrong < ran, f"some tests tell what works, others what does not\n{output}"
    ran_fixed, wrong_fixed, output = judged(name, text(name, "fixed.py"))
    assert (ran_fixed, wrong_fixed) == (ran, 0), output


@pytest.mark.parametrize("name", NAMES)
def test_the_mistake_is_small_and_not_given_away(name):
    broken, fixed = text(name, f"{module(name)}.py"), text(name, "fixed.py")
    changes = [line for line in difflib.ndiff(broken.splitlines(), fixed.splitlines()) if line[0] in "+-"]
    assert 1 <= len(changes) <= 4
    assert 8 <= len(fixed.splitlines()) <= 40
    assert ast.dump(ast.parse(broken)) != ast.dump(ast.parse(fixed))
    assert not any("#" in line for line in changes), "a comment on the changed line would point at it"


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_holds_what_the_judge_reads(name):
    expected = {"bug.toml", "fixed.py", f"{module(name)}.py", f"test_{module(name)}.py"}
    assert {path.name for path in files(name)} == expected
    assert module(name) not in sys.stdlib_module_names, "it would hide a module of Python's own"
    about = tomllib.loads(text(name, "bug.toml"))
    assert set(about) == {"title", "prompt", "kind"}
    assert all(isinstance(value, str) and value.strip() == value != "" for value in about.values())
    assert about["title"] not in about["prompt"]


def test_no_two_are_the_same():
    for file in ("fixed.py", "bug.toml"):
        assert len({text(name, file) for name in NAMES}) == len(NAMES)
    assert len({module(name) for name in NAMES}) == len(NAMES)
