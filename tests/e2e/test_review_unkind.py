"""`kimicode review` on bad days: nothing to review, odd names, full disks, failing servers, impatient people."""

import asyncio
import json
import signal

import pytest

from kimicode.llm.scripted import Reply
from tests.e2e.conftest import git, over
from tests.fakes.forge.github import GitHub
from tests.fakes.model_server import FaultServer, stall, status
from tests.fakes.panel import Panel, once, report, verdict
from tests.fakes.reviewed import BROKEN, PAGES

CLAIM = "page() gives the page after the one that was asked for"
REAL = verdict(("pages.py", 2, "    first = number * size"), verdict="real", why="pages count from 1", confidence=0.9)
QUICK = ("--effort", "low", "--no-run")


def panel(**more):
    return Panel(**{"finds": once(report("pages.py", 2, CLAIM)), "judges": lambda asked: REAL, **more}).server()


@pytest.fixture
def clean(kimicode):
    """Everything is committed, on the only branch."""
    (kimicode.project / "pages.py").write_text(PAGES)
    git(kimicode.project, "add", "-A")
    git(kimicode.project, "commit", "-qm", "pages")
    return kimicode


@pytest.fixture
def changed(clean):
    (clean.project / "pages.py").write_text(BROKEN)
    return clean


async def test_with_nothing_to_review_it_says_why_and_what_could_be(clean):
    here = await clean("review")
    assert here.code == 0
    assert "nothing is uncommitted, and there is no branch to compare main with" in here.stderr
    assert "kimicode review --range HEAD~1" in here.stderr
    git(clean.project, "switch", "-qc", "topic")
    topic = await clean("review", "-o", "json")
    assert "topic has nothing that main lacks" in topic.stderr
    assert json.loads(topic.stdout)["state"] == "complete"
    git(clean.project, "branch", "-qm", "main", "release")
    odd = await clean("review")
    assert odd.code == 1
    assert "it is not clear which branch topic came from" in odd.stderr
    assert "--base" not in odd.stderr


async def test_a_file_with_an_odd_name_can_be_found_fault_with(clean):
    name = 'two "odd" wörds.py'
    (clean.project / name).write_text(BROKEN)
    shown = f'"{name.replace(chr(34), chr(92) + chr(34))}"'
    judge = verdict((shown, 2, "    first = number * size"), verdict="real", why="pages count from 1", confidence=0.9)
    async with panel(finds=once(report(shown, 2, CLAIM)), judges=lambda asked: judge) as server:
        run = await clean("review", "--base-url", server.base_url, *QUICK)
    assert f"{name}:2" in run.stdout, run.stdout + run.stderr


async def test_a_review_is_not_lost_where_it_cannot_be_written_and_home_is_read_only(changed, tmp_path):
    async with panel() as server:
        lost = await changed("review", "--base-url", server.base_url, *QUICK, "--out", str(tmp_path))
        changed.variables["KIMICODE_HOME"] = "/dev/null/nowhere"
        homeless = await changed("review", "--base-url", server.base_url, *QUICK, "--fail-on", "high")
    assert lost.code == 2
    assert CLAIM in lost.stdout
    assert CLAIM in homeless.stdout
    assert "--fix` will not know this review" in homeless.stderr
    assert homeless.code == 5, homeless.stderr
    changed.variables.clear()
    assert f"high, pages.py:2: {CLAIM}" in (await changed("review", "--fix", "1")).stderr


async def test_an_interrupted_review_does_not_take_the_place_of_the_last_one(changed):
    async with panel() as server:
        await changed("review", "--base-url", server.base_url, *QUICK)
    async with panel(finds=lambda asked: stall()) as server:
        process = await changed.start("review", "--base-url", server.base_url, *QUICK)
        async for line in process.stderr:
            if b"reviews 1 file" in line:
                break
        run = await over(process, signal.SIGINT)
    assert run.code == 130
    assert run.stdout.startswith("This change could not be reviewed")
    assert "Not reviewed" not in run.stdout
    assert CLAIM in (await changed("review", "--fix", "1")).stderr


async def test_what_could_not_be_posted_is_known_before_anything_is_paid(changed):
    async with panel() as server:
        url = f"{server.base_url.removesuffix('/v1')}/acme/shop/pull/1"
        nobody = await changed("review", "--pr", url, "--post", "--base-url", server.base_url)
        tokenless = await changed("review", "--pr", url, "--post", "--yes", "--base-url", server.base_url)
        assert server.requests == []
    assert "nobody is here to say yes" in nobody.stderr
    assert "there is no token to post" in tokenless.stderr
    assert "GH_ENTERPRISE_TOKEN" in tokenless.stderr


async def test_why_it_waits_and_why_it_gave_up_is_told(changed):
    async with FaultServer([status(500, "boom")] * 20) as server:
        run = await changed("review", "--base-url", server.base_url, *QUICK, "--time-limit", "1.5")
    assert run.code == 2
    assert "answered 500: boom; trying again" in run.stderr
    assert "while requests failed" in " ".join(run.stdout.split())


async def test_a_folder_of_traces_is_for_one_review(changed, tmp_path):
    async with panel() as server:
        options = ("review", "--base-url", server.base_url, *QUICK, "--trace", str(tmp_path / "trace"))
        first = await changed(*options)
        asked = len(server.requests)
        again = await changed(*options)
        assert len(server.requests) == asked
    assert (first.code, again.code) == (0, 1)
    assert "holds the trace of another review" in again.stderr


async def test_a_change_without_code_is_told_in_one_piece(clean):
    (clean.project / "README.md").write_text("Read me.\n")
    async with panel(finds=lambda asked: Reply("none")) as server:
        run = await clean("review", "--base-url", server.base_url)
    assert run.code == 0
    assert "0 files" not in run.stdout + run.stderr
    assert "README.md" in run.stdout


async def test_the_help_says_what_it_is_for_and_a_bare_range_how_to_give_it(kimicode):
    told = await kimicode("review", "--help")
    assert "Find faults that a change brings" in told.stdout
    assert "kimicode review --fix 2" in told.stdout
    bare = await kimicode("review", "main..topic")
    assert bare.code == 1
    assert "--range A..B" in bare.stderr


@pytest.mark.parametrize(
    ("begun", "offered"),
    [("to", ["topic"]), ("main..t", ["main..topic"]), ("main..", ["main..main", "main..topic"]), ("x", [])],
)
async def test_a_range_is_completed_with_branches(clean, begun, offered):
    git(clean.project, "branch", "topic")
    words = f"kimicode review --range {begun}"
    clean.variables |= {"_KIMICODE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "3"}
    told = await clean()
    assert told.stdout.split() == offered, told.stderr


async def test_one_interrupt_ends_a_fetch_that_hangs(kimicode, tmp_path):
    with GitHub(tmp_path) as forge:
        forge.commit("main", {"pages.py": PAGES.encode()})
        forge.commit("topic", {"pages.py": BROKEN.encode()})
        pull = forge.open("Faster pages", head="topic")
        kimicode.variables |= forge.environ(forge.user("ann"))
        gate = forge.fail("upload-pack", ending="slow", times=20)
        process = await kimicode.start("review", "--pr", pull.url)
        async with asyncio.timeout(25):
            while not any("upload-pack" in request.path for request in forge.requests):
                await asyncio.sleep(0.05)
        run = await over(process, signal.SIGINT)
        gate.set()
    assert run.code == 130, run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""
