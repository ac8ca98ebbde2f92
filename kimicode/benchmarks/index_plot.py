"""Draws what `index_cost` measured, as shares of its goals: `python -m kimicode.benchmarks.index_plot FIGURES PICTURE`.

Two bars for each figure, the clock's and the processor's: on a machine that others use, the second tells more.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

LEFT, WIDTH, RIGHT, BAR, GAP, HEAD = 300, 460, 150, 13, 8, 72
"""Pixels; WIDTH is that of MOST."""

MOST = 2.0
"""Goals; a longer bar is cut, its number says how long it would be."""

CLOCK, PROCESSOR = "#8b949e", "#1f6feb"

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """A figure and its goal, both in `unit`; `processor` is None for what is no time."""

    label: str
    clock: float
    processor: float | None
    goal: float
    unit: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the figures, write the picture."""
    parser = argparse.ArgumentParser(prog="python -m kimicode.benchmarks.index_plot", description=__doc__)
    parser.add_argument("figures", type=Path)
    parser.add_argument("picture", type=Path)
    options = parser.parse_args(arguments)
    options.picture.write_text(svg(json.loads(options.figures.read_text("utf-8"))), "utf-8")
    return 0


def svg(figures: Figures) -> str:
    """A group of bars for each corpus, with a line at the goal."""
    parts, y = list[str](), HEAD
    for corpus in figures["corpora"]:
        y += 2 * GAP + BAR
        parts.append(_text(12, y - GAP, f"{corpus['files']:,} files, {corpus['source_mb']} MB", "font-weight='bold'"))
        for row in rows(corpus):
            parts += _bars(row, y)
            y += 2 * BAR + GAP
    return _page(figures, parts, y + GAP)


def rows(corpus: Figures) -> Iterator[Row]:
    """What has a goal, in the order of the table."""
    cores = 2
    if corpus["files"] < 10_000:
        yield Row("cold build", min(corpus["cold_s"]), min(corpus["cpu_s"]) / cores, 8, "s")
        yield Row("memory of all processes", max(corpus["peak_mb"]), None, 400, "MB")
    yield Row("first answer while it builds", corpus["first_answer_s"], None, 2, "s")
    for kind, named in (("listed", "files given"), ("git", "files from git")):
        found = corpus[f"unchanged_{kind}_ms"]
        yield Row(f"nothing changed, {named}", found["median"], found["cpu"], 150, "ms")
    yield Row("one edit until found, p95", corpus["edit_ms"]["p95"], None, 50, "ms")
    for kind, goal in (("a name", 30), ("a few words", 30), ("a question of ten words", 30), ("map", 300)):
        found = corpus["search"][kind]
        yield Row(f"{kind}, p95", found["p95"], found["cpu_p95"], goal, "ms")
    yield Row("size of the index / the source", corpus["index_to_source"], None, 0.6, "")


def _bars(row: Row, y: float) -> Iterator[str]:
    yield _text(28, y + BAR, row.label)
    times = [(row.clock, CLOCK)] if row.processor is None else [(row.clock, CLOCK), (row.processor, PROCESSOR)]
    for place, (value, colour) in enumerate(times):
        length, top = WIDTH / MOST * min(value / row.goal, MOST), y + place * BAR
        yield f"<rect x='{LEFT}' y='{top}' width='{length:.1f}' height='{BAR - 2}' fill='{colour}'/>"
        unit = f" {row.unit}" if row.unit else ""
        words = f"{value:.3g}{unit}" + (f" (goal {row.goal:g}{unit})" if place == 0 else "")
        yield _text(LEFT + length + 5, top + BAR - 3, words, "font-size='11'")


def _page(figures: Figures, parts: Sequence[str], height: float) -> str:
    width = LEFT + WIDTH + RIGHT
    goal = LEFT + WIDTH / MOST
    loads = [load for corpus in figures["corpora"] for load in corpus["load_before"]]
    about = f"{figures['date']}, load before each build {min(loads)} to {max(loads)}; 2 cores, used by others as well"
    head = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height:g}' width='{width}' height='{height:g}' "
        "font-family='sans-serif' font-size='12' fill='#1f2328'>",
        f"<rect width='{width}' height='{height:g}' fill='#ffffff'/>",
        _text(12, 20, "The index, as shares of its goals (shorter is better)", "font-size='14' font-weight='bold'"),
        _text(12, 38, about, "font-size='11'"),
    ]
    for x, colour, name in ((12, CLOCK, "by the clock"), (130, PROCESSOR, "by the processor (cold build: halved)")):
        head += [f"<rect x='{x}' y='48' width='11' height='11' fill='{colour}'/>", _text(x + 15, 58, name)]
    head.append(f"<line x1='{goal:g}' x2='{goal:g}' y1='{HEAD}' y2='{height - GAP:g}' stroke='#cf222e'/>")
    head.append(_text(goal - 12, HEAD - 4, "goal", "font-size='11'"))
    return "\n".join([*head, *parts, "</svg>"]) + "\n"


def _text(x: float, y: float, words: str, more: str = "") -> str:
    return f"<text x='{x:.0f}' y='{y:.0f}' {more}>{escape(words)}</text>"


if __name__ == "__main__":
    raise SystemExit(main())
