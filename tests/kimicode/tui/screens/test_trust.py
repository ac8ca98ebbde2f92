"""The question about trust: its answers, and keys that were meant for a prompt."""

from pathlib import Path

import pytest

from kimicode.tui.screens.trust import TrustScreen
from kimicode.tui.trusting import Question
from tests.fakes.stage import LOOK, Stage, text_of

HOSTILE = "/tmp/\x1b[2Jevil\u202e"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Asked:
    """A screen with its clock, and what was typed past it."""

    def __init__(self, question: Question | None = None) -> None:
        self.clock = Clock()
        self.typed: list[str] = []
        screen = TrustScreen(question or Question(Path("/code/new")), LOOK, self.typed.append, clock=self.clock)
        self.app = Stage(screen)


@pytest.mark.parametrize(
    ("keys", "outcome"),
    [
        (["1"], "trusted"),
        (["2"], "untrusted"),
        (["3"], None),
        (["enter"], "untrusted"),
        (["up", "enter"], "trusted"),
        (["down", "enter"], None),
        (["escape"], None),
        (["ctrl+c"], None),
    ],
)
async def test_each_key_means_what_is_shown_and_enter_alone_trusts_nothing(keys, outcome):
    asked = Asked()
    async with asked.app.run_test() as pilot:
        asked.clock.now = 1.0
        await pilot.press(*keys)
        await pilot.pause()
        assert asked.app.outcome == outcome
        assert asked.typed == []


async def test_who_is_typing_goes_on_typing_and_answers_nothing(home):
    asked = Asked()
    async with asked.app.run_test() as pilot:
        await pilot.press("f", "i", "x", "space", "1", "enter", "escape")
        asked.clock.now = 0.3
        await pilot.press("2")
        asked.clock.now = 0.6
        await pilot.press("3")
        assert asked.app.outcome == "still open"
        asked.clock.now = 2.0
        await pilot.press("x")
        asked.clock.now = 2.1
        await pilot.press("1")
        assert asked.app.outcome == "still open"
        asked.clock.now = 3.0
        await pilot.press("1")
        await pilot.pause()
    assert "".join(asked.typed) == "fix 123x1"
    assert asked.app.outcome == "trusted"


async def test_it_fits_the_smallest_terminal_and_shows_what_a_name_hides():
    asked = Asked(Question(Path(HOSTILE)))
    async with asked.app.run_test(size=(40, 15)):
        text = text_of(asked.app)
        assert "1 Trust it" in text
        assert "3 Quit" in text
        assert "\x1b[2J" not in text
        assert "\u202e" not in text


async def test_what_changed_is_listed():
    asked = Asked(Question(Path("/code/new"), ("AGENTS.md", ".kimicode/commands/a\x07.md")))
    async with asked.app.run_test() as pilot:
        text = text_of(asked.app)
        assert "AGENTS.md" in text
        assert "\x07" not in text
        asked.clock.now = 1.0
        await pilot.press("2")
        await pilot.pause()
    assert asked.app.outcome == "untrusted"
