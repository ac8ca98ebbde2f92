"""The oracle: a model that knows the bug and shows how one works who does not. It sees what every model sees.

Look, run the tests, read the failure, change one thing, run them again; take back what did not help; submit.
"""

import json
import random
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nano_training.episodes import wording
from nano_training.episodes.episode import Learn, UnplayableError
from nano_training.episodes.replacing import replacements
from nano_training.episodes.script import Script, Try
from nano_training.episodes.slips import slip
from nano_training.episodes.telling import failure

Json = Mapping[str, Any]
Call = tuple[str, dict[str, Any]]

PATIENCE_S = 20
"""For tests that an edit may have made endless: the product's own 60 s are long for small ones."""
_COMMAND = re.compile(r"^Test command: (.+)$", re.MULTILINE)
_RUNNING = re.compile(r"^\[still running after .* in the background as job (\d+)\.", re.MULTILINE)
_PASSED = re.compile(r"^OK\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says and calls; `learn`: how far it is right to do so, given what was seen."""

    text: str
    calls: tuple[Call, ...]
    learn: Learn = Learn.ALL

    @property
    def written(self) -> tuple[tuple[str, str], ...]:
        """The calls with their arguments as a model writes them."""
        return tuple((name, json.dumps(arguments, ensure_ascii=False)) for name, arguments in self.calls)


Answers = Generator[Answer, tuple[str, ...], None]
"""Yields answers and is sent the results of their calls."""


class Oracle:
    """Of one episode: `answer` is called with the messages of each request in turn; `learnt` says of each what is."""

    def __init__(self, path: str, broken: str, script: Script, rng: random.Random) -> None:
        self._path = path
        self._broken = self._current = broken
        self._script = script
        self._rng = rng
        self._command = ""
        self._work: Answers | None = None
        self.learnt: list[Learn] = []

    def answer(self, messages: Sequence[Json]) -> Answer:
        """The next answer. Raises UnplayableError where there was to be no further request."""
        try:
            if self._work is None:
                found = _COMMAND.search(messages[0]["content"])
                self._command = found[1] if found else ""
                self._work = self._tested() if found else self._untested()
                answer = next(self._work)
            else:
                answer = self._work.send(results(messages))
        except StopIteration:
            raise UnplayableError(f"asked again after the end: {messages[-1]['content']!r}") from None
        self.learnt.append(answer.learn)
        return answer

    def _tested(self) -> Answers:
        output = yield from self._first_run()
        stopping = stops(output)
        if stopping or self._script.looks or f"\n{self._path}:\n```\n" not in output:
            words = wording.STUCK if stopping else wording.VIEWING
            yield Answer(self._say(words), (*stopping, ("view", {"path": self._path})))
        before = ""
        for number, attempt in enumerate(self._script.tries):
            reason = f"{self._reason(before, output)} {attempt.suspicion}".strip()
            yield from self._change(number, attempt, reason, stops(output) if number else ())
            before = output
            (output,) = yield Answer("", (self._test_again,))
            if _PASSED.search(output):
                yield from self._submit(self._say(wording.FIXED, why=attempt.why))
                return
        yield from self._give_up(output)

    def _first_run(self) -> Generator[Answer, tuple[str, ...], str]:
        (output,) = yield Answer(self._say(wording.TESTING), (self._test,))
        if "No module named pytest" in output:
            self._command = f"{self._command.split()[0]} -m unittest"
            (output,) = yield Answer(self._say(wording.OTHERWISE), (self._test,))
        return output

    @property
    def _test(self) -> Call:
        return "bash", {"command": self._command, "timeout": PATIENCE_S}

    @property
    def _test_again(self) -> Call:
        """Up to the first failure: one is enough to see that it was not it, and a small window stays free."""
        return "bash", {"command": f"{self._command} -f", "timeout": PATIENCE_S}

    def _reason(self, before: str, output: str) -> str:
        """What fails; after a try, that it was not it."""
        failed = failure(output)
        if not before:
            return failed.sentence() if failed else ""
        if failed is None:
            return self._say(wording.ENDLESS if stops(output) else wording.NO_LONGER)
        if failed == failure(before):
            return self._say(wording.STILL)
        return f"{self._say(wording.NO_LONGER)} {failed.sentence(now=True)}"

    def _untested(self) -> Answers:
        """There is a file to be read, and nothing that could be run but the compiler."""
        yield Answer(self._say(wording.VIEWING), (("view", {"path": self._path}),))
        attempt = self._script.tries[-1]
        yield from self._change(len(self._script.tries) - 1, attempt, attempt.suspicion)
        yield Answer("", (("bash", {"command": f"python3 -m py_compile {self._path}"}),))
        yield from self._submit(self._say(wording.UNTESTED, why=attempt.why))

    def _change(self, number: int, attempt: Try, reason: str, first: tuple[Call, ...] = ()) -> Answers:
        """The edit, with what was tried before taken back; where a quote is to slip, that one first."""
        right = not self._script.gives_up and number == len(self._script.tries) - 1
        edits = replacements(self._current, self._broken, attempt.target)
        slipped = slip(self._current, edits[0], self._rng) if number == self._script.slips and not first else None
        if slipped is not None:
            yield Answer(reason, (self._edit(slipped.old, slipped.new),), Learn.NOTHING)
            reason, self._current = self._say(slipped.words), slipped.after
            edits = replacements(self._current, self._broken, attempt.target)
        calls = (*first, *(self._edit(edit.old, edit.new) for edit in edits))
        yield Answer(reason, calls, Learn.ALL if right else Learn.FORM)
        self._current = attempt.target

    def _edit(self, old: str, new: str) -> Call:
        return "strreplace", {"path": self._path, "old_str": old, "new_str": new}

    def _give_up(self, output: str) -> Answers:
        """Honestly: nothing of what was tried stays, and it is said that the tests still fail."""
        (undoing,) = replacements(self._current, self._broken, self._broken)
        undo = self._edit(undoing.old, undoing.new)
        yield Answer(self._say(wording.GIVING_UP), (*stops(output), undo, self._test_again))
        failed = failure(output)
        count, test = len(self._script.tries), failed.test if failed else "The test"
        yield from self._submit(self._say(wording.LOST, count=str(count), test=test))

    def _submit(self, summary: str) -> Answers:
        """A refusal is answered by the same: there is nothing more to do."""
        while True:
            yield Answer("", (("submit", {"summary": summary}),))

    def _say(self, choices: Sequence[str], **names: str) -> str:
        return self._rng.choice(choices).format(file=self._path, **names)


def stops(output: str) -> tuple[Call, ...]:
    """The call that ends a command which goes on in the background, if this one does."""
    running = _RUNNING.search(output)
    return (("bash", {"command": f"job stop {running[1]}"}),) if running else ()


def results(messages: Sequence[Json]) -> tuple[str, ...]:
    """What the calls of the last answer brought, in their order."""
    last = max(index for index, message in enumerate(messages) if message["role"] == "assistant")
    return tuple(message["content"] for message in messages[last + 1 :] if message["role"] == "tool")
