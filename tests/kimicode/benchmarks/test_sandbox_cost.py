"""The measurement of the sandbox's cost itself: every place is measured, and the figures are written."""

import json

from kimicode.benchmarks.sandbox_cost import main


def test_each_place_has_its_figures(tmp_path, capsys):
    assert main(["--commands", "2", "--starts", "1", "--out", str(tmp_path / "cost.json")]) == 0
    figures = json.loads((tmp_path / "cost.json").read_text())
    places = figures["places"]
    assert {"bare", "supervisor alone"} <= set(places)
    assert all(place["p95_ms"] >= place["least_ms"] > 0 for place in places.values())
    assert places["supervisor alone"]["start_ms"] > 0
    assert "supervisor alone" in capsys.readouterr().out
