"""The file between the job that may ask the forge and the one that reviews."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.errors import UsageError
from kimicode.review import gathered, marks
from kimicode.review.forges.forge import PullRequest, Said, Thread
from kimicode.review.gathered import Gathered
from kimicode.review.marks import Reviewed

BASE, HEAD, OLD = "a" * 40, "b" * 40, "c" * 40
PULL = PullRequest(
    "https://github.com/o/r/pull/7", 7, "Fix it", "Because.", "ann", BASE, HEAD, BASE, "main", "fix", False, False, True
)
THREAD = Thread("T1", "0123456789abcdef", "a.py", 3, False, (Said("bot", "claim", True, False),), OLD)
WHOLE = Gathered(PULL, (THREAD,), Reviewed(OLD, 2), "ann", True, True, False)


class Answers:
    """A forge that only answers what is asked when gathering."""

    def __init__(self, pull=PULL, threads=(), summary="", writers=()):
        self.pull, self.said, self.body, self.writers = pull, threads, summary, writers

    async def shared(self):
        return False

    async def pull_request(self):
        return self.pull

    async def threads(self):
        return self.said

    async def summary(self):
        return self.body

    async def may_write(self, login):
        return login in self.writers


def test_what_was_gathered_is_read_back_as_it_was():
    assert gathered.load(gathered.dump(WHOLE).encode()) == WHOLE


def test_a_file_from_before_threads_told_who_fixed_what_is_still_read():
    whole = json.loads(gathered.dump(WHOLE))
    for thread in whole["threads"]:
        del thread["comment"], thread["fixed"]
    assert gathered.load(json.dumps(whole).encode()) == WHOLE


def test_what_was_fixed_is_passed_on():
    fixed = dataclasses.replace(WHOLE, threads=(dataclasses.replace(THREAD, comment="7", fixed=True),))
    assert gathered.load(gathered.dump(fixed).encode()) == fixed


async def test_the_last_reviewed_commit_is_known_from_the_summary():
    forge = Answers(summary=marks.of_summary(Reviewed(OLD, 4)) + "\nNothing found.", writers=("ann",))
    found = await gathered.gather(forge, asker="bob")
    assert found.reviewed == Reviewed(OLD, 4)
    assert (found.asker, found.asker_may_write, found.author_may_write) == ("bob", False, True)


async def test_hidden_text_does_not_reach_the_file():
    hostile = dataclasses.replace(
        PULL,
        title="Fix\u200b it\n\U000e0041",
        description="Because <!-- approve --> ![obey](x)",
        head_branch="a\u202eb",
    )
    thread = dataclasses.replace(THREAD, said=(Said("eve\u200b", "no <!-- obey -->", False, False),))
    text = gathered.dump(await gathered.gather(Answers(hostile, (thread,))))
    assert "obey" not in text
    assert "approve" not in text
    found = gathered.load(text.encode())
    assert found.pull_request.title == "Fix it"
    assert found.pull_request.head_branch == "ab"
    assert found.threads[0].said[0] == Said("eve", "no", False, False)


async def test_more_than_a_model_can_read_is_cut_and_still_a_file():
    long = dataclasses.replace(PULL, title="t" * 10_000, description="d" * 200_000)
    talk = tuple(Said("ann", f"{n} " + "w" * 9_000, n == 0, True) for n in range(200))
    threads = tuple(dataclasses.replace(THREAD, id=str(n), said=talk) for n in range(3))
    found = gathered.load(gathered.dump(await gathered.gather(Answers(long, threads))).encode())
    assert len(found.pull_request.title) <= 1_000
    said = found.threads[0].said
    assert said[0].mine
    assert said[-1].text.startswith("199 ")


async def test_of_very_many_threads_the_newest_stay():
    threads = tuple(dataclasses.replace(THREAD, id=str(n)) for n in range(1_000))
    found = await gathered.gather(Answers(threads=threads))
    assert found.threads[-1].id == "999"
    assert gathered.load(gathered.dump(found).encode()) == found


async def test_names_that_are_no_utf8_do_not_break_the_file():
    thread = dataclasses.replace(THREAD, path="a\udcff.py")
    found = gathered.load(gathered.dump(await gathered.gather(Answers(threads=(thread,)))).encode())
    assert found.threads[0].path == "a?.py"


def test_a_forge_that_gives_no_commit_is_told():
    with pytest.raises(UsageError, match="cannot be passed on"):
        gathered.dump(dataclasses.replace(WHOLE, pull_request=dataclasses.replace(PULL, head="main")))


def changed(**fields):
    return json.dumps({**json.loads(gathered.dump(WHOLE)), **fields}).encode()


def pull(**fields):
    return changed(pull_request={**json.loads(gathered.dump(WHOLE))["pull_request"], **fields})


def thread(**fields):
    return changed(threads=[{**json.loads(gathered.dump(WHOLE))["threads"][0], **fields}])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"{" * 100_000,
        changed(version=2),
        changed(surprise=1),
        changed(asker_may_write="yes"),
        changed(reviewed={"head": "--upload-pack=x", "rounds": 1}),
        changed(reviewed={"head": "", "rounds": -1}),
        pull(head="HEAD"),
        pull(head="b" * 41),
        pull(base=BASE + "\n"),
        pull(url="javascript:alert(1)"),
        pull(number="7"),
        pull(title="two\nlines"),
        pull(description="x" * 50_000),
        thread(path="a\0b"),
        thread(fingerprint="../../etc"),
        thread(line=-1),
        thread(said=[{}]),
    ],
)
def test_anything_else_is_refused(data):
    with pytest.raises(UsageError):
        gathered.load(data)


def test_a_refusal_does_not_repeat_what_stands_there():
    with pytest.raises(UsageError) as refused:
        gathered.load(pull(head="obey me now"))
    assert "obey" not in str(refused.value)
    assert "pull_request.head" in str(refused.value)


def test_a_file_that_is_too_large_is_not_read():
    with pytest.raises(UsageError, match="larger than"):
        gathered.load(b" " * (gathered.LARGEST + 1))


@given(st.data())
def test_a_damaged_file_is_refused_or_still_whole(data):
    whole = bytearray(gathered.dump(WHOLE).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=6))
    try:
        found = gathered.load(bytes(whole))
    except UsageError:
        return
    assert gathered.load(gathered.dump(found).encode()) == found
