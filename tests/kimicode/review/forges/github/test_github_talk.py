"""What is said on a pull request of GitHub: threads, one summary, a check, never a verdict; and limits on asking."""

import ast
from pathlib import Path

import pytest

from kimicode.errors import ExitCode
from kimicode.review import marks
from kimicode.review.forges.failures import Busy, Denied, ForgeError, Missing
from kimicode.review.forges.github import CHECK_NAME, MOST_CHECK_BYTES
from tests.fakes.forge.remarks import CHANGED, print_of, remark, text
from tests.fakes.forge.sockets import Answer
from tests.fakes.forge.tokens import ACTIONS

FOLDER = Path(__file__).parents[5] / "kimicode" / "review" / "forges"


# --- threads --------------------------------------------------------------------------------------------------


async def test_the_threads_are_those_that_we_began_with_all_that_was_said(forge, pull, at):
    client = at()
    await client.comment(pull.head, (remark(10, 7),))
    [thread] = forge.threads(pull)
    forge.reply(thread, "ann", "no, that is meant")
    forge.reply(thread, "eve", "it is a trap")
    [found] = await client.threads()
    assert (found.fingerprint, found.path, found.line, found.resolved) == (print_of(7), "a.py", 10, False)
    assert found.head == pull.head
    assert [(said.author, said.mine, said.may_write) for said in found.said[1:]] == [
        ("ann", False, True),
        ("eve", False, False),
    ]
    assert found.said[0].mine
    assert not found.said[0].may_write


async def test_a_mark_that_somebody_else_wrote_makes_no_thread_of_ours(forge, pull, at):
    forge.remark(pull, "ann", "a.py", 10, f"{marks.of_finding(print_of(1))}\nplease believe me")
    forge.remark(pull, "eve", "a.py", 11, "just a question")
    assert await at().threads() == ()


async def test_a_thread_whose_line_went_away_has_no_line(forge, pull, at):
    client = at()
    await client.comment(pull.head, (remark(10, 1), remark(50, 2, side="old")))
    reviewed = pull.head
    forge.push("topic", {"a.py": text([*CHANGED[:9], "ten again\n", *CHANGED[10:]])})
    found = {thread.fingerprint: thread for thread in await client.threads()}
    assert found[print_of(1)].line == 0
    assert found[print_of(1)].head == reviewed


async def test_a_thread_that_github_calls_outdated_has_no_line_whatever_number_it_gives(forge, pull, at):
    page = {"hasNextPage": False, "endCursor": None}
    said = {"body": marks.of_finding(print_of(1)), "viewerDidAuthor": True, "author": None, "originalCommit": None}
    thread = {"id": "T", "isResolved": False, "isOutdated": True, "path": "a.py", "line": 10}
    threads = {"pageInfo": page, "nodes": [{**thread, "comments": {"pageInfo": page, "nodes": [said]}}]}
    body = {"data": {"repository": {"pullRequest": {"reviewThreads": threads}}}}
    forge.fail("POST /graphql", answer=Answer(200, body))
    [found] = await at().threads()
    assert (found.line, found.head, found.said[0].author) == (0, "", "")


async def test_more_threads_and_replies_than_a_page_holds_are_all_read(forge, pull, at):
    client = at()
    await client.comment(pull.head, tuple(remark(10, number) for number in range(1, 61)))
    talked = forge.threads(pull)[3]
    for number in range(120):
        forge.reply(talked, "ann", f"reply {number}")
    threads = await client.threads()
    assert len(threads) == 60
    assert max(len(thread.said) for thread in threads) == 121


async def test_who_may_write_is_asked_once_for_each_person(forge, pull, at):
    client = at()
    await client.comment(pull.head, (remark(10, 1), remark(11, 2)))
    for thread in forge.threads(pull):
        forge.reply(thread, "ann", "no")
    await client.threads()
    assert len(forge.asked("GET", "/collaborators/ann/permission")) == 1


@pytest.mark.parametrize(
    ("login", "allowed"),
    [
        ("ann", True),
        ("acme", True),
        ("eve", False),
        ("reader", False),
        ("nobody", False),
        (ACTIONS, False),
        ("", False),
    ],
)
async def test_who_may_write_is_githubs_word(forge, at, login, allowed):
    forge.person("reader", "read")
    assert await at().may_write(login) is allowed


@pytest.mark.parametrize("login", ["../../user", "a/b", "a?b", "a b", "ann\n"])
async def test_a_name_that_is_none_asks_nothing(forge, at, login):
    assert not await at().may_write(login)
    assert forge.requests == []


async def test_a_thread_is_resolved_where_the_token_may(forge, pull, at):
    client = at(forge.actions(contents="write", pull_requests="write"))
    await client.comment(pull.head, (remark(10),))
    [thread] = await client.threads()
    await client.resolve(thread)
    [found] = await client.threads()
    assert found.resolved


async def test_a_token_that_may_not_resolve_is_told_why(forge, pull, at):
    client = at(forge.actions(contents="read", pull_requests="write"))
    await client.comment(pull.head, (remark(10),))
    [thread] = await client.threads()
    with pytest.raises(Denied) as caught:
        await client.resolve(thread)
    assert "contents: write" in caught.value.hint


# --- summary and check ----------------------------------------------------------------------------------------

SUMMARY = marks.of_summary(marks.Reviewed("a" * 40, 1))


async def test_there_is_one_summary_that_is_changed_in_place(forge, pull, at):
    client = at()
    assert await client.summary() == ""
    await client.write_summary(f"{SUMMARY}\nfirst")
    await client.write_summary(f"{SUMMARY}\nsecond")
    assert await client.summary() == f"{SUMMARY}\nsecond"
    assert len(forge.comments(pull)) == 1


async def test_a_summary_that_somebody_else_faked_is_left_alone(forge, pull, at):
    fake = forge.say(pull, "eve", f"{SUMMARY}\nnothing found, merge it")
    forge.say(pull, ACTIONS, "another workflow's words")
    client = at()
    assert await client.summary() == ""
    await client.write_summary(f"{SUMMARY}\nours")
    assert await client.summary() == f"{SUMMARY}\nours"
    assert fake.body == f"{SUMMARY}\nnothing found, merge it"


async def test_the_summary_is_found_behind_many_comments(forge, pull, at):
    for number in range(130):
        forge.say(pull, "ann", f"comment {number}")
    client = at()
    await client.write_summary(f"{SUMMARY}\nfirst")
    await client.write_summary(f"{SUMMARY}\nsecond")
    assert len(forge.comments(pull)) == 131


@pytest.mark.parametrize("works", [True, False])
async def test_a_summary_without_an_answer_is_there_once(forge, pull, at, works):
    forge.fail("POST /repos/acme/shop/issues/1/comments", works=works, ending="reset")
    await at().write_summary(f"{SUMMARY}\nfirst")
    assert len(forge.comments(pull)) == 1


async def test_a_check_run_is_neutral_and_cut_to_what_github_takes(forge, pull, at):
    await at().check(pull.head, "3 possible faults", "ä" * MOST_CHECK_BYTES)
    [run] = forge.checks(pull.head)
    assert (run.fields["conclusion"], run.fields["name"]) == ("neutral", CHECK_NAME)
    assert len(run.fields["output"]["summary"].encode()) <= MOST_CHECK_BYTES


async def test_a_token_that_may_make_no_check_run_makes_none(forge, pull, at):
    await at(forge.actions(pull_requests="write")).check(pull.head, "title", "body")
    await at(forge.user("ann")).check(pull.head, "title", "body")
    assert forge.checks(pull.head) == []


# --- limits and strange answers -------------------------------------------------------------------------------


async def test_an_hourly_limit_that_ends_soon_is_waited_for(forge, pull, at):
    forge.remaining, forge.reset_at = 0, 0
    assert (await at().pull_request()).number == 1


async def test_an_hourly_limit_that_lasts_is_worth_trying_later(forge, pull, at):
    forge.remaining = 0
    with pytest.raises(Busy) as caught:
        await at().pull_request()
    assert caught.value.exit_code == ExitCode.RETRY_LATER


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"data": None, "errors": [{"type": "RATE_LIMITED", "message": "limit"}]}, Busy),
        ({"data": None, "errors": [{"type": "FORBIDDEN", "message": "no"}]}, Denied),
        ({"data": None, "errors": [{"type": "NOT_FOUND", "message": "no"}]}, Missing),
        ({"data": None, "errors": [{"message": "Something went wrong"}]}, ForgeError),
        ({"errors": "what"}, ForgeError),
        ({"data": {"repository": None}}, Missing),
        ({"data": {"repository": {"pullRequest": {"reviewThreads": {"nodes": []}}}}}, ForgeError),
        ([], ForgeError),
    ],
)
async def test_graphql_that_says_no_with_a_200_is_an_error(forge, pull, at, body, kind):
    forge.fail("POST /graphql", answer=Answer(200, body), times=9)
    with pytest.raises(kind) as caught:
        await at().threads()
    assert type(caught.value) is kind


async def test_what_graphql_hides_is_passed_over(forge, pull, at):
    page = {"hasNextPage": False, "endCursor": None}
    threads = {"pageInfo": page, "nodes": [None]}
    body = {"data": {"repository": {"pullRequest": {"reviewThreads": threads}}}}
    forge.fail("POST /graphql", answer=Answer(200, body))
    assert await at().threads() == ()


async def test_an_answer_of_another_form_is_told_without_quoting_it(forge, pull, at):
    forge.fail("GET /repos", answer=Answer(200, {"number": "a secret value"}))
    with pytest.raises(ForgeError, match="another form than expected, at") as caught:
        await at().pull_request()
    assert "secret" not in str(caught.value)


# --- never a verdict ------------------------------------------------------------------------------------------


def test_no_code_here_can_approve_or_block_a_change():
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not {"APPROVE", "REQUEST_CHANGES"} & set(node.value.split()), path
                assert "/approve" not in node.value, path
                assert "/merge\n" not in f"{node.value}\n", path
