"""What the model is told before the task, and what it costs."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kimicode.agent.prompt import LISTED, Surroundings, list_files, system_prompt
from kimicode.agent.surroundings import look_around, walk
from kimicode.agent.surroundings import test_command as command_of
from kimicode.llm.tokens import estimate_tokens
from kimicode.llm.wire import tools_to_wire
from kimicode.messages import user
from kimicode.tools.toolset import tools

MOST_TOKENS = 2_500
UNITTEST = "import unittest\n\n\nclass TestA(unittest.TestCase):\n    def test_it(self):\n        self.assertIs(1, 1)\n"
RANKS = os.environ.get("KIMICODE_K2_RANKS", "")
"""Kimi K2's `tiktoken.model`, where it is at hand; the estimate below holds everywhere."""


def bare_prompt() -> str:
    return system_prompt(
        Surroundings(Path("/home/me/project"), "branch main, no uncommitted changes", "", [], False, [])
    )


def test_prompt_and_six_tools_stay_small_by_our_own_estimate():
    specs = [tool.spec() for tool in tools("swe").values()]
    assert estimate_tokens([user(bare_prompt())], specs) <= MOST_TOKENS


@pytest.mark.skipif(not Path(RANKS).is_file(), reason="KIMICODE_K2_RANKS names no file with Kimi K2's ranks")
def test_prompt_and_six_tools_stay_small_in_kimis_own_tokens():
    import tiktoken

    lines = (line.split() for line in Path(RANKS).read_bytes().splitlines())
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    # Kimi's split pattern needs set intersections; for English and JSON this simpler one cuts the same or finer.
    pattern = r"\p{N}{1,3}|[^\r\n\p{L}\p{N}]?\p{L}+| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    encoding = tiktoken.Encoding("k2", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    text = bare_prompt() + json.dumps(tools_to_wire([tool.spec() for tool in tools("swe").values()]))
    assert len(encoding.encode(text)) <= MOST_TOKENS


def test_the_prompt_says_where_it_is_and_holds_the_instructions(tmp_path):
    (tmp_path / "a b.py").write_text("")
    text = system_prompt(look_around(tmp_path, None, [(tmp_path / "AGENTS.md", "Be brief.\n")]))
    assert f"Working directory: {tmp_path}" in text
    assert "is not inside the work tree of a git repository" in text
    assert "Files: a b.py" in text
    assert "Be brief." in text


def test_a_small_project_is_listed_whole_and_a_large_one_by_its_folders():
    assert list_files(["b.py", "a.py"]) == (["a.py", "b.py"], False)
    many = [f"src/{i}.py" for i in range(100)] + ["README.md"]
    assert list_files(many) == (["README.md", "src/ (100 files)"], False)
    shown, more = list_files([f"{i}.txt" for i in range(100)])
    assert (len(shown), more) == (LISTED, True)


def test_hidden_and_generated_folders_are_not_listed(tmp_path):
    for name in (".git/config", "node_modules/x.js", "src/a.py", "__pycache__/a.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert walk(tmp_path) == ["src/a.py"]


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"tests/test_a.py": ""}, "-m pytest -q"),
        ({"pyproject.toml": "[tool.pytest.ini_options]"}, "-m pytest -q"),
        ({"tests/test_a.py": "", ".venv/bin/python": ""}, ".venv/bin/python -m pytest -q"),
        ({"test_a.py": UNITTEST}, " -m unittest"),
        ({"test_a.py": UNITTEST, ".venv/bin/python": ""}, ".venv/bin/python -m unittest"),
        ({"tests/test_a.py": UNITTEST}, " -m unittest discover -s tests"),
        ({"tests/test_a.py": UNITTEST, "tests/__init__.py": ""}, " -m unittest"),
        ({"test_a.py": UNITTEST, "test_b.py": "def test_it():\n    assert True\n"}, "-m pytest -q"),
        ({"test_a.py": UNITTEST + "import pytest\n"}, "-m pytest -q"),
        ({"test_a.py": UNITTEST, "conftest.py": ""}, "-m pytest -q"),
        ({"test_a.py": UNITTEST, "pytest.ini": ""}, "-m pytest -q"),
        ({"test_a.py": UNITTEST, "tox.ini": "[testenv]\ncommands = pytest\n"}, "-m pytest -q"),
        ({"package.json": '{"scripts": {"test": "vitest"}}'}, "npm test"),
        ({"Cargo.toml": ""}, "cargo test"),
        ({"go.mod": ""}, "go test ./..."),
        ({"Makefile": "all:\n\ntest:\n\ttrue\n"}, "make test"),
        ({"notes.txt": ""}, ""),
    ],
)
def test_how_tests_are_run_is_read_from_the_project(tmp_path, files, command):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert command_of(tmp_path).endswith(command)
    assert bool(command_of(tmp_path)) is bool(command)


def test_the_command_for_unittest_finds_the_tests_where_they_lie(tmp_path):
    for number, files in enumerate(({}, {"__init__.py": ""})):
        tests = tmp_path / str(number) / "tests"
        tests.mkdir(parents=True)
        (tests.parent / "thing.py").write_text("ONE = 1\n")
        (tests / "test_a.py").write_text(f"from thing import ONE\n{UNITTEST}")
        for name, text in files.items():
            (tests / name).write_text(text)
        words = command_of(tests.parent).split()
        ran = subprocess.run([sys.executable, *words[1:]], cwd=tests.parent, capture_output=True, text=True, check=True)
        assert "Ran 1 test" in ran.stderr
