"""Screens as pictures: every run where its cells are, in its colours, with nothing fetched from elsewhere."""

import re
import xml.etree.ElementTree as ElementTree

import pyte
import pytest
from rich.style import Style

from kimicode.benchmarks.drawing import draw, svg


def places(picture: str) -> dict[str, float]:
    return {text: float(x) for x, text in re.findall(r'<text class="\S+" x="([\d.]+)"[^>]*>([^<]*)</text>', picture)}


def test_letters_stand_where_their_cells_are():
    screen = pyte.Screen(20, 2)
    pyte.Stream(screen).feed("ab  cd\x1b[1mef\x1b[0m\r\n漢字  x")
    found = places(draw(screen, "t", "p"))
    cell = found["cd"] / 4
    assert found["ab"] == 0
    assert found["ef"] == pytest.approx(6 * cell)
    assert found["x"] == pytest.approx(6 * cell)


def test_what_is_behind_most_cells_is_the_paper():
    light, marked = Style.parse("black on #fbfbfa"), Style.parse("black on #ffe08a")
    picture = svg([[("most of it ", light), ("marked", marked)]], "t", "p")
    assert picture.count('fill="#fbfbfa"') == 1
    assert picture.count('fill="#ffe08a"') == 1


def test_a_picture_is_sound_and_fetches_nothing():
    picture = svg(
        [[('<&"> \x1b[0m'.replace("\x1b", "␛"), Style.parse("italic underline strike dim reverse red"))]], "<t>", "p"
    )
    ElementTree.fromstring(picture)
    assert "url(" not in picture
    assert set(re.findall('https?://[^"]*', picture)) == {"http://www.w3.org/2000/svg"}
    assert "italic" in picture
    assert "underline line-through" in picture
