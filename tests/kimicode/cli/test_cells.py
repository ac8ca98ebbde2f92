import pytest

from kimicode.cli.cells import cut, width_of


@pytest.mark.parametrize(
    ("text", "cells"), [("abc", 3), ("日本", 4), ("🎉", 2), ("e\u0301", 1), ("a\u200db", 2), ("", 0), ("…", 1)]
)
def test_text_is_as_wide_as_terminals_show_it(text, cells):
    assert width_of(text) == cells


@pytest.mark.parametrize(("width", "shown"), [(6, "日本語"), (5, "日本…"), (4, "日…"), (2, "…")])
def test_a_cut_line_never_takes_more_cells_than_there_are(width, shown):
    assert cut("日本語", width) == shown
