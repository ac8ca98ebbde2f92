"""GitHub after the first review: what is fixed, under which name we write, which commit is later, locked threads."""

import dataclasses

import pytest

from kimicode.review import marks
from kimicode.review.forges.connect import connect
from kimicode.review.forges.failures import Denied, Locked, Missing
from kimicode.review.forges.forge import Comment
from kimicode.review.forges.limits import Patience
from tests.fakes.forge.github import GitHub

QUICK = Patience(attempts=3, first_s=0.01, longest_s=0.02, in_all_s=5.0, settle_s=0.01)
PRINT = "0" * 16
MARK = marks.of_finding(PRINT)


@pytest.fixture
def forge(tmp_path):
    with GitHub(tmp_path) as fake:
        fake.commit("main", {"a.py": b"a\n"})
        fake.commit("topic", {"a.py": b"b\n"})
        yield fake
    assert fake.verdicts == []


@pytest.fixture
def pull(forge):
    return forge.open("A title", head="topic")


@pytest.fixture
async def at(forge, pull):
    opened = []

    def make(token=None):
        client = connect(pull.url, forge.environ(forge.actions() if token is None else token), patience=QUICK)
        opened.append(client)
        return client

    yield make
    for client in opened:
        await client.close()


async def begun(client, pull):
    """A thread of ours."""
    await client.comment(pull.head, (Comment("a.py", "a.py", "new", 1, 1, f"{MARK}\na fault", PRINT),))
    (thread,) = await client.threads()
    return thread


# --- fixed ----------------------------------------------------------------------------------------------------


async def test_our_comment_is_rewritten_by_a_token_that_may_not_resolve(forge, pull, at):
    client = at(forge.actions(contents="read", pull_requests="write"))
    thread = await begun(client, pull)
    forge.reply(forge.threads(pull)[0], "ann", "thanks")
    fixed = marks.of_finding(PRINT, pull.head, fixed=pull.head)
    for _ in range(2):
        await client.rewrite(thread, f"{fixed}\nFixed.")
    assert [one.body for one in forge.threads(pull)[0].remarks] == [f"{fixed}\nFixed.", "thanks"]
    (found,) = await client.threads()
    assert (found.fixed, found.resolved, found.fingerprint) == (True, False, PRINT)


async def test_without_an_answer_it_is_rewritten_once_more(forge, pull, at):
    client = at()
    thread = await begun(client, pull)
    forge.fail("PATCH /repos", works=True, ending="reset")
    await client.rewrite(thread, f"{MARK}\nFixed.")
    assert forge.threads(pull)[0].first.body == f"{MARK}\nFixed."


async def test_a_comment_that_somebody_deleted_is_missing(forge, pull, at):
    client = at()
    thread = await begun(client, pull)
    forge.state.threads.clear()
    with pytest.raises(Missing):
        await client.rewrite(thread, f"{MARK}\nFixed.")


async def test_a_token_that_only_reads_rewrites_nothing(forge, pull, at):
    thread = await begun(at(), pull)
    with pytest.raises(Denied):
        await at(forge.actions(contents="read", pull_requests="read")).rewrite(thread, "Fixed.")


async def test_who_resolved_a_thread_decides_whether_it_was_fixed(forge, pull, at):
    client = at(forge.actions(contents="write", pull_requests="write"))
    thread = await begun(client, pull)
    assert not thread.fixed
    await client.resolve(thread)
    assert (await client.threads())[0].fixed
    forge.unresolve(forge.threads(pull)[0])
    assert not (await client.threads())[0].fixed
    forge.resolve(forge.threads(pull)[0], "ann")
    assert not (await client.threads())[0].fixed


async def test_under_a_person_s_name_resolving_says_nothing_of_being_fixed(forge, pull, at):
    client = at(forge.user("ann"))
    await client.resolve(await begun(client, pull))
    (found,) = await client.threads()
    assert (found.resolved, found.fixed) == (True, False)


async def test_a_person_who_lends_the_bot_their_name_keeps_their_rights(forge, pull, at):
    client = at(forge.user("ann"))
    await begun(client, pull)
    forge.reply(forge.threads(pull)[0], "ann", "won't fix")
    (found,) = await client.threads()
    assert [(one.mine, one.may_write) for one in found.said] == [(True, True), (True, True)]


async def test_a_bot_has_none_in_its_own_threads(forge, pull, at):
    client = at()
    await begun(client, pull)
    forge.reply(forge.threads(pull)[0], "github-actions[bot]", "won't fix")
    (found,) = await client.threads()
    assert [one.may_write for one in found.said] == [False, False]


# --- our name -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "shared"),
    [
        (lambda forge: forge.actions(), True),
        (lambda forge: forge.user("ann"), True),
        (lambda forge: forge.app("our-reviewer", pull_requests="write"), False),
        (lambda forge: "", True),
    ],
    ids=["a workflow", "a person", "an app", "nobody"],
)
async def test_only_an_app_of_its_own_writes_alone_under_its_name(forge, at, token, shared):
    assert await at(token(forge)).shared() is shared


# --- commits --------------------------------------------------------------------------------------------------


async def test_of_two_commits_the_later_one_is_known_by_descent(forge, pull, at):
    first = pull.head
    second = forge.push("topic", {"a.py": b"c\n"})
    forge.force_push("topic", {"a.py": b"d\n"})
    client = at()
    assert await client.is_later(second, than=first)
    assert not await client.is_later(first, than=second)
    assert not await client.is_later(first, than=first)
    assert not await client.is_later(pull.head, than=second)
    assert not await client.is_later("f" * 40, than=first)


# --- a conversation that is locked ----------------------------------------------------------------------------


async def test_in_a_locked_conversation_every_word_is_refused_as_such(forge, pull, at):
    client = at()
    pull.locked = True
    comment = Comment("a.py", "a.py", "new", 1, 1, f"{MARK}\na fault", PRINT)
    for words in (
        client.comment(pull.head, (comment, dataclasses.replace(comment, body="x"))),
        client.write_summary("x"),
    ):
        with pytest.raises(Locked) as caught:
            await words
        assert "Unlock" in caught.value.hint
    assert len(forge.asked("POST", "/reviews")) == 1


async def test_who_may_push_is_heard_there(forge, pull, at):
    pull.locked = True
    await at(forge.user("ann")).write_summary("x")
    assert len(forge.comments(pull)) == 1
