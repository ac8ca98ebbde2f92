import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode_engine.parsers.tool_calls import SPELLED_BEGIN, SPELLED_END, Prose, call_name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("functions.bash:0", "bash"),
        (" functions.bash:12 ", "bash"),
        ("functions.my-server.read-file:3", "my-server.read-file"),
        ("functions.get_weather_2:1", "get_weather_2"),
        ("functions_get_weather_1", "get_weather"),
        ("functions.bash", "bash"),
        ("bash:0", "bash"),
        ("bash", "bash"),
        ("mcp__files__read-all", "mcp__files__read-all"),
        ("call_x", "call_x"),
        ("functions.:3", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_name_is_read_from_every_known_form_of_id(header, name):
    assert call_name(header) == name


@pytest.mark.parametrize(
    "header",
    ["functions.exec2:5", "functions_exec2_5", "functionsexec25", "exec2:5", "exec2_5", "call_exec2:5", "exec2"],
)
def test_a_declared_name_decides_between_readings(header):
    assert call_name(header, {"exec2", "other"}) == "exec2"


def test_digits_belong_to_the_name_that_is_declared_with_them():
    assert call_name("functions_step_1", {"step_1", "step"}) == "step_1"


@given(st.text(max_size=40), st.lists(st.text("ab_.:0", max_size=6), max_size=3))
def test_any_id_has_a_name(header, declared):
    assert isinstance(call_name(header, declared), str)


def test_a_spelled_section_marker_goes_when_a_call_follows():
    prose = Prose()
    assert prose.feed(f"Reading. {SPELLED_BEGIN}\n") == "Reading. "
    assert prose.before_call() == ""


def test_a_spelled_section_marker_stays_when_the_answer_is_about_it():
    prose = Prose()
    text = f"The marker {SPELLED_BEGIN} begins a section, <b>not</b> {SPELLED_BEGIN}"
    assert "".join(map(prose.feed, text)) + prose.flush() == text


def test_white_space_and_spelled_ends_after_a_call_go():
    prose = Prose()
    prose.after_call()
    assert "".join(map(prose.feed, f"\n {SPELLED_END}\n  Done.\n")) == "Done.\n"


@given(st.text("a< \n", max_size=20), st.lists(st.sampled_from([SPELLED_BEGIN, SPELLED_END, "<|tool", " " * 20])))
def test_text_that_no_call_stands_beside_is_kept_whole(text, others):
    whole = text + "".join(others) + text
    prose = Prose()
    assert "".join(map(prose.feed, whole)) + prose.flush() == whole
