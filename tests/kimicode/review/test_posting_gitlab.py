"""The same posting at a fake GitLab: the real client, a real repository, real sockets."""

import contextlib
import dataclasses

import pytest

from kimicode.review import gathered, marks
from kimicode.review.findings import Citation, Finding, Review, Severity, Suggestion
from kimicode.review.fingerprint import fingerprint
from kimicode.review.forges.connect import connect
from kimicode.review.forges.failures import ForgeError
from kimicode.review.forges.limits import Patience
from kimicode.review.posting import post
from tests.fakes.forge.gitlab import GitLab
from tests.fakes.forge.sockets import Answer

MAIN = b"".join(b"line %d\n" % number for number in range(1, 41))
TOPIC = (
    MAIN.replace(b"line 5\n", b"call(5)\n").replace(b"line 20\n", b"call(20)\nmore(21)\n").replace(b"line 38\n", b"")
)
QUICK = Patience(attempts=1, settle_s=0.0)


class Desk:
    """A merge request of one file, and a bot that posts to it."""

    def __init__(self, forge):
        self.forge = forge
        forge.commit("main", {"a.py": MAIN})
        forge.commit("topic", {"a.py": TOPIC})
        self.pull = forge.open("Call it", "Because it has to be called.", head="topic")
        self.environ = forge.environ(forge.bot())

    @contextlib.asynccontextmanager
    async def client(self):
        forge = connect(self.pull.url, self.environ, patience=QUICK)
        try:
            yield forge
        finally:
            await forge.close()

    async def post(self, *findings, most=5, read=None, **fields):
        review = Review(self.pull.merge_base, self.pull.head, "complete", findings, **fields)
        async with self.client() as forge:
            return await post(forge, review, most=most, read=read)

    def places(self):
        return sorted(one.first.position["new_line"] for one in self.forge.discussions(self.pull, at_lines=True))

    def summary(self):
        (said,) = [one for one in self.forge.discussions(self.pull) if one.first.position is None]
        return said.first.body

    def state(self):
        said = self.forge.discussions(self.pull)
        return sorted((one.first.body, one.resolved_by) for one in said)


@pytest.fixture
def desk(tmp_path):
    with GitLab(tmp_path) as forge:
        yield Desk(forge)
        assert forge.approvals == []


def finding(line, text=TOPIC, **fields):
    code = text.decode().splitlines()[line - 1]
    one = Finding(
        "a.py", "new", line, line, "", "correctness", Severity.HIGH, 0.9, f"Call number {line} fails", "It raises."
    )
    one = dataclasses.replace(one, citations=(Citation("a.py", line, code),), proof="read", **fields)
    return dataclasses.replace(one, fingerprint=fingerprint("a.py", "", "correctness", [code]))


async def test_findings_stand_at_their_lines_and_twice_is_once(desk):
    for _ in range(2):
        await desk.post(finding(5), finding(20), finding(12), most=2)
        assert desk.places() == [5, 20]
        assert "a.py:12" in desk.summary()
        assert marks.reviewed_in(desk.summary()) == marks.Reviewed(desk.pull.head, 1)


async def test_a_suggestion_is_written_as_gitlab_reads_it(desk):
    await desk.post(finding(20, suggestion=Suggestion(20, 20, "call(22)")), read=lambda path: TOPIC)
    (said,) = desk.forge.discussions(desk.pull, at_lines=True)
    assert "```suggestion:-0+0\ncall(22)\n```" in said.first.body


async def test_after_pushes_nothing_is_told_again_and_what_is_fixed_is_resolved(desk):
    await desk.post(finding(5), finding(20))
    later = TOPIC.replace(b"call(5)\n", b"line 5\n")
    desk.forge.push("topic", {"a.py": later})
    outcome = await desk.post(finding(20), fixed=(finding(5).fingerprint,))
    assert len(outcome.resolved) == 1
    resolved = [
        one.first.position["new_line"] for one in desk.forge.discussions(desk.pull, at_lines=True) if one.resolved_by
    ]
    assert resolved == [5]
    bodies = [one.first.body.split("\n")[1] for one in desk.forge.discussions(desk.pull, at_lines=True)]
    assert bodies[0] == f"Fixed as of `{desk.pull.head[:10]}`."
    assert not bodies[1].startswith("Fixed")
    assert desk.places() == [5, 20]
    assert marks.reviewed_in(desk.summary()).rounds == 2


async def test_threads_that_moved_along_with_the_head_and_were_resolved_take_no_room(desk):
    await desk.post(finding(5), finding(20), most=2)
    for said in desk.forge.discussions(desk.pull, at_lines=True):
        desk.forge.resolve(said, "ann")
    later = TOPIC.replace(b"line 30\n", b"call(30)\n")
    desk.forge.push("topic", {"a.py": later})
    await desk.post(finding(31, later), most=2)
    assert 31 in desk.places()


async def test_a_fault_that_was_fixed_and_comes_back_is_told_again(desk):
    await desk.post(finding(5))
    desk.forge.push("topic", {"a.py": MAIN})
    await desk.post(fixed=(finding(5).fingerprint,))
    desk.forge.push("topic", {"a.py": TOPIC})
    for _ in range(2):
        await desk.post(finding(5))
        said = desk.forge.discussions(desk.pull, at_lines=True)
        assert [bool(one.resolved_by) for one in said] == [True, False]


async def test_a_slow_review_does_not_set_back_what_was_reviewed_after_it(desk):
    late = Review(desk.pull.merge_base, desk.pull.head, "complete", (finding(5),), files=1)
    async with desk.client() as forge:
        await forge.pull_request()
        desk.forge.push("topic", {"a.py": TOPIC + b"more\n"})
        await desk.post(finding(20))
        before, second = desk.state(), desk.pull.head
        desk.forge.push("topic", {"a.py": TOPIC + b"more\nand more\n"})
        assert "later" in (await post(forge, late, most=5)).nothing
    assert desk.state() == before
    assert marks.reviewed_in(desk.summary()).head == second


async def test_every_account_at_gitlab_has_a_name_of_its_own(desk):
    async with desk.client() as forge:
        assert not (await gathered.gather(forge)).shared


async def cut_off(folder, nth):
    """Post, with the nth request refused, and again if that stopped it; tells what is there, and the requests of it."""
    folder.mkdir()
    with GitLab(folder) as forge:
        desk = Desk(forge)
        forge.fail(skip=nth, answer=Answer(502, {"message": "Bad Gateway"}))
        try:
            await desk.post(finding(5), finding(20), finding(12))
        except ForgeError:
            await desk.post(finding(5), finding(20), finding(12))
        head = desk.pull.head
        return [body.replace(head, "HEAD").replace(head[:10], "HEAD") for body, _ in desk.state()], len(forge.requests)


async def test_whichever_request_fails_a_second_try_ends_where_one_would_have(tmp_path):
    whole, requests = await cut_off(tmp_path / "whole", 1_000)
    assert requests > 10
    for nth in range(requests):
        state, _ = await cut_off(tmp_path / str(nth), nth)
        assert state == whole, f"request {nth}"
