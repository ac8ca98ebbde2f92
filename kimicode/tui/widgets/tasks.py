"""The commands in the background: which there are, what they print, and a way to stop them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message

from kimicode.tui.actions import bindings
from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.text import flow
from kimicode.tui.text.sanitise import visible
from kimicode.tui.widgets.pane import Pane
from kimicode.tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from kimicode.workspace.shell import JobStatus

LOOK_S = 1.0
"""How often a visible list looks at its jobs."""


class Tasks(Container, can_focus=True):
    """`jobs` and `output` are asked once a second while this is on the screen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("tasks")

    class StopAsked(Message):
        """The person wants this job to end."""

        def __init__(self, job_id: str) -> None:
            super().__init__()
            self.job_id = job_id

    def __init__(
        self,
        look: Look,
        jobs: Callable[[], Sequence["JobStatus"]],
        output: Callable[[str], str],
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._look = look
        self._jobs = jobs
        self._output = output
        self._rows = Rows(look.palette, id="tasks-list")
        self._pane = Pane(self._lines, id="tasks-output")
        self._shown: tuple[Row, ...] = ()
        self._text = ""

    def compose(self) -> ComposeResult:
        yield self._rows
        yield self._pane

    def on_mount(self) -> None:
        self.renew()
        self.set_interval(LOOK_S, self.renew)

    def renew(self) -> None:
        """Look at the jobs."""
        rows = tuple(map(row_of, self._jobs())) or (Row("", ("nothing runs in the background",)),)
        if rows != self._shown:
            self._shown = rows
            self._rows.show(rows, self._rows.index)
        chosen = self._rows.chosen
        text = self._output(chosen.value) if chosen is not None and chosen.value else ""
        if text != self._text:
            self._text = text
            self._pane.show(self._lines)
            self._pane.scroll_end(animate=False)

    def action_next(self) -> None:
        self._rows.move(1)
        self.renew()

    def action_previous(self) -> None:
        self._rows.move(-1)
        self.renew()

    def action_stop(self) -> None:
        chosen = self._rows.chosen
        if chosen is not None and chosen.value:
            self.post_message(self.StopAsked(chosen.value))

    def _lines(self, width: int) -> list[Line]:
        texts = visible(self._text).rstrip("\n").split("\n") if self._text else []
        return flow.plain(texts, self._look.palette.code_block, max(1, width), flow.Margin())


def row_of(job: "JobStatus") -> Row:
    """A job in one line."""
    if job.exit_code is None:
        how = "running"
    elif job.processes:
        how = f"exit {job.exit_code}, {job.processes} left running"
    else:
        how = f"exit {job.exit_code}"
    return Row(job.id, (job.command, how, f"{job.duration_s:.0f} s"))
