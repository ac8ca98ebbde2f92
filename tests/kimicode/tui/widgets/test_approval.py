"""The question above the composer: what it shows, which keys answer it, and which do not."""

import pytest
from textual.app import App
from textual.widgets import Input

from kimicode.agent.approval import Decision
from kimicode.events import ApprovalRequested, CommandRun, Diff
from kimicode.tui.palette import DARK, Look
from kimicode.tui.widgets.approval import GRACE_S, ApprovalBar

RUN = ApprovalRequested(
    "c1", "bash", "bash: git diff", CommandRun("git diff", "", None), "/srv/x", True, "bash: git diff"
)
ODD = ApprovalRequested("c2", "bash", "bash: ...", CommandRun("echo \x1b[2J\u202e # safe", "", None), "/srv/x", True)
DIFF = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
EDIT = ApprovalRequested("c3", "strreplace", "strreplace: a.py", Diff("a.py", DIFF, 1, 1), "/srv/x", True, "strreplace")
PRICE = ApprovalRequested("c4", "budget", "$0.80 of $1.00 are spent. Go on?")


class Bench(App[None]):
    CSS_PATH = "../../../../kimicode/tui/widgets/around.tcss"

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.answers: list[tuple[str, Decision]] = []
        self.typed = ""
        self.interrupts = 0
        self.bar = ApprovalBar(Look(DARK), clock=lambda: self.now)

    def compose(self):
        yield Input(id="composer")
        yield self.bar

    def on_approval_bar_answered(self, message: ApprovalBar.Answered) -> None:
        self.answers.append((message.call_id, message.decision))

    def on_approval_bar_typed(self, message: ApprovalBar.Typed) -> None:
        self.typed += message.text

    def on_approval_bar_interrupted(self) -> None:
        self.interrupts += 1

    def ask(self, *requests: ApprovalRequested, quiet: bool = True) -> None:
        self.bar.show(requests)
        self.bar.focus()
        if quiet:
            self.bar.call_after_refresh(self.wait)  # behind the paint, from which on the bar counts

    def wait(self) -> None:
        self.now += 2 * GRACE_S

    @property
    def text(self) -> str:
        """All that the bar shows."""
        panels = [child for child in self.bar.children if not isinstance(child, Input) and child.display]
        return "\n".join(panel.render_line(y).text.rstrip() for panel in panels for y in range(panel.size.height))


@pytest.mark.parametrize(
    ("keys", "decision"),
    [
        (("1",), Decision(True)),
        (("y",), Decision(True)),
        (("2",), Decision(True, scope="session")),
        (("down", "enter"), Decision(True, scope="session")),
        (("3", "3"), Decision(True, scope="rule")),
        (("n",), Decision(False)),
        (("4", "u", "s", "e", "space", "g", "o", "enter"), Decision(False, "use go")),
    ],
)
async def test_keys_answer(keys, decision):
    app = Bench()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(RUN)
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
    assert app.answers == [("c1", decision)]


async def test_keys_that_come_too_soon_are_text_and_not_an_answer():
    app = Bench()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(RUN, quiet=False)
        await pilot.pause()
        for key in ("y", "1", "n"):
            app.now += 0.9 * GRACE_S  # more than the grace in all, but never quiet
            await pilot.press(key)
        await pilot.press("enter")
        assert app.answers == []
        assert app.typed == "y1n"
        app.now += 1.1 * GRACE_S
        await pilot.press("q", "y")
        await pilot.pause()
    assert app.typed == "y1nq"
    assert app.answers == [("c1", Decision(True))]


async def test_the_next_question_has_a_grace_of_its_own():
    app = Bench()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(RUN, EDIT)
        await pilot.pause()
        assert "(1 of 2)" in app.text
        await pilot.press("y")
        app.bar.show((EDIT,))
        await pilot.press("y")
        await pilot.pause()
    assert app.answers == [("c1", Decision(True))]
    assert app.typed == "y"


async def test_a_command_is_shown_with_every_byte_and_where_it_runs():
    app = Bench()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(ODD)
        await pilot.pause()
        text = app.text
    assert "Run this command in /srv/x?" in text
    assert "echo ␛[2J<U+202E> # safe" in text
    assert "exactly this command" in text
    assert "always" not in text


async def test_a_rule_is_previewed_before_it_is_made():
    app = Bench()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(RUN)
        await pilot.pause()
        assert "Does not allow" not in app.text
        await pilot.press("3")
        await pilot.pause()
        assert "Does not allow: git diff | sh" in app.text
        assert app.answers == []


async def test_an_edit_is_shown_as_its_diff():
    app = Bench()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(EDIT)
        await pilot.pause()
        text = app.text
    assert "Change a.py?" in text
    assert "x = 1" in text
    assert "x = 2" in text


async def test_a_question_about_the_budget_has_yes_and_no_alone():
    app = Bench()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(PRICE)
        await pilot.pause()
        await pilot.press("2", "3")
        assert app.answers == []
        assert "session" not in app.text
        await pilot.press("1")
        await pilot.pause()
    assert app.answers == [("c4", Decision(True))]


async def test_escape_closes_the_words_and_then_stops_the_turn():
    app = Bench()
    async with app.run_test(size=(80, 24)) as pilot:
        app.ask(RUN)
        await pilot.pause()
        await pilot.press("4", "a", "escape")
        assert app.interrupts == 0
        assert app.bar.has_focus
        await pilot.press("escape")
        await pilot.pause()
    assert (app.interrupts, app.answers) == (1, [])


@pytest.mark.parametrize("size", [(40, 15), (80, 24), (300, 100)])
async def test_a_long_command_scrolls_and_never_covers_the_screen(size):
    long = "\n".join(f"echo line {number} " + "x" * 60 for number in range(40))
    app = Bench()
    async with app.run_test(size=size) as pilot:
        app.ask(ApprovalRequested("c9", "bash", "", CommandRun(long, "", None), "/srv", True))
        await pilot.pause()
        assert app.bar.size.height < 0.75 * size[1]
        assert "echo line 0" in app.text
        for _ in range(60):
            if "echo line 39" in app.text:
                break
            await pilot.press("pagedown")
        assert "echo line 39" in app.text
        assert all(len(row) <= size[0] for row in app.text.split("\n"))


async def test_on_a_short_screen_the_preview_takes_the_place_of_the_rest():
    app = Bench()
    async with app.run_test(size=(40, 15)) as pilot:
        app.ask(RUN)
        await pilot.pause()
        await pilot.press("3")
        await pilot.pause()
        text = app.text
        assert "Does not allow" in text
        assert "Enter or 3 makes the rule" in text
        assert "Run this command" not in text
        await pilot.press("up")
        await pilot.pause()
        assert "Run this command" in app.text
