"""A review comes to its pull request: the real client against a fake GitHub over a real repository and real sockets."""

import asyncio
import contextlib
import dataclasses

import pytest

from kimicode.git.repository import Repository
from kimicode.git.shadow import Origin
from kimicode.review import earlier, gathered, marks
from kimicode.review.findings import Citation, Finding, Review, Severity, Suggestion, Unread
from kimicode.review.fingerprint import fingerprint
from kimicode.review.forges.connect import connect
from kimicode.review.forges.failures import ForgeError
from kimicode.review.forges.limits import Patience
from kimicode.review.posting import post
from tests.fakes.forge.github import GitHub
from tests.fakes.forge.tokens import refusal

MAIN = b"".join(b"line %d\n" % number for number in range(1, 41))
QUICK = Patience(attempts=1, settle_s=0.0)
TOPIC = (
    MAIN.replace(b"line 5\n", b"call(5)\n").replace(b"line 20\n", b"call(20)\nmore(21)\n").replace(b"line 38\n", b"")
)


class Desk:
    """A pull request of one file, and a bot that posts to it."""

    def __init__(self, forge, head="topic"):
        self.forge = forge
        self.pull = forge.open("Call it", "Because it has to be called.", head=head)
        self.token = forge.actions(contents="write", pull_requests="write", checks="write")
        self.checks_before = len(forge.state.checks)

    @contextlib.asynccontextmanager
    async def client(self):
        forge = connect(self.pull.url, self.forge.environ(self.token), patience=QUICK)
        try:
            yield forge
        finally:
            await forge.close()

    async def post(self, review, most=5, **more):
        async with self.client() as forge:
            return await post(forge, review, most=most, **more)

    async def gather(self):
        async with self.client() as forge:
            return await gathered.gather(forge)

    def review(self, *findings, **fields):
        head = fields.pop("head", self.pull.head)
        return Review(self.pull.merge_base, head, fields.pop("state", "complete"), findings, **fields)

    @property
    def threads(self):
        return self.forge.threads(self.pull)

    def places(self):
        """Where the bot's comments stand."""
        return sorted(thread.first.line for thread in self.threads)

    def summary(self):
        (comment,) = self.forge.comments(self.pull)
        return comment.body

    def state(self):
        """All that anybody can see of what was posted."""
        return (
            sorted((one.first.line, one.first.body, one.resolved_by) for one in self.threads),
            [one.body for one in self.forge.comments(self.pull)],
            {one.fields["output"]["title"] for one in self.forge.state.checks[self.checks_before :]},
        )


@pytest.fixture
def forge(tmp_path):
    with GitHub(tmp_path) as forge:
        forge.commit("main", {"a.py": MAIN})
        forge.commit("topic", {"a.py": TOPIC})
        yield forge
        assert forge.verdicts == []


@pytest.fixture
def desk(forge):
    return Desk(forge)


def finding(line, severity=Severity.HIGH, text=TOPIC, **fields):
    code = text.decode().splitlines()[line - 1] if line <= text.count(b"\n") else ""
    one = Finding(
        "a.py", "new", line, line, "", "correctness", severity, 0.9, f"Call number {line} fails", "It raises."
    )
    one = dataclasses.replace(one, citations=(Citation("a.py", line, code),), proof="read", **fields)
    return dataclasses.replace(one, fingerprint=fingerprint("a.py", "", "correctness", [code], line))


# --- one review ---------------------------------------------------------------------------------------------


async def test_findings_stand_at_their_lines_and_the_summary_says_what_was_reviewed(desk):
    outcome = await desk.post(desk.review(finding(5), finding(20, Severity.CRITICAL)))
    assert desk.places() == [5, 20]
    assert len(outcome.comments) == 2
    reviewed = marks.reviewed_in(desk.summary())
    assert (reviewed.head, reviewed.rounds) == (desk.pull.head, 1)
    assert "Call number 5 fails" in desk.threads[-1].first.body


async def test_nothing_found_is_said_in_one_line_and_in_the_check(desk):
    outcome = await desk.post(desk.review(files=1, lines=4))
    assert (outcome.comments, desk.threads) == ((), [])
    _, said, about = filter(None, desk.summary().splitlines())
    assert said == "No faults found in 1 file, 4 changed lines."
    assert about.startswith("<sub>Reviewed ")
    (check,) = desk.forge.checks(desk.pull.head)
    assert check.fields["conclusion"] == "neutral"
    assert desk.forge.reviews(desk.pull) == []


async def test_what_is_too_much_or_nowhere_in_the_diff_stands_in_the_summary(desk):
    outcome = await desk.post(desk.review(finding(5), finding(21), finding(12), finding(20, Severity.MEDIUM)), most=2)
    assert desk.places() == [5, 21]
    assert outcome.listed == 2
    for line in (12, 20):
        assert f"a.py:{line}" in desk.summary()
    assert "a.py:5`" not in desk.summary()


async def test_the_same_review_twice_posts_nothing_twice(desk):
    review = desk.review(finding(5), finding(20), finding(12))
    await desk.post(review)
    before, asked = desk.state(), len(desk.forge.asked("POST", "/repos")) + len(desk.forge.asked("PATCH"))
    outcome = await desk.post(review)
    assert outcome.comments == ()
    assert desk.state() == before
    assert len(desk.forge.asked("POST", "/repos")) + len(desk.forge.asked("PATCH")) == asked


async def test_what_the_forge_refuses_stands_in_the_summary(desk):
    no = refusal(422, "Unprocessable Entity", errors=["Path could not be resolved"])
    desk.forge.fail("/pulls/1/reviews", answer=no, times=2)
    outcome = await desk.post(desk.review(finding(5), finding(20)))
    (refused, reason) = outcome.refused[0]
    assert refused.line == 5
    assert "Path could not be resolved" in reason
    assert desk.places() == [20]
    assert "a.py:5" in desk.summary()
    assert "Path could not" not in desk.summary()


async def test_a_suggestion_is_offered_where_it_fits_the_file(desk):
    fits = finding(20, suggestion=Suggestion(20, 20, "call(22)"))
    await desk.post(desk.review(fits, finding(5, suggestion=Suggestion(5, 6, "call(7)"))), read=lambda path: TOPIC)
    five, twenty = sorted(desk.threads, key=lambda thread: thread.first.line)
    assert "```suggestion\ncall(22)\n```" in twenty.first.body
    assert "suggestion" not in five.first.body


async def test_without_permission_for_checks_the_review_is_posted_all_the_same(desk):
    desk.token = desk.forge.actions(contents="read", pull_requests="write")
    await desk.post(desk.review(finding(5)))
    assert desk.places() == [5]
    assert desk.forge.checks(desk.pull.head) == []


async def test_nobody_is_told_anything_once_the_pull_request_is_closed(desk):
    desk.pull.state = "closed"
    outcome = await desk.post(desk.review(finding(5)))
    assert "closed" in outcome.nothing
    assert desk.forge.comments(desk.pull) == desk.threads == []


async def test_what_was_not_read_and_what_stopped_the_review_is_said(desk):
    review = desk.review(
        finding(5), state="partial", unread=(Unread("a.py", "too large"),), notes=("The time limit ended it.",)
    )
    await desk.post(review)
    assert "too large" in desk.summary()
    assert "The time limit ended it" in desk.summary()


# --- the next one -------------------------------------------------------------------------------------------


async def test_after_a_push_the_summary_is_changed_and_nothing_told_again(desk):
    await desk.post(desk.review(finding(5), finding(20)))
    desk.forge.push("topic", {"a.py": TOPIC.replace(b"line 30\n", b"call(30)\n")})
    text = TOPIC.replace(b"line 30\n", b"call(30)\n")
    await desk.post(desk.review(finding(5), finding(31, text=text)))
    assert desk.places() == [5, 20, 31]
    assert marks.reviewed_in(desk.summary()).rounds == 2


async def test_what_was_posted_and_answered_is_what_the_next_review_knows(desk):
    await desk.post(desk.review(finding(5), finding(20), finding(21)))
    first = desk.pull.head
    by_line = {thread.first.line: thread for thread in desk.threads}
    desk.forge.reply(by_line[5], "ann", "This is intended: the caller checks it.")
    desk.forge.reply(by_line[20], "eve", "won't fix")
    desk.forge.resolve(by_line[21], "ann")
    desk.forge.push("topic", {"a.py": None, "b.py": TOPIC})
    known = gathered.load(gathered.dump(await desk.gather()).encode())
    bare = desk.forge.bare.path
    found = earlier.of(known, Repository(bare, Origin(bare, bare, bare)))
    assert known.shared
    assert (found.since, found.renamed) == (first, {"b.py": "a.py"})
    assert found.known == {finding(20).fingerprint}
    assert found.dismissed == {finding(5).fingerprint, finding(21).fingerprint}
    assert [thread.fingerprint for thread in found.open] == [finding(20).fingerprint]


async def test_a_fixed_finding_s_thread_is_resolved_and_one_with_an_answer_is_not(desk):
    await desk.post(desk.review(finding(5), finding(20)))
    for thread in desk.threads:
        if thread.first.line == 20:
            desk.forge.reply(thread, "ann", "Let me think about it.")
    desk.forge.push("topic", {"a.py": MAIN})
    outcome = await desk.post(desk.review(fixed=(finding(5).fingerprint, finding(20).fingerprint)))
    assert len(outcome.resolved) == 1
    assert [(one.first.line, one.resolved_by) for one in desk.threads] == [(5, "github-actions[bot]"), (20, "")]


async def test_what_is_still_open_is_not_passed_over_where_nothing_new_was_found(desk):
    await desk.post(desk.review(finding(5)))
    desk.forge.push("topic", {"a.py": TOPIC + b"more\n"})
    await desk.post(desk.review())
    (check,) = desk.forge.checks(desk.pull.head)
    assert check.fields["output"]["title"] == "No new faults, 1 earlier finding open"
    assert "1 earlier finding still open" in desk.summary()


async def test_a_token_that_may_not_resolve_costs_the_review_nothing_else(desk):
    await desk.post(desk.review(finding(5)))
    desk.forge.push("topic", {"a.py": MAIN})
    desk.token = desk.forge.actions(contents="read", pull_requests="write", checks="write")
    outcome = await desk.post(desk.review(fixed=(finding(5).fingerprint,)))
    assert "stay open" in outcome.notes[0]
    assert marks.reviewed_in(desk.summary()).rounds == 2


async def test_a_copied_mark_of_somebody_else_is_not_ours(desk):
    theirs = finding(5)
    desk.forge.remark(desk.pull, "eve", "a.py", 5, marks.of_finding(theirs.fingerprint) + "\nall good")
    desk.forge.say(desk.pull, "eve", marks.of_summary(marks.Reviewed(desk.pull.head, 9)))
    assert (await desk.gather()).reviewed == marks.Reviewed()
    await desk.post(desk.review(theirs))
    assert [thread.first.login for thread in desk.threads] == ["eve", "github-actions[bot]"]
    assert [one.login for one in desk.forge.comments(desk.pull)] == ["eve", "github-actions[bot]"]


async def test_a_review_that_failed_is_told_and_not_remembered(desk):
    await desk.post(desk.review(finding(5)))
    first = desk.pull.head
    desk.forge.push("topic", {"a.py": TOPIC + b"more\n"})
    await desk.post(desk.review(state="failed"))
    assert marks.reviewed_in(desk.summary()) == marks.Reviewed(first, 1)
    assert "fail" in desk.summary().lower() or "could not" in desk.summary().lower()


async def test_a_branch_that_moved_on_gets_what_still_stands_there(desk):
    review = desk.review(finding(5), finding(20), finding(21))
    moved = b"new first line\n" + TOPIC.replace(b"more(21)\n", b"other()\n")
    desk.forge.push("topic", {"a.py": moved})
    outcome = await desk.post(review)
    assert sorted(comment.line for comment in outcome.comments) == [6, 21]
    assert "a.py:21" in desk.summary()
    assert marks.reviewed_in(desk.summary()).head == review.head != desk.pull.head


async def test_somebody_pushes_while_the_pull_request_is_read(desk):
    review = desk.review(finding(5))
    gate = desk.forge.fail("/pulls/1/files", ending="slow")
    task = asyncio.create_task(desk.post(review))
    while not desk.forge.asked("GET", "/pulls/1/files"):
        await asyncio.sleep(0.01)
    pushed = desk.forge.push("topic", {"a.py": b"new first line\n" + TOPIC})
    gate.set()
    outcome = await task
    assert [comment.line for comment in outcome.comments] == [6]
    assert [thread.first.commit for thread in desk.threads] == [pushed]


async def test_a_review_that_a_later_one_overtook_changes_nothing(desk):
    late = desk.review(finding(5))
    desk.forge.push("topic", {"a.py": TOPIC + b"more\n"})
    await desk.post(desk.review(finding(20)))
    before = desk.state()
    assert "later" in (await desk.post(late)).nothing
    assert desk.state() == before


# --- cut off anywhere ---------------------------------------------------------------------------------------


REFUSED = {"answer": refusal(500, "Server Error")}
UNANSWERED = {"ending": "reset", "works": True}


async def second_round(forge, pushed, fault=None, nth=0):
    """Two reviews, the second with everything in it and cut off at its nth request; then the same again.

    Tells what is there in the end, and how many requests the second review took.
    """
    branch = f"topic-{len(forge.state.pulls)}"
    forge.bare.git("branch", branch, "topic")
    desk = Desk(forge, branch)
    await desk.post(desk.review(finding(5)))
    forge.bare.git("branch", "--force", branch, pushed)
    text = TOPIC.replace(b"call(5)\n", b"line 5\n")
    many = [finding(20, text=text), finding(21, text=text), finding(12, text=text)]
    review = desk.review(*many, fixed=(finding(5).fingerprint,))
    if fault:
        forge.fail(skip=nth, times=1, **fault)
        with contextlib.suppress(ForgeError):
            await desk.post(review)
    asked = len(forge.requests)
    await desk.post(review)
    return desk.state(), len(forge.requests) - asked


@pytest.mark.parametrize("third", range(3))
@pytest.mark.parametrize("fault", [REFUSED, UNANSWERED], ids=["refused", "done but not answered"])
async def test_whichever_request_fails_a_second_try_ends_where_one_would_have(forge, fault, third):
    pushed = forge.commit("pushed", {"a.py": TOPIC.replace(b"call(5)\n", b"line 5\n")}, start="topic")
    whole, requests = await second_round(forge, pushed)
    assert [line for line, *_ in whole[0]] == [5, 20, 21]
    assert requests > 10
    for nth in range(third, requests, 3):
        state, _ = await second_round(forge, pushed, dict(fault), nth)
        assert state == whole, f"request {nth}"
