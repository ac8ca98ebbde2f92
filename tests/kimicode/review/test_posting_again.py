"""Reviews of a pull request after the first: what was fixed, what was dismissed, what still stands."""

import pytest

from kimicode.review import marks
from kimicode.review.findings import Severity, Suggestion
from tests.fakes.forge.desk import MAIN, TOPIC, Desk, changed, finding
from tests.fakes.forge.tokens import refusal


@pytest.fixture
def forge(tmp_path):
    with changed(tmp_path) as forge:
        yield forge
        assert forge.verdicts == []


@pytest.fixture
def desk(forge):
    return Desk(forge)


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
    found = await desk.known()
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
    assert [desk.pull.head[:10] in one.first.body for one in desk.threads] == [True, False]


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
    (thread,) = desk.threads
    mark, _, told = thread.first.body.partition("\n")
    assert (marks.fingerprint_in(mark), marks.fixed_in(mark)) == (finding(5).fingerprint, desk.pull.head)
    assert told.startswith(f"Fixed as of `{desk.pull.head[:10]}`.\n\n<details>")
    assert "Call number 5 fails" in told
    assert "1 earlier finding fixed" in desk.summary()


async def test_a_comment_that_somebody_deleted_costs_the_review_nothing_else(desk):
    await desk.post(desk.review(finding(5)))
    desk.forge.push("topic", {"a.py": MAIN})
    desk.forge.fail("PATCH /repos/acme/shop/pulls/comments/", answer=refusal(404, "Not Found"))
    await desk.post(desk.review(fixed=(finding(5).fingerprint,)))
    assert marks.reviewed_in(desk.summary()).rounds == 2


async def test_what_was_suggested_for_a_fixed_finding_is_no_offer_any_more(desk):
    await desk.post(desk.review(finding(20, suggestion=Suggestion(20, 20, "call(22)"))), read=lambda path: TOPIC)
    assert "```suggestion\n" in desk.threads[0].first.body
    desk.forge.push("topic", {"a.py": MAIN})
    await desk.post(desk.review(fixed=(finding(20).fingerprint,)))
    assert "```suggestion" not in desk.threads[0].first.body
    assert "```\ncall(22)\n```" in desk.threads[0].first.body


@pytest.mark.parametrize("contents", ["read", "write"])
async def test_a_fault_that_was_fixed_and_comes_back_is_told_again(desk, contents):
    desk.token = desk.forge.actions(contents=contents, pull_requests="write", checks="write")
    await desk.post(desk.review(finding(5)))
    desk.forge.push("topic", {"a.py": MAIN})
    await desk.post(desk.review(fixed=(finding(5).fingerprint,)))
    known = await desk.known()
    assert (known.known, known.dismissed, known.open) == (frozenset(), frozenset(), ())
    desk.forge.push("topic", {"a.py": TOPIC})
    for _ in range(2):
        await desk.post(desk.review(finding(5)))
        assert [bool(marks.fixed_in(one.first.body)) for one in desk.threads] == [True, False]
    assert (await desk.known()).known == {finding(5).fingerprint}


async def test_who_resolves_a_thread_that_says_fixed_has_dismissed_nothing(desk):
    desk.token = desk.forge.actions(contents="read", pull_requests="write", checks="write")
    await desk.post(desk.review(finding(5)))
    desk.forge.push("topic", {"a.py": MAIN})
    await desk.post(desk.review(fixed=(finding(5).fingerprint,)))
    desk.forge.resolve(desk.threads[0], "ann")
    assert (await desk.known()).dismissed == frozenset()


async def test_a_person_who_reviews_under_their_own_name_can_resolve_and_dismiss_under_it(desk):
    desk.token = desk.forge.user("ann")
    await desk.post(desk.review(finding(5), finding(20), finding(21)))
    by_line = {thread.first.line: thread for thread in desk.threads}
    desk.forge.reply(by_line[5], "ann", "/dismiss")
    desk.forge.resolve(by_line[20], "ann")
    known = await desk.known()
    assert known.dismissed == {finding(5).fingerprint, finding(20).fingerprint}
    assert known.known == {finding(21).fingerprint}


async def test_what_has_no_comment_is_still_listed_after_a_push_while_its_code_stands(desk):
    await desk.post(desk.review(finding(5), finding(20, Severity.LOW), finding(21, Severity.LOW)), most=1)
    first = desk.pull.head
    later = b"new first line\n" + TOPIC.replace(b"more(21)\n", b"other()\n")
    desk.forge.push("topic", {"a.py": later})
    for _ in range(2):
        outcome = await desk.post(desk.review(since=first), most=1)
        assert outcome.listed == 1
        assert "`a.py:21` | Call number 20 fails. It raises" in desk.summary()
        assert "Call number 21" not in desk.summary()
        assert "2 earlier findings still open" in desk.summary()
    assert desk.checked() == "No new faults, 2 earlier findings open"
    desk.forge.push("topic", {"a.py": later + b"more\n"})
    await desk.post(desk.review())
    assert "Call number 20" not in desk.summary()


async def test_a_row_that_somebody_wrote_into_the_summary_passes_the_gates_or_says_nothing(desk):
    await desk.post(desk.review(finding(5), finding(20, Severity.LOW), finding(21, Severity.LOW)), most=1)
    first = desk.pull.head
    (comment,) = desk.forge.comments(desk.pull)
    comment.body = comment.body.replace("Call number 20", "See https://evil.test/x")
    desk.forge.push("topic", {"a.py": TOPIC + b"more\n"})
    await desk.post(desk.review(since=first), most=1)
    assert "evil" not in desk.summary()
    assert "a low correctness finding whose text was withheld" in desk.summary().lower()
    assert "Call number 21" in desk.summary()


async def test_a_review_that_failed_is_told_and_not_remembered(desk):
    await desk.post(desk.review(finding(5)))
    first = desk.pull.head
    desk.forge.push("topic", {"a.py": TOPIC + b"more\n"})
    await desk.post(desk.review(state="failed"))
    assert marks.reviewed_in(desk.summary()) == marks.Reviewed(first, 1)
    assert "fail" in desk.summary().lower() or "could not" in desk.summary().lower()


async def test_under_its_former_name_a_repository_is_found_all_the_same(desk):
    desk.pull.url = desk.pull.url.replace("acme/shop", "acme/store")
    desk.forge.state.former_names.append("acme/store")
    await desk.post(desk.review(finding(5), finding(20), finding(12)))
    assert desk.places() == [5, 20]
    desk.forge.push("topic", {"a.py": MAIN})
    assert len((await desk.post(desk.review(fixed=(finding(5).fingerprint,)))).resolved) == 1
