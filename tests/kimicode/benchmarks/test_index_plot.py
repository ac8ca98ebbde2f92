"""The picture of the index's figures: a bar for each, a line at the goal, readable by any viewer."""

import json
import xml.etree.ElementTree as ElementTree

import pytest

from kimicode.benchmarks.index_plot import CLOCK, LEFT, WIDTH, main, rows

TIMES = {"least": 1.0, "median": 75.0, "p95": 90.0, "cpu": 60.0}
ASKED = {"p50": 5.0, "p95": 15.0, "cpu_p95": 12.0}
CORPUS = {
    "files": 5_100,
    "source_mb": 86.6,
    "load_before": [1.5],
    "cold_s": [12.0, 16.0],
    "cpu_s": [20.0],
    "peak_mb": [4_000],
    "first_answer_s": 1.0,
    "unchanged_listed_ms": TIMES,
    "unchanged_git_ms": TIMES,
    "edit_ms": TIMES,
    "search": dict.fromkeys(["a name", "a few words", "a question of ten words", "map"], ASKED),
    "index_to_source": 0.5,
}


def bars(picture):
    found = ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}rect")
    return [float(one.get("width")) for one in found if one.get("x") == str(LEFT) and one.get("fill") == CLOCK]


def test_a_bar_at_its_goal_ends_at_the_line_and_a_longer_one_is_cut(tmp_path):
    (tmp_path / "figures.json").write_text(json.dumps({"date": "today & now", "corpora": [CORPUS]}))
    assert main([str(tmp_path / "figures.json"), str(tmp_path / "picture.svg")]) == 0
    cold, memory, answer, *_, size = bars((tmp_path / "picture.svg").read_text())
    assert cold == pytest.approx(WIDTH * 12 / 8 / 2, abs=0.1)
    assert memory == WIDTH
    assert answer == WIDTH / 4
    assert size == pytest.approx(WIDTH * 0.5 / 0.6 / 2, abs=0.1)


def test_a_large_corpus_has_no_goal_for_its_build():
    assert "cold build" in {row.label for row in rows(CORPUS)}
    assert "cold build" not in {row.label for row in rows({**CORPUS, "files": 30_000})}
