"""Tests run in this process: the same words as the command's, byte for byte, and nothing left behind."""

import linecache
import random
import subprocess
import sys
import textwrap

import pytest

from nano_training.programs import families, make, trial
from nano_training.programs.trial import TIME, TIMED_OUT

PATIENT = 5.0
"""Seconds: what the words are does not depend on how busy the machine is."""
TESTS = '''\
import unittest

from shop import total


class TestTotal(unittest.TestCase):
    def test_list(self):
        self.assertEqual(total([1, 2]), [1, 3])

    def test_error(self):
        """Says what it wants."""
        with self.assertRaises(ValueError):
            total(3)

    def test_table(self):
        self.assertEqual(total({"a": 1, "b": [1] * 30}), {"a": 1, "b": [2] * 30})

    def test_text(self):
        self.assertEqual(total("ab\\ncd\\n"), "ab\\ncx\\n")
'''
TRYING = "def total(values):\n    try:\n        return values + None\n"
MODULES = {
    "right only once": "def total(values):\n    return [1, 3]\n",
    "expression over lines": "def total(values):\n    return [values,\n        values + 2]\n",
    "text": "def total(values):\n    return values\n",
    "syntax": "def total(values):\n    return [values,\n  1\n\ndef other(): pass\n",
    "indentation": "def total(values):\nreturn 3\n",
    "no such module": "import nothing_here\n",
    "no such name": "def totals(values):\n    return values\n",
    "raises at import": "def total(values):\n    return 3\n\ntotal([]) + []\n",
    "endless recursion": "def total(values):\n    return total(values)\n",
    "chained": TRYING + "    except TypeError as error:\n        raise KeyError(1) from error\n",
    "while handling": TRYING + "    except TypeError:\n        return {}[1]\n",
    "prints": "print('loud')\n\ndef total(values):\n    return print(values)\n",
    "exits": "import sys\n\ndef total(values):\n    sys.exit(2)\n",
}


def command(folder, files, *arguments):
    """What the real command prints, with our time, and whether it passed."""
    for name, text in files.items():
        (folder / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-B", "-m", "unittest", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    return TIME.sub(r"\g<1>0.000s", done.stderr), done.returncode == 0


def both(folder, files, *arguments):
    found = trial.run(str(folder), files, *arguments, seconds=PATIENT)
    return (found.output, found.passed), command(folder, files, *arguments)


@pytest.mark.parametrize("kind", MODULES)
def test_the_text_is_the_commands(kind, tmp_path):
    ours, real = both(tmp_path, {"shop.py": MODULES[kind], "test_shop.py": TESTS})
    assert ours == real


def test_a_warning_of_the_compiler_is_part_of_it(tmp_path):
    files = {"shop.py": "def total(values):\n    return values is 3\n", "test_shop.py": TESTS}
    # In a process of its own: here pytest collects all warnings.
    code = f"from nano_training.programs import trial; print(trial.run({str(tmp_path)!r}, {files!r}).output, end='')"
    ours = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert ours == command(tmp_path, files)[0]
    assert 'SyntaxWarning: "is" with a literal' in ours


@pytest.mark.parametrize(
    "name", ["test_shop", "test_shop.py", "test_shop.TestTotal.test_list", "test_sale", "test_shop.No"]
)
def test_a_named_test_alone_is_run(name, tmp_path):
    files = {"shop.py": MODULES["text"], "test_shop.py": TESTS, "test_other.py": "import nothing_here\n"}
    ours, real = both(tmp_path, files, name)
    assert ours == real


def test_tests_are_found_in_order_and_without_any_there_is_nothing_to_run(tmp_path):
    files = {"shop.py": MODULES["text"], "test_b.py": TESTS, "test_a.py": TESTS.replace("Total(", "Sum(")}
    ours, real = both(tmp_path, files)
    assert ours == real
    for path in tmp_path.glob("test_*.py"):
        path.unlink()
    ours, real = both(tmp_path, {"shop.py": MODULES["text"]})
    assert ours[0] == real[0]


def test_mutants_of_projects_fail_with_the_commands_words(tmp_path):
    found = families.load(families.FOLDER)
    swaps = [
        (" < ", " <= "),
        (" + ", " - "),
        ("return ", "return None or "),
        ("[]", "[0]"),
        (" == ", " != "),
        ("(", "(("),
    ]
    for seed, (old, new) in enumerate(swaps):
        made = make.project(found, random.Random(seed))
        files = {made.path: made.source.replace(old, new, 1), made.test_path: made.tests}
        for path in tmp_path.iterdir():
            path.unlink()
        ours, real = both(tmp_path, files)
        assert ours == real


def test_failing_tests_are_named():
    found = trial.run("/home/ann/shop", {"shop.py": MODULES["right only once"], "test_shop.py": TESTS}, seconds=PATIENT)
    assert found.failed == {f"test_shop.TestTotal.test_{name}" for name in ("error", "table", "text")}
    assert 'File "/home/ann/shop/test_shop.py", line 12, in test_error' in found.output


@pytest.mark.parametrize(
    "body",
    [
        "while True:\n        pass",
        "while True:\n        try:\n            values = 1\n        except BaseException:\n            pass",
        "found = [0]\n    while True:\n        found += found",
        "return [0] * 10**12",
    ],
)
def test_what_does_not_end_or_takes_all_memory_is_stopped(body):
    found = trial.run("/shop", {"shop.py": f"def total(values):\n    {body}\n", "test_shop.py": TESTS})
    assert (found.passed, found.output) == (False, TIMED_OUT)


def test_a_module_that_never_ends_its_import_is_stopped():
    found = trial.run("/shop", {"shop.py": "while True:\n    pass\n", "test_shop.py": TESTS})
    assert (found.passed, found.output) == (False, TIMED_OUT)


def test_nothing_is_left_behind():
    before = (set(sys.modules), list(sys.path), list(sys.meta_path), set(linecache.cache), sys.getrecursionlimit())
    for kind in ("right only once", "syntax", "raises at import"):
        trial.run("/shop", {"shop.py": MODULES[kind], "test_shop.py": TESTS}, seconds=PATIENT)
    after = (set(sys.modules), list(sys.path), list(sys.meta_path), set(linecache.cache), sys.getrecursionlimit())
    assert [name for name in after[0] - before[0] if "shop" in name] == []
    assert after[1:3] == before[1:3]
    assert after[4] == before[4]
    assert not [name for name in after[3] if name.startswith("/shop")]


def test_a_module_of_that_name_that_was_loaded_comes_back():
    tests = TESTS.replace("from shop", "from textwrap")
    assert (
        trial.run("/shop", {"textwrap.py": MODULES["text"], "test_shop.py": tests}, seconds=PATIENT).output.count(
            "FAIL: "
        )
        == 4
    )
    assert sys.modules["textwrap"] is textwrap
