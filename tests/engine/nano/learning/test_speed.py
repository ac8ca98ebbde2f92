"""The clock for the training machine works where there is none: every part is measured, a failure is told."""

import json

from nano_training.learning import speed
from tests.engine.nano.learning.test_model import SMALL


def test_parts_and_ways_are_measured(tmp_path, capsys):
    out = tmp_path / "speed.json"
    arguments = ["--device", "cpu", "--no-compile", "--steps", "1", "--tokens", "64", "--length", "32"]
    assert speed.main([*arguments, "--out", str(out)], SMALL) == 0
    parts, whole, everything = json.loads(out.read_text())
    assert parts.keys() == {"attention", "largest logits", "experts, sorted", "experts, all"}
    assert whole["case"] == {"rows": 2, "length": 32, "sort": True, "compiled": False}
    assert whole["tokens_per_second"] > 0
    assert whole["apart"] < 0.2  # bf16, where a near tie between experts may fall the other way
    assert everything["apart"] == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_table_tells_where_the_time_goes(capsys):
    arguments = ["--device", "cpu", "--no-compile", "--seconds", "-1", "--tokens", "64", "--length", "32", "--profile"]
    assert speed.main(arguments, SMALL) == 0
    assert "aten::mm" in capsys.readouterr().out


def test_a_way_that_fails_does_not_end_it(capsys):
    broken = ["--device", "meta", "--no-compile", "--steps", "1", "--tokens", "64", "--length", "32"]
    assert speed.main(broken, SMALL) == 1
    assert "failed: " in capsys.readouterr().out


def test_no_case_is_begun_after_its_time(capsys):
    assert speed.main(["--device", "cpu", "--seconds", "-1"], SMALL) == 0
    assert capsys.readouterr().out == ""
