"""The commands that run in the background, with their output."""

from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult

from kimicode.errors import KimicodeError
from kimicode.tui.palette import Look
from kimicode.tui.screens.modal import Modal
from kimicode.tui.widgets.tasks import Tasks

if TYPE_CHECKING:
    from kimicode.tui.conversation import Conversation


class TasksScreen(Modal[str]):
    """Looks at the conversation's jobs while it is open."""

    HINT = "{tasks.previous}{tasks.next} choose · {tasks.stop} stops it · {screen.close} closes"

    def __init__(self, conversation: "Conversation", look: Look) -> None:
        super().__init__("In the background", look)
        self._conversation = conversation

    def body(self) -> ComposeResult:
        yield Tasks(self.look, self._conversation.jobs, self._conversation.job_output)

    def on_mount(self) -> None:
        self.query_one(Tasks).focus()

    @on(Tasks.StopAsked)
    @work(group="stop")
    async def _stop(self, message: Tasks.StopAsked) -> None:
        try:
            await self._conversation.stop_job(message.job_id)
        except KimicodeError as error:
            self.tell(str(error))
