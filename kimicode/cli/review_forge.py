"""The two halves of a review that speak to a forge: what is gathered before it, and what is posted after it."""

import asyncio
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import typer

from kimicode.agent.place import absolute
from kimicode.cli.commit import say
from kimicode.cli.review_source import PULL_REQUEST, REPOSITORY, pulled, remote_address, source_of
from kimicode.config.load import load
from kimicode.errors import DiskError, ExitCode, UsageError
from kimicode.git import changes
from kimicode.git.repository import Repository
from kimicode.review import document, gathered, posting, scratch
from kimicode.review.findings import Review
from kimicode.review.forges import address, connect
from kimicode.review.forges.address import Address
from kimicode.review.forges.forge import Forge, PullRequest
from kimicode.review.forges.rehearsal import Rehearsal
from kimicode.review.prose import Gate
from kimicode.review.source import Source
from kimicode.sessions.transcript import printable
from kimicode.workspace import atomic

MOST_MESSAGES = 1_000


def gather(url: str, out: Path, asker: str, need_write: bool, folder: Path | None) -> int:
    """Write what a review needs of a pull request into a new folder; returns the exit code.

    Raises UsageError, GitError, DiskError, ForgeError.
    """
    out = absolute(out)
    if out.exists():
        raise UsageError(f"{out} exists already", hint="Name a new folder.")
    here = Repository.discover(absolute(folder or Path()))
    place = address.parse(url, os.environ, remote_address(here))

    async def ask() -> gathered.Gathered:
        forge = connect.connect(place.url, os.environ)
        try:
            return await gathered.gather(forge, asker=asker)
        finally:
            await forge.close()

    known = asyncio.run(ask())
    if need_write and not (known.asker_may_write if asker else known.author_may_write):
        who = asker or known.pull_request.author
        say(f"{who} may not write to this repository, so nothing is reviewed: somebody who may has to ask for it")
        return int(ExitCode.DENIED)
    with ExitStack() as half:  # what was left of one that was cut off would be in the way of the next
        try:
            out.mkdir(parents=True, mode=0o700)
            half.callback(scratch.remove, out)
            pulled(place, known.pull_request, known.reviewed.head, out / REPOSITORY, None)
            atomic.put(out / PULL_REQUEST, gathered.dump(known).encode())
        except OSError as error:
            raise DiskError.from_os("write to", out, error) from error
        half.pop_all()
    say(f"{place.url} at {known.pull_request.head[:12]} is in {out}")
    return int(ExitCode.FINISHED)


def post(file: Path, url: str, most: int | None, dry_run: bool, folder: Path | None) -> int:
    """Post a review from a file; returns the exit code. Raises UsageError, DiskError, ForgeError."""
    folder = absolute(folder or Path())
    try:
        with file.open("rb") as opened:  # as much as a review may have: what is there may be of any size
            review = document.load(opened.read(document.LARGEST + 1))
    except OSError as error:
        raise DiskError.from_os("read", file, error) from error
    here = Repository.discover(folder)
    place = address.parse(url, os.environ, remote_address(here))
    limit = load({}, cwd=folder, environ=os.environ).settings.review.max_comments if most is None else most

    async def go() -> posting.Outcome:
        forge = connect.connect(place.url, os.environ)
        try:
            request = await forge.pull_request()
            with tempfile.TemporaryDirectory(prefix="kimicode-review-") as scratch:
                source = await asyncio.to_thread(_source, place, request, Path(scratch) / "commits.git")
                if not dry_run:
                    return await _post(forge, source, review, limit)
                rehearsal = Rehearsal(forge)
                outcome = await _post(rehearsal, source, review, limit)
                show(rehearsal)
                return outcome
        finally:
            await forge.close()

    tell(asyncio.run(go()), rehearsed=dry_run)
    return int(ExitCode.FINISHED)


async def post_asked(forge: Forge, source: Source, review: Review, most: int, *, sure: bool) -> None:
    """Post as the person, after telling what and a question where they are not sure. Raises UsageError, ForgeError."""
    if not sure:
        tell(await _post(Rehearsal(forge), source, review, most), rehearsed=True)
        if not typer.confirm("Post this?", err=True):  # not in a thread: Ctrl-C would not reach it
            say("nothing was posted")
            return
    tell(await _post(forge, source, review, most))


async def _post(forge: Forge, source: Source, review: Review, most: int) -> posting.Outcome:
    return await posting.post(forge, review, most=most, gate=_gate(source), read=_reads(source))


def _source(place: Address, request: PullRequest, folder: Path) -> Source:
    return source_of(pulled(place, request, "", folder, None), request)


def _reads(source: Source) -> Callable[[str], bytes | None]:
    return lambda path: source.read(path, "new")


def _gate(source: Source) -> Gate:
    """Refuses the author's words that the forge does not tell of: the messages of commits."""
    change = source.change
    return Gate(changes.messages(source.repository.origin, change.base, change.head, MOST_MESSAGES))


def show(rehearsal: Rehearsal) -> None:
    """All that would be written, on stdout."""
    for comment in rehearsal.comments:
        print(printable(f"--- {comment.path}:{comment.line}\n{comment.body.strip()}\n"))
    if rehearsal.summary_text:
        print(printable(f"--- summary\n{rehearsal.summary_text.strip()}"))


def tell(outcome: posting.Outcome, *, rehearsed: bool = False) -> None:
    """What was posted, or would be, on stderr."""
    if outcome.nothing:
        say(f"nothing {'would be' if rehearsed else 'was'} posted: {printable(outcome.nothing)}")
        return
    for comment in outcome.comments:
        say(printable(f"{'would comment' if rehearsed else 'commented'} at {comment.path}:{comment.line}"))
    for comment, why in outcome.refused:
        say(printable(f"the forge took no comment at {comment.path}:{comment.line}: {why}"))
    counted = [
        (len(outcome.resolved), "fixed and resolved"),
        (outcome.listed, "in the summary's table"),
        (outcome.withheld, "without words: their text was withheld"),
    ]
    told = ", ".join(f"{count} {what}" for count, what in counted if count)
    say(f"the summary {'would be' if rehearsed else 'is'} written" + (f"; {told}" if told else ""))
    for note in outcome.notes:
        say(printable(note))
