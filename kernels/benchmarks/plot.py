"""Draws what run.py measured, ours beside our peers, and fills the table of kernels/README.md from the same file.

`python kernels/benchmarks/plot.py FIGURES.json --svg FILE --readme FILE`. Needs no GPU and no PyTorch."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures: plot.py writes what follows -->", "<!-- end of figures -->"
OURS, PEERS = "#1f6feb", ("#8b949e", "#d29922", "#8250df", "#1a7f37")
LEFT, RIGHT, BAR, GAP, HEAD = 330, 180, 13, 9, 64
WIDTH = 560
"""Pixels of 100 %."""

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a ceiling a measured row reaches, and which ceiling is the nearer one; `peer` "" is ours."""

    op: str
    shape: str
    peer: str
    us: float
    part: float
    of: str
    rate: str


def shares(figures: Figures) -> list[Share]:
    """All rows that have bytes or operations, in their order."""
    peaks, found = figures["ceilings"], []
    for row in figures["rows"]:
        seconds = row["us"] * 1e-6
        read, product = row["bytes"] / seconds / peaks["read"], row["flops"] / seconds / peaks["matmul"]
        if not max(read, product):
            continue
        if read >= product:
            part, of, rate = read, "read", f"{row['bytes'] / seconds / 1e9:,.0f} GB/s"
        else:
            part, of, rate = product, "product", f"{row['flops'] / seconds / 1e12:,.0f} TFLOP/s"
        found.append(Share(row["op"], row["shape"], row["peer"], row["us"], part, of, rate))
    return found


def groups(rows: Sequence[Share]) -> dict[tuple[str, str], list[Share]]:
    """By operation and shape, ours first."""
    found: dict[tuple[str, str], list[Share]] = {}
    for row in rows:
        found.setdefault((row.op, row.shape), []).append(row)
    return {key: sorted(members, key=lambda row: bool(row.peer)) for key, members in found.items()}


def about(figures: Figures) -> str:
    """Where and when, in one line."""
    peaks = figures["ceilings"]
    return (
        f"{figures['device']}, {figures['date']}: PyTorch {figures['torch']}, Triton {figures['triton']}, CUDA "
        f"{figures['cuda']}; ceilings of the same run: read {peaks['read'] / 1e12:.2f} TB/s, copy "
        f"{peaks['copy'] / 1e12:.2f} TB/s, bf16 product {peaks['matmul'] / 1e12:.0f} TFLOP/s"
    )


def svg(figures: Figures) -> str:
    """A bar for every row: % of the nearer ceiling, a group for every operation and shape."""
    colours = {"": OURS}
    for row in shares(figures):
        colours.setdefault(row.peer, PEERS[(len(colours) - 1) % len(PEERS)])
    parts, y, last = list[str](), HEAD, ""
    for (op, shape), members in groups(shares(figures)).items():
        if op != last:
            y, last = y + 2 * GAP, op
            parts.append(_text(12, y + BAR, op, "font-weight='bold'"))
            y += BAR + GAP
        parts.append(_text(28, y + BAR - 2, shape))
        for row in members:
            length = WIDTH * min(row.part, 1.1)
            colour = colours[row.peer]
            parts.append(f"<rect x='{LEFT}' y='{y}' width='{length:.1f}' height='{BAR - 2}' fill='{colour}'/>")
            parts.append(_text(LEFT + length + 5, y + BAR - 3, f"{row.part:.0%}  {row.us:,.1f} µs", "font-size='11'"))
            y += BAR
        y += GAP
    return _page(figures, colours, parts, y + GAP)


def _page(figures: Figures, colours: Mapping[str, str], parts: Sequence[str], height: int) -> str:
    """The frame: title, legend, a line at every 25 %."""
    width = LEFT + WIDTH + RIGHT
    head = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}' "
        "font-family='sans-serif' font-size='12' fill='#1f2328'>",
        f"<rect width='{width}' height='{height}' fill='#ffffff'/>",
        _text(12, 20, "% of the nearer ceiling: bytes read, or bf16 operations", "font-size='14' font-weight='bold'"),
        _text(12, 38, about(figures), "font-size='11'"),
    ]
    x = 12.0
    for peer, colour in colours.items():
        name = peer or "ours"
        head.append(f"<rect x='{x:.0f}' y='46' width='11' height='11' fill='{colour}'/>")
        head.append(_text(x + 15, 56, name))
        x += 34 + 7.0 * len(name)
    for percent in (0, 25, 50, 75, 100):
        at = LEFT + WIDTH * percent / 100
        head.append(f"<line x1='{at}' x2='{at}' y1='{HEAD + GAP}' y2='{height - GAP}' stroke='#d0d7de'/>")
        head.append(_text(at - 12, HEAD + 6, f"{percent} %", "font-size='11'"))
    return "\n".join([*head, *parts, "</svg>"]) + "\n"


def _text(x: float, y: float, words: str, more: str = "") -> str:
    return f"<text x='{x:.0f}' y='{y:.0f}' {more}>{escape(words)}</text>"


def table(figures: Figures) -> str:
    """Markdown: a line for every operation and shape, the peers in the last column, then the errors that were found."""
    lines = [about(figures) + ".", "", "| operation | shape | µs | rate | of ceiling | peers |", "|" + " --- |" * 6]
    for (op, shape), members in groups(shares(figures)).items():
        peers = ", ".join(f"{row.peer} {row.us:,.1f} µs" for row in members if row.peer)
        ours = [row for row in members if not row.peer]
        best = min(ours, key=lambda row: row.us) if ours else None
        cells = (f"{best.us:,.1f}", best.rate, f"{best.part:.0%} of {best.of}") if best else ("", "", "")
        lines.append(f"| {op} | {shape} | {' | '.join(cells)} | {peers} |")
    return "\n".join([*lines, *_errors(figures)])


def _errors(figures: Figures) -> list[str]:
    """Each operation's largest ‖out - ref‖ / ‖ref‖ against fp32, and what is let pass."""
    worst: dict[str, tuple[float, float]] = {}
    for check in figures.get("checks", ()):
        error, limit = worst.get(check["op"], (0.0, 0.0))
        worst[check["op"]] = max(error, check["error"]), max(limit, check["limit"])
    if not worst:
        return []
    lines = [f"| {op} | {error:.1e} | {limit:.0e} |" for op, (error, limit) in worst.items()]
    return ["", "| operation | largest error, of fp32 | allowed |", "| --- | --- | --- |", *lines]


def filled(page: str, content: str) -> str:
    """A page with `content` between its marks. Raises ValueError where they are missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n{content}\n{END}{after}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw and fill."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("figures", type=Path, help="what run.py --out wrote")
    parser.add_argument("--svg", type=Path, help="draw into this file")
    parser.add_argument("--readme", type=Path, help="fill the table of this page")
    given = parser.parse_args(arguments)
    figures = json.loads(given.figures.read_text("utf-8"))
    if given.svg:
        given.svg.write_text(svg(figures), "utf-8")
    if given.readme:
        content = table(figures)
        if given.svg:
            place = os.path.relpath(given.svg, given.readme.parent).replace(os.sep, "/")
            content += f"\n\n![% of the ceiling, by operation and shape]({place})"
        given.readme.write_text(filled(given.readme.read_text("utf-8"), content), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
