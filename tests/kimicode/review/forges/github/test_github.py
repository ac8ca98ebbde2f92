"""GitHub as people and workflows meet it: pull requests, their diff, threads, one summary, and never a verdict."""

import pytest

from kimicode.errors import ExitCode
from kimicode.review.forges.connect import connect
from kimicode.review.forges.failures import Denied, Missing, Unclear
from tests.fakes.forge.github import GitHub
from tests.fakes.forge.remarks import QUICK, print_of, remark
from tests.fakes.forge.repository import Blob
from tests.fakes.forge.sockets import Answer
from tests.fakes.forge.tokens import refusal, secondary_limit

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
