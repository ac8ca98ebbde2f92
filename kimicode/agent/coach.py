"""What to tell a model whose answer does not bring the work on: small models need it, large ones never hear it.

It speaks where the records show that work remains: nothing was looked at, nothing was run after an edit, the last
command failed, the answer is empty. Where a person is present (`insist` is off) it leaves the judgement to them.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from kimicode.agent import prompt as prompts
from kimicode.agent.flow import Bend, Finished, Stuck, TryAgain
from kimicode.agent.proposals import Proposal
from kimicode.agent.record import Objection, WorkRecord
from kimicode.events import CommandRun
from kimicode.messages import Message, ToolCall
from kimicode.tools.base import ToolOutcome

MOST_USELESS = 4
"""Answers in a row that are empty, cut off or repeat themselves, before the run is given up."""
MOST_UNREADABLE = 2
"""How often what looks like a broken call is asked for again; after that it may be an example in a real answer."""
MOST_BEGINNINGS = 3
"""How often a model is asked to begin by looking."""
BROKEN_CALL = re.compile(
    r"^[ \t]*\{\s*[\"']name[\"']\s*:\s*[\"'](bash|view|createfile|insert|strreplace|submit)[\"']", re.MULTILINE
)
"""The beginning of a call in text; had it been one, it would have been recovered."""
UNUSABLE = {"length": "cut_off", "repetition": "repetition"}


@dataclass(slots=True)
class Coach:
    """`fits` says whether an edit would find its place; `may_act` whether edits are possible and nothing was denied."""

    record: WorkRecord
    insist: bool
    test_command: str
    propose: Callable[[str], Proposal | None]
    fits: Callable[[ToolCall], bool]
    may_act: Callable[[], bool]
    suspects: Callable[[], list[str]]
    """Files of the project, no tests, that were looked at last."""
    asked_a_question: bool = False
    _useless: int = 0
    _unreadable: int = 0
    _beginnings: int = 0
    _described: bool = False
    _failed: tuple[str, int] | None = None
    _wanted: str = ""
    """The command that the model was told to run, until it makes a call."""

    def meant(self, text: str) -> tuple[str, str] | None:
        """The call (tool, arguments) that an answer in text stands for, if it can be told.

        The command that it was just told to run, or, while a command fails, the edit that a code block describes.
        """
        if not self._active():
            return None
        if self._wanted and self._wanted in text:
            return "bash", json.dumps({"command": self._wanted})
        proposal = self.propose(text) if self.record.failing else None
        return ("strreplace", proposal.arguments) if proposal else None

    def before_calls(self, message: Message) -> TryAgain | None:
        """Calls that act before anything was looked at, and could not succeed, are not made."""
        self._useless = 0
        self._wanted = ""
        acts = [call for call in message.tool_calls if call.name in ("strreplace", "submit")]
        if len(acts) < len(message.tool_calls) or any(call.name != "submit" and self.fits(call) for call in acts):
            return None
        return self._begin()

    def after_text(self, text: str, finish_reason: str) -> Bend:
        """An answer without calls ends the turn, unless it is no use or breaks off the work."""
        broken = BROKEN_CALL.search(text) if self._active() and self._unreadable < MOST_UNREADABLE else None
        self._unreadable += broken is not None
        problem = UNUSABLE.get(finish_reason, "malformed" if broken else "" if text else "empty")
        if problem:
            self._useless += 1
            if self._useless > MOST_USELESS:
                return Stuck(f"{self._useless} answers in a row were of no use (empty, cut off, repeating, unreadable)")
        objection = self.record.objection(spoken=True) if self._active() else None
        if objection is not None and problem != "malformed":
            return TryAgain(self._told(objection.kind, failing=objection.failing, advice=self._advice()))
        if problem:
            return TryAgain(self._told(problem, tool=broken[1] if broken else ""))
        return self._undone(text) or Finished(text)

    def after_command(self, outcome: ToolOutcome) -> str:
        """What to add to the same failure seen again, when nothing was changed in between."""
        run = outcome.display
        if not isinstance(run, CommandRun) or not run.exit_code or run.read_only:
            return ""
        before, self._failed = self._failed, (run.command, self.record.edits)
        again = before == self._failed and self._active()
        return f"This is the same failure, for nothing was changed. {self._advice()}" if again else ""

    def before_submit(self) -> str:
        """What is to be said against a submit, or "". The model may insist."""
        objection: Objection | None = self.record.objection() if self._active() else None
        return objection.text if objection else ""

    def _active(self) -> bool:
        return self.insist and self.may_act()

    def _begin(self) -> TryAgain | None:
        if not self._active() or not self.record.idle or self._beginnings >= MOST_BEGINNINGS:
            return None
        self._beginnings += 1
        return TryAgain(self._told("idle"))

    def _undone(self, text: str) -> TryAgain | None:
        """Code in an answer where nothing was done: the model is asked to do it. A question has its answer."""
        if self.record.edits or self.record.commands or not self._active():
            return None
        proposal = self.propose(text) if "```" in text and not self._described else None
        if proposal is not None:
            self._described = True
            return TryAgain(self._told("proposal", arguments=proposal.arguments))
        wanted = "```" in text and not self.asked_a_question
        return self._begin() if wanted or self._beginnings else None

    def _advice(self) -> str:
        """What to do about a failed command: start it rightly, if that was wrong, else change the code."""
        last = self.record.since_edit[-1].command if self.record.since_edit else ""
        if self.record.unstarted and self.test_command and self.test_command not in last:
            return f"It was not started rightly. {self._begin_with()}"
        return prompts.text("wrong_line").format(suspects=" or ".join(self.suspects()) or "the code")

    def _begin_with(self) -> str:
        """The next step in words that a small model follows: the more exact, the better."""
        if self.test_command:
            return f"Call bash with this command: {self.test_command}"
        return "Go on with a tool call: bash, to see what happens, or view, to see the code."

    def _told(self, name: str, **values: str) -> str:
        text = prompts.text(name).format(begin=self._begin_with(), **values)
        self._wanted = self.test_command if self.test_command and self.test_command in text else ""
        return text
