"""Draws a training's curve: `python -m nano_training.learning.plot CURVE.jsonl PICTURE.svg`.

Above the loss by seconds, on a logarithmic scale; below the largest attention logit with QK-Clip's tau as a line."""

import argparse
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nano_training.learning.muon import TAU

LEFT, WIDTH, HEIGHT, GAP, TOP = 60, 640, 220, 60, 40
"""Pixels, of each of the two panels."""
LOSSES = (("context", "#8b949e", "files and outputs"), ("learnt", "#1f6feb", "what the model writes"))
LEAST, MOST = 0.01, 10.0
"""Of the loss, in nats per token."""

Line = Mapping[str, Any]


def svg(lines: Sequence[Line]) -> str:
    """The picture of a curve's lines."""
    steps = [line for line in lines if "loss" in line]
    end = max(line["elapsed"] for line in steps)
    below = TOP + HEIGHT + GAP
    parts = [
        *_losses(steps, end),
        *_logits(steps, end, below),
        _text(LEFT + WIDTH, below + HEIGHT + 30, f"{end:.0f} s"),
    ]
    size = f'width="{LEFT + WIDTH + 40}" height="{below + HEIGHT + 50}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>"]) + "\n"


def _losses(steps: Sequence[Line], end: float) -> Iterator[str]:
    def place(value: float) -> float:
        share = math.log(max(value, LEAST) / LEAST) / math.log(MOST / LEAST)
        return TOP + HEIGHT * (1 - share)

    for value in (0.01, 0.1, 1.0, 10.0):
        yield from _rule(place(value), f"{value:g}")
    for number, (name, colour, label) in enumerate(LOSSES):
        yield _path([(line["elapsed"] / end, place(line[name])) for line in steps if line[name] is not None], colour)
        yield _text(LEFT + 300, TOP + 20 + 18 * number, f"loss of {label}", colour, "start")


def _logits(steps: Sequence[Line], end: float, top: int) -> Iterator[str]:
    def place(value: float) -> float:
        return top + HEIGHT * (1 - value / (1.1 * TAU))

    for value in (0, 50):
        yield from _rule(place(value), str(value))
    yield from _rule(place(TAU), f"tau {TAU:g}", "#cf222e")
    yield _path([(line["elapsed"] / end, place(line["logit"])) for line in steps], "#1f6feb")
    yield _text(LEFT + 300, top + 60, "largest attention logit", "#1f6feb", "start")


def _rule(y: float, label: str, colour: str = "#d0d7de") -> Iterator[str]:
    yield f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}"/>'
    yield _text(LEFT - 6, y + 4, label)


def _path(points: Sequence[tuple[float, float]], colour: str) -> str:
    drawn = " ".join(f"{LEFT + WIDTH * share:.1f},{y:.1f}" for share, y in points)
    return f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def _text(x: float, y: float, text: str, colour: str = "#1f2328", anchor: str = "end") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{text}</text>'


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("curve", type=Path)
    parser.add_argument("picture", type=Path)
    given = parser.parse_args(arguments)
    lines = [json.loads(line) for line in given.curve.read_text("utf-8").splitlines()]
    given.picture.write_text(svg(lines), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
