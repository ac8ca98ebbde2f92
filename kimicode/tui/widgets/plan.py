"""The plan's steps, as far as there is room; the one that is worked on stays in sight."""

from rich.segment import Segment
from textual.strip import Strip

from kimicode.events import PlanStep
from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.text.sanitise import one_line
from kimicode.tui.widgets.panel import Panel

MOST = 8
_MARKS = {"pending": "☐", "active": "◐", "done": "☑"}
_ASCII_MARKS = {"pending": "[ ]", "active": "[>]", "done": "[x]"}


class PlanPanel(Panel):
    """Hidden where there are no steps, and while the person does not want to see it."""

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(look, id=id)
        self._steps: tuple[PlanStep, ...] = ()
        self._wanted = True

    def show(self, steps: tuple[PlanStep, ...]) -> None:
        """Show these steps."""
        if steps != self._steps:
            self._steps = steps
            self.renew()

    def toggle(self) -> bool:
        """Show or hide it; whether it is shown from now on."""
        self._wanted = not self._wanted
        self.renew()
        return self._wanted

    def lay_out(self, width: int) -> list[Line]:
        if not self._wanted or not self._steps:
            return []
        palette = self.look.palette
        done = sum(step.state == "done" for step in self._steps)
        head = one_line(f"Plan, {done} of {len(self._steps)} done", width)
        shown = () if done == len(self._steps) else self._steps[window(self._steps, MOST)]
        return [Line(Strip([Segment(head, palette.muted)]), head), *(self._line(step, width) for step in shown)]

    def _line(self, step: PlanStep, width: int) -> Line:
        palette = self.look.palette
        styles = {"pending": palette.text, "active": palette.accent, "done": palette.muted}
        mark = (_ASCII_MARKS if self.look.ascii else _MARKS)[step.state]
        title = one_line(step.title, max(1, width - len(mark) - 1))
        strip = Strip([Segment(f"{mark} {title}", styles[step.state])])
        return Line(strip.crop(0, width), title, gutter=len(mark) + 1)


def window(steps: tuple[PlanStep, ...], most: int) -> slice:
    """Which steps to show of too many: those around the first that is not done."""
    present = next((place for place, step in enumerate(steps) if step.state != "done"), len(steps))
    start = max(0, min(present - most // 2, len(steps) - most))
    return slice(start, start + most)
