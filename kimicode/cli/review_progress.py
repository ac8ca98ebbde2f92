"""How a review's progress is shown on stderr: lines that stay for what was decided, one below them for what goes on."""

import os
import time
from collections.abc import Callable

from kimicode.cli.cells import cut, width_of
from kimicode.cli.progress import DIM, RED, RESET, YELLOW, clear, columns, count, put
from kimicode.event import Event
from kimicode.messages import Usage
from kimicode.review.findings import Finding
from kimicode.review.progress import (
    FaultJudged,
    FaultReported,
    ReviewDelayed,
    ReviewerEnded,
    ReviewerUpdated,
    ReviewSpent,
    ReviewStarted,
    VerifyingStarted,
)
from kimicode.review.render import words
from kimicode.sessions.transcript import printable

REPAINT_S = 0.1
LOG_S = 60.0
"""So often a log hears that it goes on: who watches one takes silence for a fault, and some runners end it."""


class ReviewProgress:
    """`live`: somebody watches a terminal. Without it lines are plain, and `quiet` leaves them out."""

    def __init__(self, *, live: bool, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        dumb = os.environ.get("TERM", "dumb") == "dumb"
        self._live = live and not dumb
        self._colour = self._live and not os.environ.get("NO_COLOR")
        self._quiet = quiet
        self._clock = clock
        self._start = self._told = clock()
        self._painted = 0.0
        self._shown = 0
        self._phase = "reading the change"
        self._doing = ""
        self._delays: set[str] = set()
        self._ended = self._agents = self._reported = self._real = 0
        self._usage = Usage()

    def say(self, text: str) -> None:
        """Something to be known that is no event of the review."""
        self._line(DIM, _one_line(text))

    def show(self, event: Event) -> None:
        match event:
            case ReviewStarted():
                self._begin(event)
            case ReviewerUpdated():
                self._doing = event.doing
            case ReviewerEnded():
                self._end(event)
            case FaultReported():
                self._reported += 1
            case VerifyingStarted():
                self._phase, self._agents, self._ended = "checking", event.claims + event.threads, 0
                self._doing = ""
            case FaultJudged():
                self._judge(event)
            case ReviewDelayed():
                self._delay(event)
            case ReviewSpent():
                self._usage = event.usage
        self._paint()

    def tick(self) -> None:
        """Once a second: time goes on where nothing happens."""
        now = self._clock()
        if not self._live and now - self._told >= LOG_S:
            self._line(DIM, self._status(now))
        self._paint()

    def phase(self, text: str) -> None:
        """What goes on until the review tells more."""
        self._phase = text
        self._paint(force=True)

    def stopping(self) -> None:
        """The first Ctrl-C came."""
        self.phase("stopping; Ctrl-C again ends it at once")

    def close(self) -> None:
        clear(self._shown)
        self._shown = 0

    def _begin(self, event: ReviewStarted) -> None:
        self._phase, self._agents = "looking", event.parts * len(event.finders)
        if not event.parts:  # the end says why nothing is read
            return
        what = f"{words.count(event.files, 'file')}, {words.count(event.lines, 'changed line')}"
        parts = f" in {event.parts} parts" if event.parts > 1 else ""
        self._line(DIM, f"{_one_line(event.model)} reviews {what}{parts}")

    def _end(self, event: ReviewerEnded) -> None:
        self._doing = ""
        self._ended += 1
        if event.end == "failed":
            self._line(YELLOW, f"! a reviewer failed: {_one_line(event.why)}")

    def _delay(self, event: ReviewDelayed) -> None:
        """Each reason once: many agents meet the same."""
        self._doing = f"waiting {event.wait_s:.0f}s: {event.reason}"
        if event.reason not in self._delays:
            self._delays.add(event.reason)
            self._line(YELLOW, f"! {_one_line(event.reason)}; trying again")

    def _judge(self, event: FaultJudged) -> None:
        if event.verdict == "real":
            self._real += 1
            self._line(RED, f"● {event.finding.severity.label}: {_place(event.finding)} {event.finding.claim}")
        else:
            why = event.verdict or "no verdict"
            self._line(DIM, f"· {_one_line(why)}: {_place(event.finding)} {event.finding.claim}")

    def _line(self, colour: str, text: str) -> None:
        if self._quiet:
            return
        self._told = self._clock()
        self.close()
        text = cut(" ".join(printable(text).split()), max(40, columns() - 1) if self._live else 400)
        put(f"{colour}{text}{RESET}\n" if self._colour else f"{text}\n")

    def _paint(self, *, force: bool = False) -> None:
        now = self._clock()
        if not self._live or self._quiet or (not force and now - self._painted < REPAINT_S):
            return
        self._painted = now
        text = cut(f"  {self._status(now)}", columns() - 3)
        self.close()
        put(f"{DIM}{text}{RESET}" if self._colour else text)
        self._shown = width_of(text)

    def _status(self, now: float) -> str:
        usage = self._usage
        pieces = [f"{self._phase}, {self._ended} of {self._agents} done" if self._agents else self._phase]
        pieces.append(f"{now - self._start:.0f}s")
        if self._reported:
            pieces.append(f"{self._reported} reported, {self._real} confirmed")
        if usage.total_tokens:
            pieces.append(f"{count(usage.input_tokens)} in, {count(usage.output_tokens)} out")
        if usage.price:
            pieces.append(f"${usage.price:.3f}")
        if self._doing:
            pieces.append(_one_line(self._doing))
        return " · ".join(pieces)


def _place(finding: Finding) -> str:
    return f"{_one_line(finding.path)}:{finding.first}"


def _one_line(text: str) -> str:
    return cut(" ".join(printable(text).split()), 200)
