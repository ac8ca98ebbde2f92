"""The status line: what goes first when the width does not hold all, and that nothing moves while nothing works."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App

from kimicode.messages import Usage
from kimicode.tui.palette import DARK, Look
from kimicode.tui.state import Queued, State
from kimicode.tui.text.cells import width
from kimicode.tui.widgets.status import GAP, StatusLine, fitted, parts_of

LOOK = Look(DARK)
FULL = State(
    phase="working",
    model="kimi-k2.6",
    mode="auto-edit",
    branch="main",
    dirty=3,
    context_tokens=50_000,
    window=200_000,
    speed=42.4,
    usage=Usage(1, 0, 1, 1.234),
    price_limit=5.0,
    steps=7,
    queue=(Queued("next"),),
    jobs=2,
)


def shown(state: State, room: int) -> str:
    return GAP.join(part.text for part in fitted(parts_of(state, LOOK), room))


def test_a_wide_line_says_everything():
    assert shown(FULL, 200) == (
        "auto-edit  kimi-k2.6  25% context  $1.23 of $5.00  main +3  1 queued  2 tasks  42 tok/s  7 steps"
    )


def test_the_mode_and_the_context_stay_longest():
    assert shown(FULL, 40) == "auto-edit  kimi-k2.6  25% context"
    assert shown(FULL, 24) == "auto-edit  25% context"
    assert shown(FULL, 5) == "auto…"


def test_that_nothing_confines_commands_is_said_whatever_else_there_is_to_say():
    bare = replace(FULL, sandbox="none")
    assert shown(bare, 200).startswith("auto-edit  no sandbox  kimi-k2.6  25% context")
    assert shown(bare, 12) == "no sandbox"
    retried = replace(bare, doing="connection reset by peer; attempt 2 of 10")
    assert shown(retried, 40) == "connection reset by peer; a…  no sandbox"


def test_a_sandbox_is_named_where_it_is_not_the_best_one():
    assert shown(replace(FULL, sandbox="landlock"), 200).endswith("landlock")
    assert shown(replace(FULL, sandbox="bubblewrap"), 200) == shown(FULL, 200)


@given(st.text(max_size=40), st.text(max_size=40), st.integers(0, 120))
def test_names_of_any_kind_never_overflow_nor_drive_the_terminal(model, branch, room):
    state = replace(FULL, model=model, branch=branch, doing=model, sandbox="none")
    line = shown(state, room)
    assert width(line) <= room
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in line)


def test_a_question_is_said_first_and_does_not_spin():
    from kimicode.events import ApprovalRequested

    asking = replace(FULL, asking=(ApprovalRequested("c", "bash", "ls"),))
    assert shown(asking, 60).startswith("waits for your answer")


@pytest.mark.parametrize("phase", ["idle", "failed", "closed"])
async def test_it_ticks_only_while_something_works(phase):
    class Bench(App):
        def compose(self):
            yield StatusLine(LOOK, clock=lambda: 75.0)

    app = Bench()
    async with app.run_test(size=(80, 5)):
        line = app.query_one(StatusLine)
        line.show(replace(FULL, began=10.0))
        assert line._timer is not None
        assert "1:05" in line.render_line(0).text
        line.show(replace(FULL, phase=phase))
        assert line._timer is None
        assert "1:05" not in line.render_line(0).text
