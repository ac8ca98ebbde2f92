"""A training's curve as a picture."""

import json
from xml.etree import ElementTree

from nano_training.learning.plot import main


def test_the_curve_becomes_a_picture_with_a_line_for_each_loss_and_for_the_logits(tmp_path):
    lines = [
        {"elapsed": at, "loss": 1 / at, "learnt": 1 / at, "context": 2 / at, "logit": 10.0 * at} for at in (1, 2, 4)
    ]
    lines.insert(1, {"elapsed": 1.5, "held_out": {"fix": 0.5}})
    curve, picture = tmp_path / "curve.jsonl", tmp_path / "curve.svg"
    curve.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    assert main([str(curve), str(picture)]) == 0
    drawn = ElementTree.fromstring(picture.read_text("utf-8"))
    paths = [part.get("points") for part in drawn if part.tag.endswith("polyline")]
    assert len(paths) == 3
    assert all(len(path.split()) == 3 for path in paths)
