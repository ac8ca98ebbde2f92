"""What counts of a pull request's earlier reviews: where the last one ended, what was said, what people made of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kimicode.git.repository import Repository
from kimicode.review import source
from kimicode.review.findings import Severity
from kimicode.review.forges.forge import Thread
from kimicode.review.gathered import Gathered
from kimicode.review.replies import meaning

ROUNDS = 2
"""Reviews of a pull request after which the lesser findings no longer get a comment of their own."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """`since` is the last reviewed commit, "" where the whole change is to be reviewed.

    `known` and `dismissed` are fingerprints: of findings that are under discussion, and of those that people resolved
    or declined; what was fixed is neither, and told anew where it comes back. `open` are the threads that may have been
    fixed. `renamed` says by a file's name what it was called when it was last reviewed: a fingerprint holds the path.
    """

    since: str = ""
    known: frozenset[str] = frozenset()
    dismissed: frozenset[str] = frozenset()
    open: tuple[Thread, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)


def of(gathered: Gathered, repository: Repository) -> Earlier:
    """What counts of it in a repository that holds the pull request's commits; asks git, so it blocks.

    Raises GitError.
    """
    since = _since(gathered, repository)
    dismissed = frozenset(thread.fingerprint for thread in gathered.threads if settled(thread))
    unsettled = tuple(thread for thread in gathered.threads if not (settled(thread) or thread.fixed))
    return Earlier(
        since,
        frozenset(thread.fingerprint for thread in unsettled) - dismissed,
        dismissed,
        unsettled,
        _renames(repository, since, gathered.pull_request.head) if since else {},
    )


def settled(thread: Thread) -> bool:
    """Whether a person resolved it, or one with write access declined it; the last such word counts.

    What this bot called fixed is not settled by that, nor by a person who resolves it afterwards. The author of a pull
    request from a fork can resolve threads as well: that is the forge's rule, and it can be seen.
    """
    return (thread.resolved and not thread.fixed) or _declined(thread)


def least(rounds: int, threads: Iterable[Thread]) -> Severity:
    """What a new finding must at least be for a comment of its own, after so many reviews of the pull request.

    People put a bot off that has something new to say at every push, and dismiss seven of ten comments: after two
    rounds only what is bad interrupts, and where nobody took up anything only the worst. That is never held back.
    """
    if rounds < ROUNDS:
        return Severity.LOW
    threads = tuple(threads)
    return Severity.CRITICAL if threads and all(map(_declined, threads)) else Severity.HIGH


def _declined(thread: Thread) -> bool:
    # The bot begins threads and never answers: an answer of its own account is a person's who lent it theirs.
    words = [meaning(said.text) for said in thread.said[1:] if said.may_write]
    return next((word for word in reversed(words) if word), "") == "declined"


def _since(gathered: Gathered, repository: Repository) -> str:
    """The last reviewed commit, if it still leads to the head; not after a force push, nor for the same head again.

    Nor for a stranger's fork, where other programs share the bot's name: one that repeats what it is told could be made
    to say that a commit was reviewed which nobody has seen.
    """
    last, head = gathered.reviewed.head, gathered.pull_request.head
    stranger = gathered.pull_request.fork and not gathered.author_may_write
    if not last or last == head or (stranger and gathered.shared):
        return ""
    answer = repository.origin.run(["merge-base", "--is-ancestor", last, head], check=False)
    return last if answer.status == 0 else ""


def _renames(repository: Repository, since: str, head: str) -> dict[str, str]:
    files = source.of_commits(repository, since, head).change.files
    return {file.path: file.old_path for file in files if file.status == "renamed"}
