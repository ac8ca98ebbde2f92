"""GitLab as people and pipelines meet it: merge requests, diffs, discussions at lines, one summary, no approval."""

import pytest

from kimicode.errors import ExitCode
from kimicode.review import marks
from kimicode.review.forges.connect import connect
from kimicode.review.forges.failures import Busy, Denied, Missing
from kimicode.review.forges.forge import Comment
from kimicode.review.forges.limits import Patience
from tests.fakes.forge.gitlab import GitLab, too_many
from tests.fakes.forge.repository import Blob
from tests.fakes.forge.sockets import Answer

QUICK = Patience(attempts=3, first_s=0.01, longest_s=0.02, in_all_s=5.0, settle_s=0.01)
LINES = [f"line {number}\n" for number in range(1, 61)]
CHANGED = [*LINES[:9], "ten changed\n", "new one\n", *LINES[10:49], *LINES[50:]]
SUMMARY = marks.of_summary(marks.Reviewed("a" * 40, 1))


def text(lines) -> bytes:
    return "".join(lines).encode()


def print_of(number: int) -> str:
    return f"{number:016x}"


def remark(line: int, number: int = 1, *, first: int = 0, side="new", path="a.py", old_path="") -> Comment:
    """A finding's comment, as the posting side makes them."""
    body = f"{marks.of_finding(print_of(number))}\nfault {number}"
    return Comment(path, old_path or path, side, first or line, line, body, print_of(number))


@pytest.fixture
def forge(tmp_path):
    with GitLab(tmp_path) as fake:
        fake.commit("main", {"a.py": text(LINES), "b.py": text(LINES), "c.py": b"a\nb\nc\n" * 9})
        fake.commit("topic", {"a.py": text(CHANGED)})
        yield fake
    assert fake.approvals == []


@pytest.fixture
def merge(forge):
    return forge.open("A title", "A description", head="topic", author="ann")


@pytest.fixture
async def at(forge, merge):
    """Connects with a token, with the one of a project's bot where none is given."""
    opened = []

    def make(token=None, patience=QUICK):
        client = connect(merge.url, forge.environ(forge.bot() if token is None else token), patience=patience)
        opened.append(client)
        return client

    yield make
    for client in opened:
        await client.close()


# --- reading --------------------------------------------------------------------------------------------------


async def test_a_merge_request_is_told_with_its_three_commits(forge, merge, at):
    found = await at().pull_request()
    assert (found.title, found.description, found.author, found.number) == ("A title", "A description", "ann", 1)
    assert (found.url, found.head, found.base_branch, found.head_branch) == (merge.url, merge.head, "main", "topic")
    assert (found.fork, found.draft, found.open) == (False, False, True)
    assert len({found.base, found.merge_base} | {found.head}) >= 2


async def test_a_merge_request_from_a_fork_is_one(forge):
    forge.commit("theirs", {"a.py": b"x\n"}, fork="eve")
    merge = forge.open("Hello", head="theirs", author="eve", fork="eve")
    client = connect(merge.url, forge.environ(forge.bot()), patience=QUICK)
    found = await client.pull_request()
    await client.close()
    assert (found.fork, found.description) == (True, "")


async def test_a_gitlab_below_a_folder_of_its_host_is_reached(tmp_path):
    with GitLab(tmp_path, below="/gitlab") as fake:
        fake.commit("main", {"a.py": b"a\n"})
        fake.commit("topic", {"a.py": b"b\n"})
        merge = fake.open("A title", head="topic")
        client = connect(f"{merge.url}/diffs?view=inline", fake.environ(fake.bot()), patience=QUICK)
        assert (await client.pull_request()).title == "A title"
        await client.close()


async def test_a_diff_that_is_not_worked_out_yet_is_worth_trying_later(forge, merge, at):
    forge.prepare(merge, done=False)
    with pytest.raises(Busy, match="not worked out") as caught:
        await at().pull_request()
    assert caught.value.exit_code == ExitCode.RETRY_LATER


async def test_without_a_token_a_public_merge_request_can_be_read(forge, at):
    client = at(token="")
    assert (await client.pull_request()).title == "A title"
    assert len(await client.files()) == 1
    assert await client.threads() == ()
    assert await client.summary() == ""


async def test_the_files_are_the_forges_own_diff(forge, merge, at):
    forge.push(
        "topic",
        {
            "b.py": None,
            "moved.py": text([*LINES, "more\n"]),
            "new.txt": b"no newline",
            "picture.png": b"\x89PNG\0\0",
            "run.sh": Blob(b"#!/bin/sh\n", "100755"),
        },
    )
    files = {file.path: file for file in await at().files()}
    assert (files["moved.py"].status, files["moved.py"].old_path) == ("renamed", "b.py")
    assert files["moved.py"].changed("new") == {61}
    assert files["picture.png"].hunks == ()
    assert (files["new.txt"].status, files["new.txt"].old_mode) == ("added", "")
    assert (files["run.sh"].new_mode, files["run.sh"].status) == ("100755", "added")
    assert files["a.py"].changed("old") == {10, 50}


async def test_more_files_than_a_page_holds_are_all_read(forge, merge, at):
    forge.push("topic", {f"many/{number:03}.py": b"x\n" for number in range(230)})
    assert len(await at().files()) == 231


@pytest.mark.parametrize("url", ["/acme/tools/shop/-/merge_requests/99", "/acme/other/-/merge_requests/1"])
async def test_what_is_not_there_is_told_with_a_hint(forge, merge, url):
    client = connect(f"{forge.url}{url}", forge.environ(forge.bot()), patience=QUICK)
    with pytest.raises(Missing) as caught:
        await client.pull_request()
    await client.close()
    assert "Is the address right" in caught.value.hint


async def test_a_pipelines_own_token_is_told_what_it_cannot_do(forge, merge):
    environ = {**forge.environ(), "CI_JOB_TOKEN": forge.user("ann", "job")}
    client = connect(merge.url, environ, patience=QUICK)
    with pytest.raises((Denied, Missing)) as caught:
        await client.comment(merge.head, (remark(10),))
    await client.close()
    assert "set GITLAB_TOKEN" in caught.value.hint
    assert any("job-token" in request.headers for request in forge.requests)


# --- inline comments ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "numbers"),
    [
        (remark(10), {"new_line": 10, "old_line": None}),
        (remark(11), {"new_line": 11, "old_line": None}),
        (remark(13), {"new_line": 13, "old_line": 12}),
        (remark(50, side="old"), {"new_line": None, "old_line": 50}),
        (remark(51), {"new_line": 51, "old_line": 51}),
        (remark(11, first=8), {"new_line": 11, "old_line": None}),
        (remark(50, first=48, side="old"), {"new_line": None, "old_line": 50}),
        (remark(14, first=13), {"new_line": 14, "old_line": 13}),
    ],
)
async def test_a_comment_stands_at_the_line_that_it_means(forge, merge, at, comment, numbers):
    posted = await at().comment(merge.head, (comment,))
    assert posted.refused == ()
    [discussion] = forge.discussions(merge, at_lines=True)
    position = discussion.first.position
    assert {name: position.get(name) for name in numbers} == numbers
    assert ("line_range" in position) == (comment.first < comment.line)


async def test_comments_on_renamed_new_and_deleted_files_stand(forge, merge, at):
    forge.push("topic", {"b.py": None, "moved.py": text([*LINES, "more\n"]), "new.py": b"x\ny\n", "c.py": None})
    comments = (
        remark(61, 1, first=60, path="moved.py", old_path="b.py"),
        remark(2, 2, first=1, path="new.py"),
        remark(7, 3, first=5, side="old", path="c.py"),
    )
    posted = await at().comment(merge.head, comments)
    assert posted.refused == ()
    assert len(forge.discussions(merge, at_lines=True)) == 3


@pytest.mark.parametrize("bad", [remark(30, 3), remark(9999, 3), remark(1, 3, path="none.py"), remark(11, 3, first=1)])
async def test_one_comment_that_has_no_place_does_not_lose_the_others(forge, merge, at, bad):
    posted = await at().comment(merge.head, (remark(10, 1), bad, remark(11, 2)))
    assert [comment.fingerprint for comment in posted.comments] == [print_of(1), print_of(2)]
    assert posted.refused == ((bad, "the line is not in the diff"),)


async def test_one_comment_that_gitlab_refuses_does_not_lose_the_others(forge, merge, at):
    refusal = {"message": '400 Bad request - Note {:line_code=>["can\'t be blank"]}'}
    forge.fail("POST", skip=1, answer=Answer(400, refusal))
    posted = await at().comment(merge.head, (remark(10, 1), remark(11, 2), remark(12, 3)))
    assert [comment.fingerprint for comment in posted.comments] == [print_of(1), print_of(3)]
    assert posted.refused[0][1].startswith("400 Bad request - Note")


async def test_one_position_on_which_gitlab_breaks_does_not_lose_the_others(forge, merge, at):
    forge.fail("POST", times=3, answer=Answer(500, {"message": "500 Internal Server Error"}))
    posted = await at().comment(merge.head, (remark(10, 1), remark(11, 2)))
    assert [comment.fingerprint for comment in posted.comments] == [print_of(2)]
    assert "500" in posted.refused[0][1]


@pytest.mark.parametrize("works", [True, False])
async def test_a_comment_without_an_answer_is_there_once(forge, merge, at, works):
    forge.fail("POST", works=works, ending="reset")
    posted = await at().comment(merge.head, (remark(10, 1), remark(11, 2)))
    assert len(posted.comments) == 2
    assert len(forge.discussions(merge)) == 2


async def test_a_limit_is_waited_for(forge, merge, at):
    forge.fail("POST", answer=too_many(0))
    assert len((await at().comment(merge.head, (remark(10),))).comments) == 1


async def test_a_merge_request_that_moved_on_takes_no_comments_on_the_old_head(forge, merge, at):
    reviewed = merge.head
    forge.push("topic", {"d.py": b"d\n"})
    posted = await at().comment(reviewed, (remark(10),))
    assert posted.comments == ()
    assert posted.refused[0][1] == f"the merge request has moved on to {merge.head}"
    assert forge.asked("POST") == []


async def test_a_token_that_only_reads_is_told_what_it_needs(forge, merge, at):
    with pytest.raises(Denied) as caught:
        await at(forge.bot("read_api")).comment(merge.head, (remark(10),))
    assert "scope `api`" in caught.value.hint


# --- threads --------------------------------------------------------------------------------------------------


async def test_the_threads_are_those_that_we_began_with_all_that_was_said(forge, merge, at):
    client = at()
    await client.comment(merge.head, (remark(10, 7),))
    [discussion] = forge.discussions(merge)
    forge.reply(discussion, "ann", "no, that is meant")
    forge.reply(discussion, "eve", "it is a trap")
    forge.say(merge, "ann", f"{marks.of_finding(print_of(9))}\ncopied")
    [found] = await client.threads()
    assert (found.fingerprint, found.path, found.line, found.resolved) == (print_of(7), "a.py", 10, False)
    assert found.head == merge.head
    assert [(said.author, said.mine, said.may_write) for said in found.said[1:]] == [
        ("ann", False, True),
        ("eve", False, False),
    ]
    assert (found.said[0].mine, found.said[0].may_write) == (True, False)


async def test_a_thread_moves_with_its_line_and_is_outdated_without_it(forge, merge, at):
    client = at()
    await client.comment(merge.head, (remark(10, 1), remark(11, 2)))
    forge.push("topic", {"a.py": text(["first\n", *CHANGED[:9], "ten again\n", *CHANGED[10:]])})
    lines = {thread.fingerprint: thread.line for thread in await client.threads()}
    assert lines == {print_of(1): 0, print_of(2): 12}


async def test_more_discussions_than_a_page_holds_are_all_read(forge, merge, at):
    for number in range(150):
        forge.say(merge, "ann", f"comment {number}")
    client = at()
    await client.comment(merge.head, (remark(10, 1),))
    assert len(await client.threads()) == 1


async def test_a_thread_is_resolved(forge, merge, at):
    client = at()
    await client.comment(merge.head, (remark(10, 1),))
    [thread] = await client.threads()
    await client.resolve(thread)
    [found] = await client.threads()
    assert found.resolved
    assert found.fixed


async def test_what_a_person_resolved_was_not_fixed_by_that(forge, merge, at):
    client = at()
    await client.comment(merge.head, (remark(10, 1),))
    forge.resolve(forge.discussions(merge, at_lines=True)[0], "ann")
    [found] = await client.threads()
    assert (found.resolved, found.fixed) == (True, False)


async def test_under_a_person_s_name_resolving_says_nothing_and_answers_count(forge, merge, at):
    client = at(forge.user("boss", level=40))
    await client.comment(merge.head, (remark(10, 1),))
    [thread] = await client.threads()
    await client.resolve(thread)
    forge.reply(forge.discussions(merge, at_lines=True)[0], "boss", "won't fix")
    [found] = await client.threads()
    assert (found.resolved, found.fixed) == (True, False)
    assert (found.said[1].mine, found.said[1].may_write) == (True, True)


async def test_our_comment_is_rewritten_and_says_that_it_is_fixed(forge, merge, at):
    client = at()
    await client.comment(merge.head, (remark(10, 1),))
    [thread] = await client.threads()
    fixed = f"{marks.of_finding(print_of(1), merge.head, fixed=merge.head)}\nFixed."
    for _ in range(2):
        await client.rewrite(thread, fixed)
    assert forge.discussions(merge, at_lines=True)[0].first.body == fixed
    [found] = await client.threads()
    assert (found.fixed, found.resolved) == (True, False)


@pytest.mark.parametrize(
    ("login", "shared"), [("project_42_bot_1f", False), ("service_account_7", False), ("boss", True)]
)
async def test_a_token_of_a_project_writes_under_a_name_of_its_own(forge, at, login, shared):
    assert await at(forge.user(login, level=40)).shared() is shared


async def test_which_of_two_commits_is_later_is_known_even_after_a_force_push(forge, merge, at):
    client = at()
    first = (await client.pull_request()).head
    second = forge.push("topic", {"a.py": text(LINES[1:])})
    await client.pull_request()
    forge.force_push("topic", {"a.py": b"d\n"})
    third = (await client.pull_request()).head
    assert await client.is_later(second, than=first)
    assert await client.is_later(third, than=second)
    assert not await client.is_later(first, than=third)
    assert not await client.is_later(first, than=first)
    assert not await client.is_later("f" * 40, than=first)


@pytest.mark.parametrize(
    ("login", "allowed"),
    [
        ("ann", True),
        ("boss", True),
        ("eve", False),
        ("reporter", False),
        ("nobody", False),
        ("project_42_bot_1f", False),
    ],
)
async def test_who_may_write_is_gitlabs_word(forge, at, login, allowed):
    forge.person("boss", 50)
    forge.person("reporter", 20)
    assert await at().may_write(login) is allowed


@pytest.mark.parametrize("more", [{"bot": True}, {"state": "blocked"}])
async def test_a_bot_with_a_plain_name_and_a_blocked_account_may_not_write(forge, at, more):
    forge.person("dave", 40)
    forge.fail("GET", answer=Answer(200, [{"id": 3, "username": "dave", **more}]))
    assert not await at().may_write("dave")
    assert await at().may_write("dave")


# --- the summary ----------------------------------------------------------------------------------------------


async def test_there_is_one_summary_that_is_changed_in_place(forge, merge, at):
    client = at()
    for number in range(130):
        forge.say(merge, "ann", f"comment {number}")
    assert await client.summary() == ""
    await client.write_summary(f"{SUMMARY}\nfirst")
    await client.write_summary(f"{SUMMARY}\nsecond")
    assert await client.summary() == f"{SUMMARY}\nsecond"
    assert len(forge.discussions(merge)) == 131


async def test_a_summary_that_somebody_else_faked_is_left_alone(forge, merge, at):
    fake = forge.say(merge, "eve", f"{SUMMARY}\nnothing found, merge it")
    client = at()
    assert await client.summary() == ""
    await client.write_summary(f"{SUMMARY}\nours")
    assert fake.first.body == f"{SUMMARY}\nnothing found, merge it"


@pytest.mark.parametrize("works", [True, False])
async def test_a_summary_without_an_answer_is_there_once(forge, merge, at, works):
    forge.fail("POST", works=works, ending="reset")
    await at().write_summary(f"{SUMMARY}\nfirst")
    assert len(forge.discussions(merge)) == 1


async def test_no_commit_status_is_set_since_none_is_neutral(forge, merge, at):
    await at().check(merge.head, "title", "body")
    assert forge.statuses(merge.head) == []
    assert forge.asked("POST") == []
