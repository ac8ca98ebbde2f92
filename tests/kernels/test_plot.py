"""The drawing and the table say what the figures say."""

import json
from xml.etree import ElementTree

import pytest

from benchmarks.plot import BEGIN, END, filled, main, shares, svg, table


def row(op, shape, us, *, peer="", size=0.0, flops=0.0):
    return {"op": op, "shape": shape, "us": us, "bytes": size, "flops": flops, "peer": peer, "note": ""}


FIGURES = {
    "device": "NVIDIA H100 & co",
    "torch": "2.11",
    "triton": "3.6.0",
    "cuda": "13.0",
    "date": "2026-01-02",
    "ceilings": {"read": 3.0e12, "copy": 2.9e12, "matmul": 8.0e14},
    "rows": [
        row("rmsnorm", "1 x 7168", 2.0, size=3.0e6),
        row("experts", "4,096 tokens <8>", 1000.0, size=1.0e8, flops=4.0e11),
        row("experts", "4,096 tokens <8>", 2000.0, peer="marlin", size=1.0e8, flops=4.0e11),
        row("plan", "no bytes", 5.0),
    ],
    "checks": [{"op": "experts", "shape": "1", "error": 0.003, "limit": 0.01}],
}


def test_the_nearer_ceiling_counts():
    assert [(found.op, found.peer, round(found.part, 3), found.of) for found in shares(FIGURES)] == [
        ("rmsnorm", "", 0.5, "read"),
        ("experts", "", 0.5, "product"),
        ("experts", "marlin", 0.25, "product"),
    ]


def test_the_drawing_is_xml_with_a_bar_for_every_row():
    page = ElementTree.fromstring(svg(FIGURES))
    texts = [element.text for element in page.iter("{http://www.w3.org/2000/svg}text")]
    assert sum("µs" in text for text in texts) == 3
    assert {"ours", "marlin", "4,096 tokens <8>"} <= set(texts)


def test_the_table_has_peers_beside_ours_and_the_errors():
    text = table(FIGURES)
    assert "| experts | 4,096 tokens <8> | 1,000.0 | 400 TFLOP/s | 50% of product | marlin 2,000.0 µs |" in text
    assert "| experts | 3.0e-03 | 1e-02 |" in text
    assert "2026-01-02" in text


def test_figures_without_checks_give_a_table_without_errors():
    assert "allowed" not in table({**FIGURES, "checks": []})


def test_the_command_draws_and_fills_again_and_again(tmp_path):
    figures, page, drawing = tmp_path / "figures.json", tmp_path / "README.md", tmp_path / "figures.svg"
    figures.write_text(json.dumps(FIGURES))
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    for _ in range(2):
        main([str(figures), "--svg", str(drawing), "--readme", str(page)])
    link = "![% of the ceiling, by operation and shape](figures.svg)"
    assert page.read_text() == f"before\n{BEGIN}\n{table(FIGURES)}\n\n{link}\n{END}\nafter\n"
    assert drawing.read_text().startswith("<svg")


def test_a_page_without_marks_is_left_alone():
    with pytest.raises(ValueError, match="no lines"):
        filled("nothing", "content")
