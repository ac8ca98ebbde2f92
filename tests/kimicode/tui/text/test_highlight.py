"""Code in colours: every character stays, whatever the language."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.tui.palette import DARK, Look
from kimicode.tui.text.highlight import LARGEST, code

LOOK = Look(DARK)
TERMINAL = Look(replace(DARK, syntax=""))


def text_of(lines):
    return "\n".join("".join(run[0] for run in line) for line in lines)


@settings(deadline=None)
@given(
    st.text(st.sampled_from("ab = '\"#/*(){}\n\n 漢1")),
    st.sampled_from(["python", "c", "x.rs", "html", "json", "nope", ""]),
)
def test_no_character_is_lost(text, language):
    assert text_of(code(text, language, LOOK)) == text


def test_words_of_a_language_have_their_colours():
    for look in (LOOK, TERMINAL):
        (line,) = code("def f(): return 'x'", "python", look)
        colours = {text: style.color for text, style in line}
        assert colours["def"] != colours["f"]
        assert colours["def"] == colours["return"]


def test_a_string_over_several_lines_is_one_text():
    lines = code("x = '''\ndef\n'''", "python", LOOK)
    ((_, style),) = lines[1]
    assert style.color != code("def", "python", LOOK)[0][0][1].color


@pytest.mark.parametrize("text", ["x = 1\n" * (LARGEST // 3), "x" * 100_000])
def test_too_much_code_is_still_shown(text):
    assert text_of(code(text, "python", LOOK)) == text
