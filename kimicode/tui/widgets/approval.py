"""The question above the composer: exactly what would run or change, and the answers there are.

A key counts as an answer only after a moment without keys: who is typing when a question comes up goes on typing.
"""

import math
import time
from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input

from kimicode.agent.decision import Decision
from kimicode.agent.rules import parse, preview
from kimicode.events import ApprovalRequested, CommandRun, Diff, Scope
from kimicode.tui.actions import bindings
from kimicode.tui.lines import Line
from kimicode.tui.palette import Look
from kimicode.tui.text import diff
from kimicode.tui.text.cells import crop, wrap
from kimicode.tui.text.sanitise import exact, one_line, symbol, visible
from kimicode.tui.widgets.panel import Panel

GRACE_S = 0.4
BODY = 24
"""Lines of what is asked about that are shown at once, of a high screen."""
STEP = 6
"""Lines by which the bar itself goes on where the screen is lower than it is."""
SHORT = 24
"""Lines of a screen on which a rule's preview and what is asked about do not fit together."""
WORDS = "words"
ONCE, SESSION, RULE = "once", "session", "rule"


class ApprovalBar(Container, can_focus=True):
    """Shows the oldest open question. The app puts the focus here and takes it back; typed text goes on to `Typed`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("approval")

    class Answered(Message):
        """The person decided."""

        def __init__(self, call_id: str, decision: Decision) -> None:
            super().__init__()
            self.call_id = call_id
            self.decision = decision

    class Typed(Message):
        """Text that was meant for the composer."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Interrupted(Message):
        """The person wants the turn to stop."""

    def __init__(
        self,
        look: Look,
        *,
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._clock = clock
        self._quiet_since = 0.0
        self._asking: tuple[ApprovalRequested, ...] = ()
        self._question = _Question(look)
        self._answers = _Answers(look)
        self._words = Input(placeholder="What should it do instead?", id="approval-words", select_on_focus=False)
        self._words.display = False
        self.display = False

    def compose(self) -> ComposeResult:
        yield self._question
        yield self._answers
        yield self._words

    def set_look(self, look: Look) -> None:
        """Paint in other colours."""
        self._question.look = self._answers.look = look

    @property
    def request(self) -> ApprovalRequested | None:
        """The question that is shown."""
        return self._asking[0] if self._asking else None

    def show(self, asking: tuple[ApprovalRequested, ...]) -> None:
        """Show the first of these questions; none hide the bar."""
        before = self.request
        self._asking = asking
        self.display = bool(asking)
        if self.request is not None and self.request != before:
            self._quiet_since = math.inf
            self.call_after_refresh(self._seen)
            self._close_words()
            self._question.ask(self.request, len(asking))
            self._answers.offer(self.request)
        elif asking:
            self._question.count(len(asking))

    def _seen(self) -> None:
        """From now on the question stands on the screen."""
        self._quiet_since = self._clock()

    async def on_key(self, event: events.Key) -> None:
        """Keys that come too soon are no answers; those that are text belong to the composer, or to a no's words.

        An answer is acted on here, before the next key: of several that arrive at once, "4" makes words of the rest.
        """
        text = event.character if event.is_printable else None
        if self._words.display:
            if text is not None:  # on its way before the words had the focus
                event.stop()
                self._words.insert_text_at_cursor(text)
            return
        if not self.has_focus:
            return
        pressed = self._clock() - (time.monotonic() - event.time)  # on a busy machine it waited to be read
        if pressed - self._quiet_since < GRACE_S:
            self._quiet_since = pressed
            event.stop()
        elif action := self._action_of(event.key):
            event.stop()
            await self.run_action(action)
            return
        if text is not None:
            event.stop()
            self.post_message(self.Typed(text))

    def on_paste(self, event: events.Paste) -> None:
        if self.has_focus:
            event.stop()
            self.post_message(self.Typed(event.text))

    def _action_of(self, key: str) -> str:
        """What a key does here; "" for one that has another meaning, or none."""
        found = self.app.active_bindings.get(key)
        return found.binding.action if found is not None and found.node is self else ""

    # --- answers --------------------------------------------------------------------------------------------

    def action_once(self) -> None:
        self._decide(ONCE)

    def action_session(self) -> None:
        self._decide(SESSION)

    def action_rule(self) -> None:
        if self._answers.chosen != RULE:
            self._answers.choose(RULE)  # its preview first
            self._make_room()
        else:
            self._decide(RULE)

    def _make_room(self) -> None:
        """On a short screen a rule's preview takes the place of what is asked about, until another answer is marked."""
        previewing = self._answers.chosen == RULE and self.app.size.height < SHORT
        self._question.display = not previewing

    def action_words(self) -> None:
        self._answers.choose(WORDS)
        self._make_room()
        self._words.display = True
        self._words.focus()

    def action_reject(self) -> None:
        self._answer(Decision(False))

    def action_next(self) -> None:
        self._answers.move(1)
        self._make_room()

    def action_previous(self) -> None:
        self._answers.move(-1)
        self._make_room()

    def action_choose(self) -> None:
        if self._answers.chosen == WORDS:
            self.action_words()
        else:
            self._decide(self._answers.chosen)

    def action_scroll_down(self) -> None:
        self._scroll(1)

    def action_scroll_up(self) -> None:
        self._scroll(-1)

    def _scroll(self, direction: int) -> None:
        if self._question.display:
            self._question.scroll_page(direction)
        self.scroll_relative(y=direction * STEP, animate=False)

    def action_interrupt(self) -> None:
        if self._words.display:
            self._close_words()
            self.focus()
        else:
            self.post_message(self.Interrupted())

    @on(Input.Submitted, "#approval-words")
    def _say_no(self, event: Input.Submitted) -> None:
        event.stop()
        self._answer(Decision(False, event.value.strip()))

    def _decide(self, choice: str) -> None:
        scopes: dict[str, Scope] = {ONCE: "once", SESSION: "session", RULE: "rule"}
        if choice in self._answers.offered:
            self._answer(Decision(True, scope=scopes[choice]))

    def _answer(self, decision: Decision) -> None:
        if self.request is not None:
            self.post_message(self.Answered(self.request.call_id, decision))

    def _close_words(self) -> None:
        self._words.display = False
        self._words.value = ""


class _Question(Panel):
    """What is asked about: every character of it can be seen, further down by scrolling."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._request: ApprovalRequested | None = None
        self._waiting = 1
        self._top = 0

    def ask(self, request: ApprovalRequested, waiting: int) -> None:
        self._request, self._waiting, self._top = request, waiting, 0
        self.renew()

    def count(self, waiting: int) -> None:
        if waiting != self._waiting:
            self._waiting = waiting
            self.renew()

    def scroll_page(self, direction: int) -> None:
        """A line of what was seen stays in sight."""
        self._top += direction * (self._room - 1)
        self.renew()

    @property
    def _room(self) -> int:
        return max(3, min(BODY, (self.app.size.height if self.is_attached else SHORT) // 3))

    def lay_out(self, width: int) -> list[Line]:
        if self._request is None:
            return []
        palette = self.look.palette
        body = _body(self._request, width, self.look)
        room = self._room
        self._top = max(0, min(self._top, len(body) - room))
        waiting = f" (1 of {self._waiting})" if self._waiting > 1 else ""
        head = crop(_head(self._request), width - len(waiting)) + waiting
        lines = [Line(Strip([Segment(head, palette.warning)]), head), *body[self._top : self._top + room]]
        hidden = len(body) - room
        if hidden > 0:
            shown = f"lines {self._top + 1} to {self._top + room} of {len(body)}: PgUp, PgDn"
            lines.append(Line(Strip([Segment(one_line(shown, width), palette.muted)]), shown))
        return lines


class _Answers(Panel):
    """The answers there are, one marked; below them what a rule would allow."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.offered: dict[str, str] = {}
        self._rule = ""
        self._place = 0

    @property
    def chosen(self) -> str:
        return list(self.offered)[self._place] if self.offered else ONCE

    def offer(self, request: ApprovalRequested) -> None:
        self._rule, self._place = request.rule, 0
        self.offered = {ONCE: "1 Yes"}
        if request.repeatable:
            exactly = "exactly this command" if isinstance(request.display, CommandRun) else "exactly this file"
            what = one_line(request.rule) if request.rule else exactly
            self.offered[SESSION] = f"2 Yes, for this session: {what}"
        if request.rule:
            self.offered[RULE] = f"3 Yes, always: {one_line(request.rule)} ..."
        self.offered[WORDS] = "4 No, and say what to do instead (n: just no)"
        self.renew()

    def choose(self, choice: str) -> None:
        if choice in self.offered:
            self._place = list(self.offered).index(choice)
            self.renew()

    def move(self, places: int) -> None:
        if self.offered:
            self._place = (self._place + places) % len(self.offered)
            self.renew()

    def lay_out(self, width: int) -> list[Line]:
        palette = self.look.palette
        lines: list[Line] = []
        short = self.is_attached and self.app.size.height < SHORT
        for place, text in enumerate(self.offered.values()):
            marked = place == self._place
            if short and self.chosen == RULE and not marked:
                continue
            mark = ("> " if self.look.ascii else "› ") if marked else "  "
            shown = one_line(text, max(1, width - 2))
            strip = Strip([Segment(f"{mark}{shown}", palette.accent if marked else palette.text)])
            lines.append(Line(strip.crop(0, width), shown, gutter=2))
        if self._rule and self.chosen == RULE:
            said = f"{preview(parse(self._rule))}\nEnter or 3 makes the rule; rules.toml in the configuration keeps it."
            lines += [
                Line(Strip([Segment(piece, palette.muted)]), piece)
                for row in said.split("\n")
                for piece in wrap(row, max(2, width))
            ]
        return lines


def _head(request: ApprovalRequested) -> str:
    match request.display:
        case CommandRun():
            head = f"Run this command in {request.cwd}?"
        case Diff(path=path, created=True):
            head = f"Create {path}?"
        case Diff(path=path):
            head = f"Change {path}?"
        case _:
            head = request.question
    return exact(head).replace("\n", symbol("\n"))


def _body(request: ApprovalRequested, width: int, look: Look) -> list[Line]:
    """The whole question where a line has no room for it, why it is asked, and the command or diff with every byte."""
    why = wrap(f"Careful: {visible(request.warning)}", max(2, width)) if request.warning else ()
    head = wrap(_head(request), max(2, width))
    told = [*(head if len(head) > 1 else ()), *why]
    lines = [Line(Strip([Segment(piece, look.palette.warning)]).crop(0, width), piece) for piece in told]
    match request.display:
        case CommandRun(command):
            rows = exact(command).split("\n")
            pieces = [piece for row in rows for piece in wrap(row, max(2, width - 2))]
            lines += [_code(piece, width, look) for piece in pieces]
        case Diff(text=text):
            lines += diff.unified(text, width, look, names=False)
    return lines


def _code(text: str, width: int, look: Look) -> Line:
    strip = Strip([Segment("  "), Segment(text, look.palette.code_block)])
    return Line(strip.crop(0, width), text, gutter=2)
