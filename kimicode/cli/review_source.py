"""What a review on the command line is about: a change of this repository, or a pull request fetched from its forge."""

import asyncio
import hashlib
import os
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kimicode import paths
from kimicode.cli.review_progress import ReviewProgress
from kimicode.errors import DiskError, UsageError
from kimicode.git.branch import USUAL, likely_base
from kimicode.git.command import GitError
from kimicode.git.commit import head_of
from kimicode.git.fetch import Remote, fetched
from kimicode.git.repository import Repository
from kimicode.git.shadow import Origin
from kimicode.review import earlier, gathered, scratch, source
from kimicode.review.earlier import Earlier
from kimicode.review.findings import Review
from kimicode.review.forges import address
from kimicode.review.forges.address import Address
from kimicode.review.forges.forge import Forge, PullRequest
from kimicode.review.gathered import Gathered
from kimicode.review.source import Source
from kimicode.review.wish import NOTHING

if TYPE_CHECKING:
    from kimicode.cli.reviewing import Asked

PULL_REQUEST = "pull-request.json"
REPOSITORY = "repository.git"
KEPT_S = 30 * 86_400.0
TOKENS = (
    *("GITHUB_TOKEN", "GH_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN"),
    *("ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
)
"""Variables that open a forge: a review that has them gathered already keeps none of them."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A change to review. `what` names it in a sentence, `nothing` says why it is empty where it is.

    `here`: it is of the folder in which the command was given. `foreign`: its author may not write to the repository,
    so that none of its code is run.
    """

    source: Source
    what: str
    nothing: str
    here: bool = True
    earlier: Earlier = NOTHING
    forge: Forge | None = None
    gathered: Gathered | None = None

    @property
    def foreign(self) -> bool:
        known = self.gathered
        return known is not None and known.pull_request.fork and not known.author_may_write

    async def post(self, review: Review, most: int, *, sure: bool) -> None:
        """Post what was found, after a question where nobody is sure yet. Raises UsageError, ForgeError."""
        from kimicode.cli.review_forge import post_asked

        assert self.forge is not None
        await post_asked(self.forge, self.source, review, most, sure=sure)


async def opened(asked: "Asked", folder: Path, stack: AsyncExitStack, progress: ReviewProgress) -> Opened:
    """Find, or fetch, what is asked for. Raises UsageError, GitError, DiskError, ForgeError."""
    if asked.gathered is not None:
        for name in TOKENS:
            os.environ.pop(name, None)
        return await asyncio.to_thread(_from_folder, asked.gathered)
    if asked.pr:
        return await _from_forge(asked.pr, folder, stack, progress, posting=asked.post)
    found = await asyncio.to_thread(_from_here, asked, source.discover(folder))
    if found.source.change.files:
        progress.say(f"reviewing {found.what}")
    return found


def _from_here(asked: "Asked", repository: Repository) -> Opened:
    if asked.commits:
        return Opened(source.of_range(repository, asked.commits), asked.commits, f"{asked.commits} changes no file")
    if asked.staged:
        return Opened(source.of_staged(repository), "what is staged", "nothing is staged")
    if asked.worktree or not head_of(repository.origin) or repository.dirty_files(1):
        return Opened(source.of_worktree(repository), "what is not committed", "nothing is uncommitted")
    return _of_branch(repository)


def _of_branch(repository: Repository) -> Opened:
    here, base = repository.branch(), likely_base(repository.origin)
    if not base and here not in USUAL:
        hint = "Say so: --range BRANCH. The last commit alone is --range HEAD~1."
        raise UsageError(f"nothing is uncommitted, and it is not clear which branch {here} came from", hint=hint)
    lacking = f"{here} has nothing that {base} lacks" if base else f"there is no branch to compare {here} with"
    hint = ".\n  `kimicode review --range HEAD~1` reviews the last commit"
    nothing = f"nothing is uncommitted, and {lacking}{hint}"
    return Opened(source.of_range(repository, f"{base}..HEAD"), f"{base}..{here}", nothing)


async def _from_forge(
    text: str, folder: Path, stack: AsyncExitStack, progress: ReviewProgress, *, posting: bool
) -> Opened:
    from kimicode.review.forges import connect

    here = await asyncio.to_thread(Repository.discover, folder)
    place = address.parse(text, os.environ, remote_address(here))
    if posting:  # known before a review is paid for
        await asyncio.to_thread(connect.require_token, place.server, os.environ)
    forge = await asyncio.to_thread(connect.connect, place.url, os.environ)
    stack.push_async_callback(forge.close)
    known = await gathered.gather(forge)
    pull_request = known.pull_request
    progress.say(f"reviewing {place.url}: {pull_request.title}")
    last = known.reviewed.head
    progress.phase("fetching its commits")
    kept = await asyncio.to_thread(cached, place)
    repository = await asyncio.to_thread(pulled, place, pull_request, last, kept, here)
    found = await asyncio.to_thread(_of_pull_request, known, repository)
    progress.phase("reading the change")
    return replace(found, forge=forge)


def _from_folder(folder: Path) -> Opened:
    bare = (folder / REPOSITORY).absolute()
    return _of_pull_request(_known(folder), Repository(bare, Origin(bare, bare, bare)))


def _known(folder: Path) -> Gathered:
    try:
        return gathered.load((folder / PULL_REQUEST).read_bytes())
    except OSError as error:
        raise DiskError.from_os("read", folder / PULL_REQUEST, error) from error


def failed(folder: Path) -> Review:
    """The review of what was gathered in a folder, where there could be none. Raises UsageError, DiskError."""
    pull_request = _known(folder).pull_request
    note = "The log of the job that should have reviewed it says why."
    return Review(pull_request.merge_base, pull_request.head, "failed", (), notes=(note,))


def _of_pull_request(known: Gathered, repository: Repository) -> Opened:
    found = source_of(repository, known.pull_request)
    what = f"pull request {known.pull_request.number}"
    return Opened(found, what, f"{what} changes no file", False, earlier.of(known, repository), gathered=known)


def source_of(repository: Repository, pull_request: PullRequest) -> Source:
    """The change of a pull request in a repository that holds its commits, with its author's words. Raises GitError."""
    found = source.of_commits(repository, pull_request.merge_base, pull_request.head)
    change = replace(found.change, title=pull_request.title, description=pull_request.description)
    return replace(found, change=change)


def pulled(place: Address, pull_request: PullRequest, last: str, folder: Path, here: Repository | None) -> Repository:
    """The pull request's commits in a private repository in `folder`. `last` is the head of the review before.

    Raises GitError, UsageError, DiskError.
    """
    remote = _remote(place, here)
    repository = fetched(folder, remote, [pull_request.head], here)
    for commit in (pull_request.merge_base, last):
        if commit and not _has(repository, commit):
            try:
                fetched(folder, remote, [commit], here)
            except GitError:
                if commit != last:  # after a force push nothing may lead to it any more
                    raise
    return repository


def _has(repository: Repository, commit: str) -> bool:
    return repository.origin.run(["cat-file", "-e", f"{commit}^{{commit}}"], check=False).status == 0


def cached(place: Address) -> Path:
    """Where a pull request's commits are kept between reviews; those of others that nobody reviews any more go."""
    folder = paths.cache_dir() / "reviews"
    name = hashlib.sha256(place.url.encode()).hexdigest()[:16]
    own = folder / f"{place.project.rpartition('/')[2]}-{place.number}-{name}.git"
    with suppress(OSError):  # it is in use
        os.utime(own)
    scratch.sweep(folder, pattern="*.git", unused_s=KEPT_S)
    return own


def remote_address(here: Repository | None) -> str:
    """The address of the remote that this repository was cloned from, "" without one."""
    if here is None:
        return ""
    return here.origin.run(["config", "--get", "remote.origin.url"], check=False).line


def _remote(place: Address, here: Repository | None) -> Remote:
    """Over ssh where there is no token and the clone at hand came that way."""
    from kimicode.review.forges.connect import token_for

    server = place.server
    token = token_for(server, os.environ)
    known = remote_address(here)
    if token is None and known and not known.startswith("http") and _leads_to(place, known):
        return Remote(known)
    user = {"PRIVATE-TOKEN": "oauth2", "JOB-TOKEN": "gitlab-ci-token"}.get(token.header if token else "", "")
    secret = token.value.removeprefix("Bearer ") if token else ""
    return Remote(f"{server.web}/{place.project}.git", user, secret)


def _leads_to(place: Address, remote: str) -> bool:
    try:
        found = address.parse(str(place.number), os.environ, remote)
    except UsageError:
        return False
    return found.project == place.project and found.server.host == place.server.host
