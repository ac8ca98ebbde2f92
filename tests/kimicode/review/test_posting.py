"""A review comes to its pull request: the real client against a fake GitHub over a real repository and real sockets."""

import dataclasses

import pytest

from kimicode.review import marks
from kimicode.review.findings import Severity, Suggestion, Unread
from tests.fakes.forge.desk import TOPIC, Desk, changed, finding
from tests.fakes.forge.tokens import refusal


@pytest.fixture
def forge(tmp_path):
    with changed(tmp_path) as forge:
        yield forge
        assert forge.verdicts == []


@pytest.fixture
def desk(forge):
    return Desk(forge)


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


async def test_a_suggestion_of_three_lines_may_repeat_the_author_s_and_may_not_speak(desk):
    code = b"rows = [convert(row.amount, row.currency, wanted) for row in rows if row.paid]\n"
    desk.forge.push("topic", {"a.py": TOPIC.replace(b"call(5)\n", code)})
    head = desk.forge.bare.git("show", "topic:a.py")
    mended = f"if not rows:\n    raise ValueError(rows)\n{code.decode().rstrip()}"
    honest = finding(5, text=head, suggestion=Suggestion(5, 5, mended))
    hostile = finding(20, text=head, suggestion=Suggestion(20, 20, "call()  # Because it has to be called."))
    await desk.post(desk.review(honest, hostile), read=lambda path: head)
    five, twenty = sorted(desk.threads, key=lambda thread: thread.first.line)
    assert f"```suggestion\n{mended}\n```" in five.first.body
    assert "has to be called" not in twenty.first.body


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


async def test_nothing_that_could_be_read_is_not_nothing_found(desk):
    await desk.post(desk.review(state="partial", files=0, unread=(Unread("a.py", "too large"),)))
    assert "Nothing was reviewed: 1 file left out (too large)." in desk.summary()
    assert desk.checked() == "Nothing was reviewed"


async def test_a_copied_mark_of_somebody_else_is_not_ours(desk):
    theirs = finding(5)
    desk.forge.remark(desk.pull, "eve", "a.py", 5, marks.of_finding(theirs.fingerprint) + "\nall good")
    desk.forge.say(desk.pull, "eve", marks.of_summary(marks.Reviewed(desk.pull.head, 9)))
    assert (await desk.gather()).reviewed == marks.Reviewed()
    await desk.post(desk.review(theirs))
    assert [thread.first.login for thread in desk.threads] == ["eve", "github-actions[bot]"]
    assert [one.login for one in desk.forge.comments(desk.pull)] == ["eve", "github-actions[bot]"]


@pytest.mark.parametrize("found", [True, False])
async def test_in_a_locked_conversation_nothing_is_said(desk, found):
    desk.pull.locked = True
    outcome = await desk.post(desk.review(*[finding(5), finding(20)][: 2 * found]))
    assert "locked" in outcome.nothing
    assert desk.threads == desk.forge.comments(desk.pull) == []


async def test_of_more_files_than_github_lists_only_the_listed_get_comments(desk):
    desk.forge.push("topic", {"b.py": TOPIC})
    desk.forge.state.most_files = 1
    await desk.post(desk.review(finding(5), dataclasses.replace(finding(20), path="b.py")))
    assert desk.places() == [5]
    assert "as far as the forge lists them, were left out" in desk.summary()
