"""What comes up around the transcript: search, plan, question and queue; the status line belongs to the frame.

These need the agent's types, which take long to load: they are imported and mounted behind the first paint.
"""

from collections.abc import Callable, Mapping

from textual.widget import Widget

from kimicode.tui.notify import Notifier
from kimicode.tui.palette import Look
from kimicode.tui.state import State
from kimicode.tui.widgets.approval import ApprovalBar
from kimicode.tui.widgets.plan import PlanPanel
from kimicode.tui.widgets.queue import QueuePanel
from kimicode.tui.widgets.search import SearchBar
from kimicode.tui.widgets.status import StatusLine


class Around:
    """Shows a state in all of them. `write` sends to the terminal."""

    def __init__(
        self, look: Look, status: StatusLine, write: Callable[[str], None], environ: Mapping[str, str]
    ) -> None:
        self.search = SearchBar()
        self.plan = PlanPanel(look)
        self.approval = ApprovalBar(look)
        self.queue = QueuePanel(look)
        self.status = status
        self.notifier = Notifier(write, environ)
        self.state = State()

    async def mount(self, above: Widget) -> None:
        """Put them where they belong: above the place where prompts are written."""
        await above.mount(self.search, self.plan, self.approval, self.queue)

    def set_look(self, look: Look) -> None:
        """Paint in other colours."""
        self.plan.look = self.queue.look = self.status.look = look
        self.approval.set_look(look)

    def show(self, state: State) -> bool:
        """Show a state. True where a question came up or the last one went: then the focus has to move."""
        before, self.state = self.state, state
        self.plan.show(state.plan)
        self.approval.show(state.asking)
        self.queue.show(state.queue, state.held, state.steered)
        self.status.show(state)
        self.notifier.watch(state)
        if state.title:
            self.notifier.title(f"kimicode: {state.title}")
        return bool(before.asking) != bool(state.asking)
