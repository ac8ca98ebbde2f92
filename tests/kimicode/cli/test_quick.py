"""The options that are read without typer mean what typer would make of them; the others are left to it."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kimicode.cli.main import build_interactive
from kimicode.cli.quick import MODES, THEMES, read
from kimicode.cli.run import ModeName
from kimicode.cli.tui import ThemeName, with_picker

WORDS = st.one_of(
    st.sampled_from(["-c", "--continue", "-r", "--resume", "--plain", "--thinking", "--instant", "-m", "--model"]),
    st.sampled_from(
        [
            "-C",
            "--mode",
            "--theme",
            "--base-url",
            "--checkpoint",
            "--max-tokens",
            "--max-price",
            "--",
            "",
            "-",
            "-cr",
            "-mx",
            "x=y",
        ]
    ),
    st.sampled_from(
        ["--max-steps", "--max-steps=2", "--mode=auto", "--model=x", "--resume=last", "-C=/tmp", "--theme=", "--help"]
    ),
    st.sampled_from([*MODES, *THEMES, "kimi-k2.6", "/tmp", __file__, "20260101-120000-abcd", "3", "0", "0.5", "1_0"]),
)


def as_typer_reads(arguments: list[str]) -> dict[str, Any]:
    import typer

    context = typer.main.get_command(build_interactive()).make_context("kimicode", with_picker(arguments))
    return {name: str(value) if isinstance(value, Path) else value for name, value in context.params.items()}


@given(st.lists(WORDS, max_size=5))
def test_whatever_is_read_quickly_typer_reads_alike(arguments):
    found = read(arguments)
    if found is not None:
        plainly = {name: str(value) if isinstance(value, Path) else value for name, value in found.items()}
        assert {**as_typer_reads([]), **plainly} == as_typer_reads(arguments)


def test_common_options_are_read_quickly_and_what_is_wrong_is_left_to_typer():
    assert read([]) == {}
    assert read(["-C", "/tmp", "--mode", "auto", "--continue"]) == {
        "folder": Path("/tmp"),
        "mode": "auto",
        "go_on": True,
    }
    for unusual in (["--mode", "wild"], ["--max-steps", "0"], ["-C", __file__], ["--model"], ["--worktree"], ["x"]):
        assert read(unusual) is None


def test_it_knows_every_mode_and_theme():
    assert set(MODES) == {mode.value for mode in ModeName}
    assert set(THEMES) == {theme.value for theme in ThemeName}
