"""What counts of earlier reviews: real histories, and what people said in threads."""

import dataclasses
import os
import subprocess

import pytest

from kimicode.git.repository import Repository
from kimicode.review import earlier
from kimicode.review.findings import Severity
from kimicode.review.forges.forge import PullRequest, Said, Thread
from kimicode.review.gathered import Gathered
from kimicode.review.marks import Reviewed

CLAIM = Said("kimicode[bot]", "the file is never closed", True, False)
WORDS = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
WORDS |= {f"GIT_{who}_{what}": "ann@test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class History:
    """A repository, and the pull request that leads to its last commit."""

    def __init__(self, root):
        self.root = root
        self.git("init", "-q", "-b", "main")
        self.base = self.commit(**{"a.py": "one\n"})

    def git(self, *words):
        done = subprocess.run(
            ["git", *words], cwd=self.root, env={**os.environ, **WORDS}, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    def commit(self, **files):
        for path, text in files.items():
            (self.root / path).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")
        return self.git("rev-parse", "HEAD")

    def earlier(self, reviewed="", threads=(), **fields):
        pull = PullRequest(
            "https://github.com/o/r/pull/1", 1, "", "", "ann", self.base, "", self.base, "main", "x", False, False, True
        )
        head = self.git("rev-parse", "HEAD")
        pull = dataclasses.replace(pull, head=head, fork=fields.pop("fork", False))
        gathered = Gathered(pull, tuple(threads), Reviewed(reviewed, 1 if reviewed else 0), **fields)
        repository = Repository.discover(self.root)
        assert repository is not None
        return earlier.of(gathered, repository)


@pytest.fixture
def history(tmp_path):
    return History(tmp_path)


def thread(*replies, number=1, resolved=False, path="a.py", line=1, fixed=False):
    said = tuple(Said(author, text, False, may_write) for author, text, may_write in replies)
    return Thread(f"T{number}", f"{number:016x}", path, line, resolved, (CLAIM, *said), fixed=fixed)


# --- where the last review ended ----------------------------------------------------------------------------


def test_the_first_review_is_of_the_whole_change(history):
    assert history.earlier() == earlier.Earlier()


def test_after_a_push_only_what_is_new_is_reviewed(history):
    last = history.commit(**{"a.py": "two\n"})
    history.commit(**{"a.py": "three\n"})
    assert history.earlier(last).since == last


def test_after_a_merge_of_the_base_branch_as_well(history):
    last = history.commit(**{"a.py": "two\n"})
    history.git("checkout", "-q", "-b", "other", history.base)
    history.commit(**{"b.py": "base\n"})
    history.git("checkout", "-q", "main")
    history.git("merge", "-q", "--no-edit", "other")
    assert history.earlier(last).since == last


def test_after_a_force_push_the_whole_change_again_and_nothing_twice(history):
    last = history.commit(**{"a.py": "two\n"})
    history.git("reset", "-q", "--hard", history.base)
    history.commit(**{"a.py": "other\n"})
    found = history.earlier(last, [thread()])
    assert found.since == ""
    assert found.known == {thread().fingerprint}


def test_a_commit_that_is_not_there_any_more_is_no_error(history):
    history.commit(**{"a.py": "two\n"})
    assert history.earlier("d" * 40).since == ""


def test_who_asks_again_for_the_same_commit_gets_the_whole_change(history):
    last = history.commit(**{"a.py": "two\n"})
    assert history.earlier(last).since == ""


@pytest.mark.parametrize(
    ("fork", "author_may_write", "shared", "believed"),
    [
        (True, False, True, False),
        (True, False, False, True),
        (True, True, True, True),
        (False, False, True, True),
    ],
)
def test_where_a_stranger_might_write_under_the_bots_name_nothing_is_skipped(
    history, fork, author_may_write, shared, believed
):
    last = history.commit(**{"a.py": "two\n"})
    history.commit(**{"a.py": "three\n"})
    found = history.earlier(last, fork=fork, author_may_write=author_may_write, shared=shared)
    assert found.since == (last if believed else "")


def test_a_file_that_was_renamed_since_is_known_by_its_old_name(history):
    last = history.commit(**{"long.py": "".join(f"line {n}\n" for n in range(40))})
    history.git("mv", "long.py", "short.py")
    history.commit()
    found = history.earlier(last, [thread(path="long.py")])
    assert found.renamed == {"short.py": "long.py"}


# --- what people made of what was said ----------------------------------------------------------------------


def test_open_threads_are_known_and_may_have_been_fixed(history):
    found = history.earlier(threads=[thread()])
    assert (found.known, found.dismissed, found.open) == ({thread().fingerprint}, frozenset(), (thread(),))


@pytest.mark.parametrize(
    "settled",
    [
        thread(resolved=True),
        thread(("ann", "won't fix", True)),
        thread(("ann", "good catch", True), ("ben", "on second thought: false positive", True)),
        thread(("ann", "/dismiss", True), ("eve", "but why?", False)),
        thread(("ann", "/dismiss", True), ("ben", "ok", True)),
    ],
)
def test_what_was_resolved_or_declined_is_not_told_again(history, settled):
    found = history.earlier(threads=[settled])
    assert (found.known, found.dismissed, found.open) == (frozenset(), {settled.fingerprint}, ())


@pytest.mark.parametrize(
    "unsettled",
    [
        thread(("eve", "won't fix", False)),
        thread(("ann", "is this intended?", True)),
        thread(("ann", "won't fix", True), ("ben", "no, you're right, we must fix it", True)),
    ],
)
def test_strangers_and_questions_dismiss_nothing(history, unsettled):
    assert history.earlier(threads=[unsettled]).open == (unsettled,)


def test_the_bots_own_words_dismiss_nothing(history):
    own = Thread("T", "0" * 16, "a.py", 1, False, (Said("kimicode[bot]", "/dismiss", True, True),))
    assert history.earlier(threads=[own]).open == (own,)


def test_who_reviews_under_their_own_name_can_dismiss_under_it(history):
    own = Thread("T", "0" * 16, "a.py", 1, False, (CLAIM, Said("ann", "won't fix", True, True)))
    assert history.earlier(threads=[own]).open == ()


@pytest.mark.parametrize("resolved", [True, False])
def test_what_the_bot_itself_called_fixed_is_neither_known_nor_dismissed(history, resolved):
    found = history.earlier(threads=[thread(resolved=resolved, fixed=True)])
    assert (found.known, found.dismissed, found.open) == (frozenset(), frozenset(), ())


def test_where_it_was_told_again_after_that_the_newer_thread_counts(history):
    newer = thread()
    found = history.earlier(threads=[thread(resolved=True, fixed=True), newer])
    assert (found.known, found.open) == ({newer.fingerprint}, (newer,))


def test_what_was_dismissed_once_stays_dismissed_where_it_was_told_twice(history):
    found = history.earlier(threads=[thread(number=1), thread(resolved=True, number=1)])
    assert (found.known, found.dismissed) == (frozenset(), {thread().fingerprint})


# --- when to fall silent ------------------------------------------------------------------------------------


def test_the_first_two_reviews_say_what_they_find():
    assert earlier.least(0, ()) == earlier.least(1, [thread()]) == Severity.LOW


def test_from_the_third_on_only_what_is_bad_gets_a_comment():
    assert earlier.least(2, ()) == Severity.HIGH
    assert earlier.least(9, [thread(), thread(resolved=True)]) == Severity.HIGH


def test_where_everything_was_declined_only_the_worst_does_and_that_always():
    declined = thread(("ann", "won't fix", True))
    assert earlier.least(2, [declined, declined]) == Severity.CRITICAL
    assert earlier.least(1, [declined, declined]) == Severity.LOW
