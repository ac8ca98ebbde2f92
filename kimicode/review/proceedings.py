"""The course of a review: which finder looked at what, which claims came of it, and what verifiers made of them.

All of it is kept as it comes, so that a review that is cut off still tells what it knows.
"""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from kimicode.llm.connect import Connection
from kimicode.review import suggestions
from kimicode.review.allowance import Allowance, Metered
from kimicode.review.dedupe import merged
from kimicode.review.finder import Look, look
from kimicode.review.findings import Finding
from kimicode.review.fingerprint import stamped
from kimicode.review.forges.forge import Thread
from kimicode.review.noise import noise
from kimicode.review.parts import Split
from kimicode.review.premises import Premises
from kimicode.review.progress import FaultJudged, FaultReported, VerifyingStarted
from kimicode.review.rules import Rules
from kimicode.review.selection import Selected, select
from kimicode.review.source import Source
from kimicode.review.texts import Texts
from kimicode.review.verdict import Ruling
from kimicode.review.verifier import Checked, Verifier, file_of
from kimicode.review.wish import Wish
from kimicode.review.workroom import Done

FINDING_SHARE = 0.65
"""Of every limit, for the finders; the rest is kept for verifying what they report."""
FINDING_ENDS = 0.9
"""Share of the time: after the one above they ask no more, and what is under way then has to end here."""
MOST_OUTPUT = 16_000
MOST_CLAIMS = 40
MOST_THREADS = 20
_DROPPED: dict[Ruling, str] = {
    "not real": "refuted",
    "pre-existing": "pre-existing",
    "style": "style",
    "speculative": "speculative",
}


@dataclass(slots=True)
class Proceedings:
    """`whole` is the change as it will be told of, `reading` the part of it that is read this time."""

    wish: Wish
    whole: Source
    reading: Source
    premises: Premises
    allowance: Allowance
    looked: list[tuple[Look, Done]] = field(default_factory=list)
    reported: list[Finding] = field(default_factory=list)
    checked: list[Checked] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    claims: int = 0
    """How many there were to be checked."""
    limit: str = ""
    """Why it could not go on to its end."""
    interrupted: bool = False
    split: Split = field(default_factory=lambda: Split((), ()))
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.notes += self.premises.notes

    async def find(self, works: Sequence[Look], rules: Rules) -> None:
        """Let the finders look. Raises the error of the first where none of them could."""
        model, texts, room = self._model(FINDING_SHARE, FINDING_ENDS), Texts(self.reading.read), self.premises.room

        async def find_one(work: Look) -> None:
            done = Done("limit", why=model.stopped)
            found: tuple[Finding, ...] = ()
            if not model.stopped:
                done, found = await look(work, room, model, self.reading.change, rules, texts)
            self.looked.append((work, done))
            self.reported += found
            for finding in found:
                room.emit(FaultReported(finding))

        await together(self.wish.at_once, (partial(find_one, work) for work in works))
        self.limit = model.stopped
        errors = [done.error for _, done in self.looked if done.error is not None]
        tried = [done for _, done in self.looked if done.end != "limit"]
        if errors and len(errors) == len(tried) and not self.reported:
            raise errors[0]

    async def verify(self) -> None:
        """Have every claim checked, the worst first, and every old thread whose file changed."""
        room, model = self.premises.room, self._model()
        claims = await asyncio.to_thread(self._claims)
        files = self.reading.change.files
        threads = [one for one in self.wish.earlier.open if file_of(one.path, files)][:MOST_THREADS]
        if claims or threads:
            room.emit(VerifyingStarted(len(claims), len(threads)))
        verifier = Verifier(room, model, self.whole, Texts(self.whole.read), self.premises.running)

        async def check(number: int, finding: Finding) -> None:
            checked = Checked(finding, "", Done("limit", why=model.stopped))
            if not model.stopped:
                checked = await verifier.check(finding, number)
            self.checked.append(checked)
            room.emit(FaultJudged(checked.finding, checked.ruling))

        async def look_again(number: int, thread: Thread) -> None:
            if not model.stopped and await verifier.is_fixed(thread, number):
                self.fixed.append(thread.fingerprint)

        checks = [partial(check, number, finding) for number, finding in enumerate(claims, 1)]
        again = [partial(look_again, number, thread) for number, thread in enumerate(threads, 1)]
        await together(self.wish.at_once, [*checks, *again])
        self.limit = self.limit or model.stopped

    def selected(self) -> Selected:
        """What is told of the claims that stood. Blocks. Raises GitError."""
        ruled = [one for one in self.checked if one.ruling]
        real = [one.finding for one in ruled if one.ruling == "real"]
        chosen = select(real, self.whole.change, self.wish.thresholds, dismissed=self.wish.earlier.dismissed)
        counts = self.dropped + Counter(_DROPPED[one.ruling] for one in ruled if one.ruling in _DROPPED)
        counts += Counter({"unverified": self.claims - len(ruled), **chosen.dropped})
        return Selected(tuple(map(self._with_usable_suggestion, chosen.kept)), dict(sorted(counts.items())))

    def _model(self, share: float = 1.0, until: float = 1.0) -> Metered:
        connection = self.premises.connection
        return Metered(connection.model, self.allowance, most_output(connection, self.wish), share, until)

    def _claims(self) -> list[Finding]:
        """What is worth a verifier's time, the worst first; blocks. Raises GitError."""
        sound, claims = [], []
        for finding in self.reported:
            if reason := noise(finding):  # first of all: what is merged with it would go with it
                self.dropped[reason] += 1
            else:
                sound.append(self._stamped(finding))
        for finding in merged(sound):
            if reason := self._told_before(finding):
                self.dropped[reason] += 1
            else:
                claims.append(finding)
        claims.sort(key=lambda one: (-one.severity, -one.confidence, one.path, one.first))
        self.claims = len(claims)
        return claims[:MOST_CLAIMS]

    def _stamped(self, finding: Finding) -> Finding:
        return stamped(finding, self.whole.read, path=self._path_of(finding))

    def _path_of(self, finding: Finding) -> str:
        file = self.whole.change.file(finding.path)
        return file.path_on(finding.side) if file else finding.path

    def _told_before(self, finding: Finding) -> str:
        """Whether an earlier review said so, also where the file had another name then."""
        earlier = self.wish.earlier
        stamps = {finding.fingerprint}
        if name := earlier.renamed.get(finding.path):
            before = stamped(finding, self.whole.read, path=self._path_of(finding), name=name)
            stamps.add(before.fingerprint)
        if stamps & earlier.dismissed:
            return "dismissed earlier"
        return "reported earlier" if stamps & earlier.known else ""

    def _with_usable_suggestion(self, finding: Finding) -> Finding:
        if finding.suggestion is None:
            return finding
        text = self.whole.read(finding.path, "new")
        fits = text is not None and suggestions.usable(self.whole.change.files, finding, text)
        return finding if fits else dataclasses.replace(finding, suggestion=None)


def most_output(connection: Connection, wish: Wish) -> int:
    """Tokens of one answer, thoughts included; beside a history that is due for compaction they still fit."""
    return wish.settings.max_output_tokens or min(connection.info.max_output, connection.window // 6, MOST_OUTPUT)


async def together(at_once: int, works: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """Do all of it, so much at once. Where one raises or this is cancelled, all of them have ended when it goes on."""
    gate = asyncio.Semaphore(at_once)

    async def one(work: Callable[[], Awaitable[None]]) -> None:
        async with gate:
            await work()

    tasks = [asyncio.create_task(one(work)) for work in works]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
