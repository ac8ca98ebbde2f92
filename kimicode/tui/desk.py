"""The session that is open: its blocks, its conversation, and how another one takes its place.

What is heavy to load is loaded in a thread, behind the first paint.
"""

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kimicode import __version__, paths
from kimicode.errors import KimicodeError
from kimicode.tui.content import Note, Welcome
from kimicode.tui.transcript.document import Document
from kimicode.tui.wanted import Wanted

if TYPE_CHECKING:
    from kimicode.events import Emit, Event
    from kimicode.tui.conversation import Conversation
    from kimicode.tui.state import State
    from kimicode.tui.transcript.archive import Archive
    from kimicode.tui.transcript.feed import Feed
    from kimicode.tui.trusting import Judge


class Desk:
    """`shown` is called with another document, `told` with every event, `changed` with every state, `fault` with an
    error that nobody expected, `judge` where a folder's trust is to be settled."""

    def __init__(
        self,
        wanted: Wanted,
        *,
        shown: Callable[[Document], None],
        told: "Emit",
        changed: "Callable[[State], None]",
        fault: Callable[[BaseException], None],
        judge: "Judge",
    ) -> None:
        self.wanted = wanted
        self.folder = wanted.folder
        self.document = Document()
        self.archive: Archive | None = None
        self.open_one: Conversation | None = None
        self.ready = asyncio.Event()
        """Set while there is a conversation, open or opening."""
        self._feed: Feed | None = None
        self._welcomed = False
        self._shown, self._told, self._changed, self._fault = shown, told, changed, fault
        self._judge = judge
        self._opening = asyncio.Lock()

    @property
    def conversation(self) -> "Conversation":
        assert self.open_one is not None, "wait for `ready`"
        return self.open_one

    async def opened(self) -> None:
        """Wait until the session is open, or could not be opened."""
        await self.ready.wait()
        await self.conversation.settled.wait()

    @property
    def session_id(self) -> str:
        return self.open_one.state.session_id if self.open_one else ""

    @property
    def worth_resuming(self) -> bool:
        """Whether anything was said in the session."""
        return bool(self.open_one and self.open_one.state.title)

    @property
    def settled(self) -> bool:
        """Whether the session is open, or could not be opened."""
        return self.ready.is_set() and self.conversation.settled.is_set()

    def welcome(self) -> None:
        """The first block of a new session, before anything is known but the folder."""
        self._welcomed = True
        rows = (("folder", str(self.folder)), ("help", "/help, or F1"))
        self.document.append(Welcome(f"kimicode {__version__}", rows))

    def note(self, note: Note) -> None:
        """A line that is no part of the conversation."""
        self.document.append(note)

    async def open(self, resume: str) -> None:
        """Open a session; "" begins a new one. What cannot be becomes the conversation's state, or a note."""
        async with self._opening:
            await self.close()
            problem = ""
            if resume:
                try:
                    resume = await self._recall(resume)
                except KimicodeError as error:
                    resume, problem = "", str(error)
            if not resume:
                self._begin_anew()
            if problem:
                self.note(Note("warning", f"{problem}\nThis is a new session."))
            await self._converse(resume)

    async def close(self) -> None:
        """Let go of the session, within two seconds."""
        self.ready.clear()
        if self.open_one is not None:
            await self.open_one.close()

    def _begin_anew(self) -> None:
        if not self._welcomed or self.archive is not None or self.open_one is not None:
            self._replace(Document())
            self.welcome()
            self._shown(self.document)

    def _replace(self, document: Document) -> None:
        self.document, self.archive = document, None
        self._feed = None

    async def _recall(self, resume: str) -> str:
        """Show the end of an earlier session at once, the rest when it has been found; returns its id."""
        place, archive = await _loaded("kimicode.agent.place"), await _loaded("kimicode.tui.transcript.archive")
        folder = self.wanted.folder if self.wanted.named or resume == "last" else None
        session, self.folder = await asyncio.to_thread(place.place_of, resume, folder, lambda notice: None)
        self._replace(Document())
        self.archive = archive.Archive(self.document, paths.sessions_dir() / session)
        self.archive.resume(self._feeding)
        self._shown(self.document)
        return str(session)

    async def _converse(self, resume: str) -> None:
        conversation, opening = await _loaded("kimicode.tui.conversation"), await _loaded("kimicode.tui.opening")
        budget = await _loaded("kimicode.agent.budget")
        await _loaded("kimicode.tui.transcript.archive")
        wanted = self.wanted
        beginning = opening.Beginning(
            environ=wanted.environ,
            folder=self.folder if wanted.named or not resume else None,
            flags={name: value for name, value in wanted.flags.items() if value is not None},
            limits=replace(budget.INTERACTIVE, **wanted.limits),
            resume=resume,
            delivery=wanted.delivery,
            trust=wanted.trust,
            judge=self._judge,
        )
        self.open_one = conversation.Conversation(beginning, self._tell, self._changed, self._fault)
        self._changed(self.open_one.state)
        self.open_one.open()
        self.ready.set()
        if self.archive is not None:
            archive, document = self.archive, self.document
            spans = await asyncio.to_thread(archive.index)
            if document is self.document:
                archive.prepend(spans)

    @property
    def _feeding(self) -> "Feed":
        """What makes blocks of events."""
        if self._feed is None:
            from kimicode.tui.transcript.feed import Feed

            self._feed = Feed(self.document)
        return self._feed

    def _tell(self, event: "Event") -> None:
        from kimicode.events import SessionStarted

        if isinstance(event, SessionStarted):
            self.folder = Path(event.cwd)
            if self.archive is None:
                from kimicode.tui.transcript.archive import Archive

                self.archive = Archive(self.document, paths.sessions_dir() / event.session_id)
        self._feeding.feed(event)
        self._told(event)


async def _loaded(module: str) -> Any:
    return await asyncio.to_thread(importlib.import_module, module)
