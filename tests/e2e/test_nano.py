"""kimi-nano solves bugs that it never saw: real weights, the real engine over HTTP, the real agent and tools."""

import importlib.util
from pathlib import Path

import pytest

from kimicode.config import nano
from nano_training.judging.solve import main

BUGS, LEAST = 5, 3

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def package():
    """The folder with weights and bugs."""
    if why := nano.lacking({}):
        pytest.skip(why)
    if importlib.util.find_spec("torch") is None:
        pytest.skip("the engine is not installed: pip install 'kimicode[engine]'")
    folder = nano.place({})
    assert folder is not None
    return folder


def test_at_least_three_of_five_held_out_bugs_are_solved(package: Path, tmp_path, capsys):
    arguments = ["--checkpoint", str(package / "checkpoint"), "--bugs", str(package / "bugs.json")]
    arguments += ["--count", str(BUGS), "--least", str(LEAST), "--at-once", "1", "--limit", "120", "--device", "cpu"]
    code = main([*arguments, "--out", str(tmp_path / "solved.json")])
    assert code == 0, capsys.readouterr().out
