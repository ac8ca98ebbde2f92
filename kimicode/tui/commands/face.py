"""What a command may ask of the interface it runs in: the app with its screens, or the plain prompt."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from kimicode.tui.keys import KeyMap
from kimicode.tui.widgets.rows import Row

if TYPE_CHECKING:  # heavy, and loaded behind the first paint
    from kimicode.tui.conversation import Conversation


class Face(Protocol):
    """Implemented by `app_face.AppFace` and `plain.PlainFace`."""

    @property
    def conversation(self) -> "Conversation":
        """The open conversation."""

    @property
    def folder(self) -> Path:
        """Where the session works."""

    @property
    def keys(self) -> KeyMap: ...

    def note(self, level: Literal["info", "warning", "error"], text: str) -> None:
        """A line in the transcript that is no part of the conversation."""

    def read(self, title: str, markdown: str) -> None:
        """Show a text."""

    async def pick(self, title: str, rows: Sequence[Row]) -> str | None:
        """Let the person choose; the value of the row, or None."""

    async def pick_session(self) -> str | None:
        """The id of an earlier session, or None."""

    async def pick_theme(self) -> str | None:
        """The name of a theme, tried on, or None."""

    def wear(self, theme: str) -> None:
        """Put a theme on; `auto` looks at the terminal."""

    def show_help(self, topic: str) -> None: ...

    async def show_changes(self, *, turn: bool) -> None: ...

    def show_context(self) -> None: ...

    def show_tasks(self) -> None: ...

    def show_plan(self) -> None: ...

    def write(self, text: str) -> None:
        """Put a text where prompts are written."""

    def copy(self, text: str) -> None:
        """To the clipboard."""

    def answer(self) -> str:
        """The Markdown source of the last answer; "" where there is none."""

    async def open(self, session: str) -> None:
        """Close this session and open another one; "" begins a new one."""

    async def doctor(self) -> str:
        """The findings of `kimicode doctor`."""

    def leave(self) -> None: ...
