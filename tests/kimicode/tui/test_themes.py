"""Themes: each can be read, and the terminal's own uses nothing but its sixteen colours."""

import dataclasses
import re

import pytest
from rich.style import Style

from kimicode.tui.palette import Palette
from kimicode.tui.themes import APPEARANCES, choose

LEAST = {"dark": 4.5, "light": 4.5, "contrast": 7.0}


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.2 of a colour such as #ff8800."""
    channels = [int(part, 16) / 255 for part in re.findall("..", colour.lstrip("#"))]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def roles(palette: Palette) -> dict[str, Style]:
    named = {field.name: getattr(palette, field.name) for field in dataclasses.fields(palette)}
    return {name: style for name, style in named.items() if isinstance(style, Style)}


@pytest.mark.parametrize("name", LEAST)
def test_every_role_can_be_read_on_its_background(name):
    appearance = APPEARANCES[name]
    palette = roles(appearance.palette)
    text = palette["text"].color.name
    for role, style in palette.items():
        background = style.bgcolor.name if style.bgcolor else appearance.theme.background
        foreground = style.color.name if style.color else text
        assert contrast(foreground, background) >= LEAST[name], role


def test_the_terminals_own_theme_names_no_colour_of_its_own():
    for role, style in roles(APPEARANCES["terminal"].palette).items():
        for colour in (style.color, style.bgcolor):
            assert colour is None or colour.is_default or (colour.number is not None and colour.number < 16), role
    assert APPEARANCES["terminal"].palette.syntax == ""


@pytest.mark.parametrize("name", ["dark", "light", "contrast"])
def test_the_code_style_of_each_exists(name):
    from pygments.styles import get_style_by_name

    assert get_style_by_name(APPEARANCES[name].palette.syntax)


@pytest.mark.parametrize(
    ("setting", "environ", "chosen"),
    [
        ("light", {}, "light"),
        ("auto", {}, "dark"),
        ("auto", {"COLORFGBG": "0;15"}, "light"),
        ("auto", {"COLORFGBG": "15;default;0"}, "dark"),
        ("auto", {"COLORFGBG": "nonsense"}, "dark"),
        ("light", {"NO_COLOR": "1"}, "terminal"),
        ("light", {"NO_COLOR": ""}, "light"),
    ],
)
def test_what_is_asked_for_is_chosen(setting, environ, chosen):
    assert choose(setting, environ).name == chosen
