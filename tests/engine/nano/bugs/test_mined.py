"""Functions and projects of packages: what is taken, what is refused, and how it is written and read."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from nano_training.bugs import choose, mine, mined
from nano_training.bugs.mining import apart, cut, packages
from nano_training.programs.families import is_held_out

ROOT = Path(__file__).parents[4]
MODULE = '''"""Texts."""

import os
import re

VOWELS = "aeiou"


def vowels(text):
    """Count the vowels of text.

    >>> vowels("banana")
    3
    """
    count = 0
    for letter in text.lower():
        if letter in VOWELS:
            count += 1
    return count


def squeezed(text, fill=" "):
    """Return text with runs of white space made one fill."""
    parts = re.split(r"\\s+", text.strip())
    kept = [part for part in parts if part]
    if not kept:
        return ""
    return fill.join(kept)


def home():
    """Where the user is at home."""
    path = os.environ.get("HOME")
    if path is None:
        return "/"
    return path.rstrip("/")


def forever(n):
    while n >= 0:
        n += 1
        n -= 1
        n = abs(n)
    return n
'''
NOTES = """Metadata-Version: 2.1
Name: {name}
Version: 1.2
License: {licence}
"""


@pytest.fixture
def folder(tmp_path):
    """Two packages as pip leaves them: one may be used, the other may not."""
    for name, licence in (("texts", "MIT"), ("closed", "GPLv3")):
        (tmp_path / name / "tests").mkdir(parents=True)
        (tmp_path / name / "plain.py").write_text(MODULE, "utf-8")
        (tmp_path / name / "tests" / "plain.py").write_text(MODULE, "utf-8")
        (tmp_path / f"{name}-1.2.dist-info").mkdir()
        (tmp_path / f"{name}-1.2.dist-info" / "METADATA").write_text(NOTES.format(name=name, licence=licence), "utf-8")
        files = f"{name}/plain.py,,\n{name}/tests/plain.py,,\n{name}-1.2.dist-info/METADATA,,\n"
        (tmp_path / f"{name}-1.2.dist-info" / "RECORD").write_text(files, "utf-8")
    return tmp_path


def found(folder, path):
    """What one file of the package gives."""
    (package,) = packages.installed([folder])
    return [record for record in mine.of_file((package, path, 0)) if record is not None]


def test_only_packages_that_permit_it_and_no_tests(folder):
    (package,) = packages.installed([folder])
    assert (package.name, package.version, package.licence, package.root) == ("texts", "1.2", "MIT", folder)
    assert [path.parent.name for path in package.files] == ["texts"]
    assert [path.parent.name for path in package.tests] == ["tests"]


def test_a_piece_has_a_docstring_of_one_line():
    pieces = dict(cut.pieces(MODULE))
    assert set(pieces) == {"vowels", "squeezed", "home", "forever"}
    assert '"""Count the vowels of text."""' in pieces["vowels"]
    assert ">>>" not in pieces["vowels"]


def test_the_same_idea_under_other_names_is_known():
    one = "def f(a):\n    b = a + 1\n    return b\n"
    other = 'def g(x):\n    """Says more."""\n    y = x + 1\n    return y\n'
    assert cut.idea(one) == cut.idea(one.replace("b", "c"))
    assert cut.idea(one) != cut.idea(one.replace("+", "-"))
    assert cut.idea(one) == cut.idea(other)


def test_a_file_gives_functions_and_projects_whose_tests_notice_mistakes(folder):
    path = folder / "texts" / "plain.py"
    records = found(folder, path)
    projects = {record["name"]: record for record in records if "tests" in record}
    assert set(projects) == {"vowels", "squeezed"}
    assert 'VOWELS = "aeiou"' in projects["vowels"]["source"]
    assert "import re\n" in projects["squeezed"]["source"]
    assert "import os" not in projects["squeezed"]["source"]
    assert {record["name"] for record in records if "tests" not in record} >= {"vowels", "squeezed", "home"}


def test_what_is_written_is_read_on_its_side_of_the_split(folder, tmp_path):
    out = tmp_path / "mined.jsonl.gz"
    records = found(folder, folder / "texts" / "plain.py")
    mined.write(out, [{"package": "texts", "version": "1.2", "licence": "MIT"}, *records])
    side = mined.is_held_out("texts")
    projects = list(mined.read(out, held_out=side))
    assert [project.families for project in projects] == [("texts:vowels",), ("texts:squeezed",)]
    assert len(list(mined.functions(out, held_out=side))) == len(records) - 2
    assert not list(mined.read(out, held_out=not side))
    assert choose.bug(projects[0], random.Random(0)) is not None


def test_what_resembles_a_held_out_family_or_the_course_is_refused(tmp_path):
    code = MODULE[MODULE.index("def squeezed") : MODULE.index("def home")]
    name = next(name for name in (f"squeezed_{letter}" for letter in "abcdefghijklmnopqrstuvwxyz") if is_held_out(name))
    family = f"## {name}\nimport re\n\n\n{code.replace('squeezed', name)}"
    family += "".join(f"-- {title}: {name}('{title}  b')\n" for title in ("one", "two", "three"))
    (tmp_path / "texts.txt").write_text(family, "utf-8")
    (tmp_path / "course" / "vowels").mkdir(parents=True)
    vowels = MODULE[MODULE.index("def vowels") : MODULE.index("def squeezed")]
    (tmp_path / "course" / "vowels" / "fixed.py").write_text(vowels, "utf-8")
    codes = apart.judged(tmp_path, tmp_path / "course")
    assert len(codes) == 2
    assert not apart.is_apart(code.replace("parts", "found").replace("text", "given"), codes)
    assert not apart.is_apart(vowels.replace("(text)", "(text: str) -> int"), codes)
    assert apart.is_apart(MODULE[MODULE.index("def home") :], codes)


def test_what_was_found_before_stays_and_comes_once(folder, tmp_path):
    sources = list(packages.installed([folder]))
    first, second = tmp_path / "first.jsonl.gz", tmp_path / "second.jsonl.gz"
    mine.collect(first, sources, (), 0)
    records = list(mined.records(first))
    older = {"package": "old", "name": "f", "source": "def f(a):\n    return a\n"}
    mined.write(first, [older, *records])
    mine.collect(second, sources, (), 0, first)
    assert list(mined.records(second)) == [older, *records]


def test_about_one_package_in_ten_is_held_out():
    assert 60 <= sum(mined.is_held_out(f"package-{number}") for number in range(1000)) <= 140


def test_the_command_drops_what_does_not_hold_here(tmp_path):
    out = tmp_path / "mined.jsonl.gz"
    good = {"package": "a", "name": "f", "module": "m", "source": "def f():\n    return 1\n"}
    test = (
        "import unittest\nimport m\n\n\nclass T(unittest.TestCase):\n def test(self):\n  self.assertEqual(m.f(), {})\n"
    )
    mined.write(out, [{**good, "tests": test.format(1)}, {**good, "name": "g", "tests": test.format(2)}])
    command = [sys.executable, "-m", "nano_training.bugs.mine", "--recheck", str(out)]
    path = os.pathsep.join([str(ROOT / "engine" / "nano"), str(ROOT / "engine")])
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("0 functions, 1 projects")
    assert [record["name"] for record in mined.records(out)] == ["f"]
