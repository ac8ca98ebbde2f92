"""GitHub as people and workflows meet it: pull requests, their diff, threads, one summary, and never a verdict."""

import ast
from pathlib import Path

import pytest

from kimicode.errors import ExitCode
from kimicode.review import marks
from kimicode.review.forges.connect import connect
from kimicode.review.forges.failures import Busy, Denied, ForgeError, Missing, Unclear
from kimicode.review.forges.forge import Comment
from kimicode.review.forges.github import CHECK_NAME, MOST_CHECK_BYTES
from kimicode.review.forges.limits import Patience
from tests.fakes.forge.github import GitHub
from tests.fakes.forge.repository import Blob
from tests.fakes.forge.sockets import Answer
from tests.fakes.forge.tokens import ACTIONS, refusal, secondary_limit

FOLDER = Path(__file__).parents[4] / "kimicode" / "review" / "forges"
QUICK = Patience(attempts=3, first_s=0.01, longest_s=0.02, in_all_s=5.0, settle_s=0.01)
LINES = [f"line {number}\n" for number in range(1, 61)]
CHANGED = [*LINES[:9], "ten changed\n", "new one\n", *LINES[10:49], *LINES[50:]]


def text(lines) -> bytes:
    return "".join(lines).encode()


def print_of(number: int) -> str:
    return f"{number:016x}"


def remark(line: int, number: int = 1, *, first: int = 0, side="new", path="a.py") -> Comment:
    """A finding's comment, as the posting side makes them."""
    fingerprint = print_of(number)
    return Comment(
        path, path, side, first or line, line, f"{marks.of_finding(fingerprint)}\nfault {number}", fingerprint
    )


@pytest.fixture
def forge(tmp_path):
    with GitHub(tmp_path) as fake:
        fake.commit("main", {"a.py": text(LINES), "b.py": b"b\n"})
        fake.commit("topic", {"a.py": text(CHANGED)})
        yield fake
    assert fake.verdicts == []


@pytest.fixture
def pull(forge):
    return forge.open("A title", "A description", head="topic", author="ann")


@pytest.fixture
async def at(forge, pull):
    """Connects with a token, with the one of a workflow run where none is given."""
    opened = []

    def make(token=None, patience=QUICK):
        client = connect(pull.url, forge.environ(forge.actions() if token is None else token), patience=patience)
        opened.append(client)
        return client

    yield make
    for client in opened:
        await client.close()


# --- reading --------------------------------------------------------------------------------------------------


async def test_a_pull_request_is_told_with_the_commit_that_it_parted_from(forge, pull, at):
    parted = forge.bare.tip("refs/heads/main")
    base = forge.commit("main", {"c.py": b"c\n"})
    found = await at().pull_request()
    assert (found.title, found.description, found.author, found.number) == ("A title", "A description", "ann", 1)
    assert (found.url, found.head, found.base_branch, found.head_branch) == (pull.url, pull.head, "main", "topic")
    assert found.base == base
    assert found.merge_base == parted
    assert (found.fork, found.draft, found.open) == (False, False, True)


async def test_after_a_force_push_of_the_base_there_may_be_nothing_to_compare(forge, at):
    forge.fail("/compare/", answer=refusal(404, "No common ancestor between main and topic."))
    with pytest.raises(Missing, match="No common ancestor") as caught:
        await at().pull_request()
    assert "force push" in caught.value.hint


async def test_a_pull_request_from_a_fork_is_one(forge):
    forge.commit("theirs", {"a.py": b"x\n"}, fork="eve")
    pull = forge.open("Hello", head="theirs", author="eve", fork="eve", draft=True)
    client = connect(pull.url, forge.environ(forge.actions()), patience=QUICK)
    found = await client.pull_request()
    await client.close()
    assert (found.fork, found.draft, found.author, found.description) == (True, True, "eve", "")


async def test_an_enterprise_server_has_its_paths_below_api(tmp_path):
    with GitHub(tmp_path, enterprise=True) as fake:
        fake.commit("main", {"a.py": b"a\n"})
        fake.commit("topic", {"a.py": b"b\n"})
        pull = fake.open("A title", head="topic")
        client = connect(f"{pull.url}/files?w=1", fake.environ(fake.actions()), patience=QUICK)
        assert (await client.pull_request()).title == "A title"
        assert await client.threads() == ()
        await client.close()


async def test_without_a_token_a_public_pull_request_can_be_read(at):
    client = at(token="")
    assert (await client.pull_request()).title == "A title"
    assert len(await client.files()) == 1
    assert await client.threads() == ()
    assert await client.summary() == ""
    assert not await client.may_write("ann")


async def test_without_a_token_nothing_can_be_posted_and_the_error_says_what_to_set(pull, at):
    with pytest.raises(Denied) as caught:
        await at(token="").comment(pull.head, (remark(10),))
    assert caught.value.exit_code == ExitCode.USAGE
    assert "GH_ENTERPRISE_TOKEN" in caught.value.hint or "GITHUB_TOKEN" in caught.value.hint


async def test_the_files_are_the_forges_own_diff(forge, pull, at):
    forge.push(
        "topic",
        {
            "b.py": None,
            "moved.py": b"b\n",
            "new.txt": b"no newline",
            "picture.png": b"\x89PNG\0\0",
            "run.sh": Blob(b"#!/bin/sh\n", "100755"),
        },
    )
    files = {file.path: file for file in await at().files()}
    assert (files["moved.py"].status, files["moved.py"].old_path, files["moved.py"].hunks) == ("renamed", "b.py", ())
    assert files["picture.png"].hunks == ()
    assert files["new.txt"].status == "added"
    assert files["a.py"].changed("new") == {10, 11}
    assert files["a.py"].changed("old") == {10, 50}


async def test_more_files_than_a_page_holds_are_all_read(forge, pull, at):
    forge.push("topic", {f"many/{number:03}.py": b"x\n" for number in range(230)})
    assert len(await at().files()) == 231


@pytest.mark.parametrize(("url", "kind"), [("/acme/shop/pull/99", Missing), ("/acme/other/pull/1", Missing)])
async def test_what_is_not_there_is_told_with_a_hint(forge, pull, url, kind):
    client = connect(f"{forge.url}{url}", forge.environ(forge.actions()), patience=QUICK)
    with pytest.raises(kind, match="404") as caught:
        await client.pull_request()
    await client.close()
    assert "Is the address right" in caught.value.hint


async def test_a_wrong_token_is_named(forge, pull):
    client = connect(pull.url, forge.environ("ghp_wrong"), patience=QUICK)
    with pytest.raises(Denied, match="Bad credentials") as caught:
        await client.pull_request()
    await client.close()
    assert caught.value.hint == "GITHUB_TOKEN is wrong or has expired."
    assert "ghp_wrong" not in str(caught.value)


# --- inline comments ------------------------------------------------------------------------------------------


async def test_comments_are_one_review_that_only_comments(forge, pull, at):
    comments = (remark(10, 1), remark(11, 2, first=9), remark(50, 3, side="old"))
    posted = await at().comment(pull.head, comments)
    assert posted.comments == comments
    assert posted.refused == ()
    [review] = forge.reviews(pull)
    assert review.event == "COMMENT"
    assert {forge.place(thread) for thread in forge.threads(pull)} >= {("a.py", 10), ("a.py", 11)}


async def test_no_comments_are_no_review(forge, pull, at):
    assert (await at().comment(pull.head, ())).comments == ()
    assert forge.asked("POST") == []


@pytest.mark.parametrize("bad", [30, 1, 9999])
async def test_one_comment_that_github_refuses_does_not_lose_the_others(forge, pull, at, bad):
    comments = (remark(10, 1), remark(11, 2), remark(bad, 3), remark(12, 4), remark(8, 5))
    posted = await at().comment(pull.head, comments)
    assert {comment.fingerprint for comment in posted.comments} == {print_of(number) for number in (1, 2, 4, 5)}
    [(refused, reason)] = posted.refused
    assert refused.line == bad
    assert reason
    assert len(forge.threads(pull)) == 4


async def test_all_bad_comments_cost_a_bounded_number_of_requests(forge, pull, at):
    comments = tuple(remark(30, number) for number in range(1, 21))
    posted = await at().comment(pull.head, comments)
    assert posted.comments == ()
    assert len(posted.refused) == 20
    assert len(forge.asked("POST", "/reviews")) == 39


async def test_many_comments_are_split_into_reviews_of_twenty(forge, pull, at):
    comments = tuple(remark(10, number) for number in range(1, 46))
    posted = await at().comment(pull.head, comments)
    assert len(posted.comments) == 45
    assert [len(review.json()["comments"]) for review in forge.asked("POST", "/reviews")] == [20, 20, 5]


@pytest.mark.parametrize("ending", ["reset", "half"])
async def test_a_review_that_was_posted_without_an_answer_is_not_posted_twice(forge, pull, at, ending):
    forge.fail("POST /repos/acme/shop/pulls/1/reviews", works=True, ending=ending)
    posted = await at().comment(pull.head, (remark(10, 1), remark(11, 2)))
    assert len(posted.comments) == 2
    assert len(forge.threads(pull)) == 2


@pytest.mark.parametrize(
    "fault", [{"ending": "reset"}, {"answer": Answer(502, "<html>")}, {"answer": secondary_limit(0)}]
)
async def test_a_review_that_was_not_posted_is_posted_again(forge, pull, at, fault):
    forge.fail("POST /repos/acme/shop/pulls/1/reviews", **fault)
    posted = await at().comment(pull.head, (remark(10, 1), remark(11, 2)))
    assert len(posted.comments) == 2
    assert len(forge.threads(pull)) == 2


async def test_a_comment_on_an_older_head_is_not_taken_for_the_one_without_an_answer(forge, pull, at):
    client = at()
    await client.comment(pull.head, (remark(10, 1),))
    forge.push("topic", {"d.py": b"d\n"})
    forge.fail("POST /repos/acme/shop/pulls/1/reviews", ending="reset")
    await client.comment(pull.head, (remark(10, 1),))
    assert len(forge.threads(pull)) == 2


async def test_a_review_that_is_never_answered_ends_in_an_error(forge, pull, at):
    forge.fail("POST /repos/acme/shop/pulls/1/reviews", times=99, answer=Answer(502, "<html>"))
    with pytest.raises(Unclear, match="502"):
        await at().comment(pull.head, (remark(10),))
    assert len(forge.asked("POST", "/reviews")) == 3


async def test_a_token_that_only_reads_is_told_which_permission_the_workflow_needs(forge, pull, at):
    client = at(forge.actions(contents="read", pull_requests="read"))
    with pytest.raises(Denied, match="Resource not accessible by integration") as caught:
        await client.comment(pull.head, (remark(10),))
    assert "pull-requests: write" in caught.value.hint


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
