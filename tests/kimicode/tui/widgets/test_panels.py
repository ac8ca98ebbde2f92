"""Plan, queue and background jobs around the transcript."""

import pytest
from textual.app import App

from kimicode.events import PlanStep
from kimicode.messages import Image
from kimicode.tui.palette import DARK, Look
from kimicode.tui.state import Queued
from kimicode.tui.widgets.plan import PlanPanel, window
from kimicode.tui.widgets.queue import QueuePanel
from kimicode.tui.widgets.tasks import Tasks
from kimicode.workspace.shell import JobStatus

LOOK = Look(DARK)
STEPS = tuple(PlanStep(f"step {n}", "done" if n < 10 else "active" if n == 10 else "pending") for n in range(20))


class Bench(App[None]):
    CSS_PATH = "../../../../kimicode/tui/widgets/around.tcss"

    def __init__(self, widget) -> None:
        super().__init__()
        self.widget = widget
        self.stopped: list[str] = []

    def compose(self):
        yield self.widget

    def on_tasks_stop_asked(self, message: Tasks.StopAsked) -> None:
        self.stopped.append(message.job_id)


def text(panel) -> list[str]:
    return [panel.render_line(y).text.rstrip() for y in range(panel.size.height)]


@pytest.mark.parametrize("size", [(40, 15), (80, 24)])
async def test_the_plan_shows_the_step_that_is_worked_on(size):
    panel = PlanPanel(LOOK)
    app = Bench(panel)
    async with app.run_test(size=size) as pilot:
        assert not panel.display
        panel.show(STEPS)
        await pilot.pause()
        assert text(panel)[0].strip() == "Plan, 10 of 20 done"
        assert "◐ step 10" in "\n".join(text(panel))
        assert panel.size.height == 9
        assert not panel.toggle()
        assert not panel.display
        panel.show(())
        panel.toggle()
        assert not panel.display


def test_the_window_on_a_plan_never_leaves_it():
    for done in range(len(STEPS) + 1):
        steps = tuple(PlanStep("s", "done" if n < done else "pending") for n in range(len(STEPS)))
        assert len(steps[window(steps, 8)]) == 8


async def test_the_queue_is_shown_on_one_line_each():
    panel = QueuePanel(LOOK)
    app = Bench(panel)
    async with app.run_test(size=(60, 10)) as pilot:
        panel.show((Queued("first\nline", (Image("image/png", ""),)), *[Queued("\x1b[2J" + "x" * 200)] * 4), True)
        await pilot.pause()
        shown = text(panel)
        assert shown[0].strip().startswith("Queued, 2 more (held")
        assert "first line [1 image]" in shown[1]
        assert "␛[2J" in shown[2]
        assert len(shown) == 4
        panel.show((), False)
        assert not panel.display


async def test_a_job_is_listed_looked_at_and_stopped():
    jobs = [JobStatus("1", "make\nall", None, 3.0, 1), JobStatus("2", "true", 0, 0.1, 0)]
    output = {"1": "building\x07\n", "2": "done\n"}
    tasks = Tasks(LOOK, lambda: jobs, lambda job_id: output[job_id])
    app = Bench(tasks)
    async with app.run_test(size=(60, 20)) as pilot:
        tasks.focus()
        await pilot.pause()
        assert "make all" in tasks.query_one("#tasks-list").render_line(0).text
        assert "building␇" in tasks.query_one("#tasks-output").render_line(0).text
        await pilot.press("down")
        await pilot.pause()
        assert "done" in tasks.query_one("#tasks-output").render_line(0).text
        await pilot.press("up", "x")
        await pilot.pause()
    assert app.stopped == ["1"]
