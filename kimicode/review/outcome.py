"""What a review tells of itself in the end: how far it came, what was not read and why, what a person should know."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from kimicode.review.findings import Review, State, Unread
from kimicode.review.parts import NO_BUDGET, TOO_LARGE, Part, Split
from kimicode.review.proceedings import MOST_CLAIMS, Proceedings
from kimicode.review.workroom import Done

INTERRUPTED = "interrupted before it was done"


def outcome(course: Proceedings) -> Review:
    """The review, however far it came. Blocks. Raises GitError."""
    split, selected = course.split, course.selected()
    read = [part for part in split.parts if any(_finished(done, course) for done in _of(part, course))]
    unread = (*split.unread, *_not_reached(split.parts, read, course))
    lacking = [*([INTERRUPTED] if course.interrupted else []), *_lacking(read, course)]
    contexts = [context for part in read for context in part.files]
    return Review(
        base=course.whole.change.base,
        head=course.whole.change.head,
        state="failed" if course.interrupted and not read else _state(split, read, unread, lacking),
        findings=selected.kept,
        unread=unread,
        dropped=selected.dropped,
        since=course.wish.earlier.since,
        fixed=tuple(course.fixed),
        files=len({context.file.path for context in contexts}),
        lines=sum(len(piece.changed) for context in contexts for piece in context.pieces),
        model=known_as(course.premises.connection.model_name),
        usage=course.allowance.usage,
        duration_s=round(course.allowance.elapsed, 3),
        notes=tuple(dict.fromkeys((*lacking, *course.notes))),
    )


def known_as(model: str) -> str:
    """A model's name; of one that its server names by a path, the file's: where it lies is not to be published."""
    return model.rpartition("/")[2] or model if model.startswith(("/", "~", ".")) else model


def _state(split: Split, read: Sequence[Part], unread: Iterable[Unread], lacking: Sequence[str]) -> State:
    if split.parts and not read:
        return "failed"
    cut = any(one.why.startswith((NO_BUDGET, TOO_LARGE)) for one in unread)
    return "partial" if lacking or cut or len(read) < len(split.parts) else "complete"


def _of(part: Part, course: Proceedings) -> list[Done]:
    return [done for work, done in course.looked if work.part is part]


def _finished(done: Done, course: Proceedings) -> bool:
    """Whether an agent came to its end, be it that of its own steps."""
    return done.end == "done" or (done.end == "limit" and done.why != course.limit)


def _not_reached(parts: Sequence[Part], read: Sequence[Part], course: Proceedings) -> Iterator[Unread]:
    """The files of parts that no finder came to an end with."""
    elsewhere = {context.file.path for part in read for context in part.files}
    for part in parts:
        if part in read:
            continue
        failed = next((done.why for done in _of(part, course) if done.end == "failed"), "")
        why = f"its reviewers failed: {failed}" if failed else NO_BUDGET if course.limit else INTERRUPTED
        for path in dict.fromkeys(context.file.path for context in part.files):
            yield Unread(path, f"{why} for some places in it" if path in elsewhere else why)


def _lacking(read: Sequence[Part], course: Proceedings) -> Iterator[str]:
    """What was not done as it should have been, a sentence each."""
    if course.limit:
        trouble = course.allowance.trouble
        yield f"it ended early: {course.limit}" + (f", while requests failed: {trouble}" if trouble else "")
    for end, verb in (("failed", "failed"), ("limit", "gave up")):
        whys = Counter(done.why for _, done in course.looked if done.end == end and done.why != course.limit)
        for why, count in whys.items():
            yield f"{count} of {len(course.looked)} finders {verb}: {why}"
    kinds = [work.kind for work, done in course.looked if work.part in read and not _finished(done, course)]
    if kinds:
        yield f"not looked for everywhere: {', '.join(dict.fromkeys(kinds))}"
    unverified = Counter(one.done.why for one in course.checked if not one.ruling and one.done.end == "failed")
    for why, count in unverified.items():
        yield f"{count} of {course.claims} claims could not be verified: {why}"
    if course.claims > MOST_CLAIMS:
        yield f"{course.claims} claims were made, and only the worst {MOST_CLAIMS} verified"
