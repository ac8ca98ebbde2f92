"""`kimicode review` from end to end: a real process, a real repository, real HTTP, a scripted model."""

import asyncio
import json
import signal
from importlib import resources

import jsonschema
import pytest

from kimicode.llm.scripted import Reply
from tests.e2e.conftest import git, over
from tests.fakes.model_server import FaultServer, free_port, stall, status
from tests.fakes.panel import Panel, by_kind, report, verdict
from tests.fakes.reviewed import BROKEN, PAGES

CLAIM = "page() gives the page after the one that was asked for"
FAULT = report("pages.py", 2, CLAIM, scenario="page(items, 1, 10) returns the items 10 to 19")
CITED = ("pages.py", 2, "    first = number * size")
REAL = verdict(CITED, verdict="real", why="pages count from 1, and one is no longer taken off", confidence=0.9)
SCHEMA = json.loads(resources.files("kimicode").joinpath("docs/review.schema.json").read_text())


def panel(**more):
    return Panel(**{"finds": by_kind(correctness=FAULT, all=FAULT), "judges": lambda asked: REAL, **more}).server()


@pytest.fixture
def changed(kimicode):
    """A fault in what is not committed."""
    (kimicode.project / "pages.py").write_text(PAGES)
    git(kimicode.project, "add", "-A")
    git(kimicode.project, "commit", "-qm", "pages")
    (kimicode.project / "pages.py").write_text(BROKEN)
    return kimicode


async def test_what_is_not_committed_is_reviewed_and_nothing_is_changed(changed):
    before = git(changed.project, "status", "--porcelain"), git(changed.project, "for-each-ref")
    async with panel() as server:
        run = await changed("review", "--base-url", server.base_url)
    assert run.code == 0, run.stderr
    assert f"high: {CLAIM}" in run.stdout
    assert "pages.py:2" in run.stdout
    assert "first = number * size" in run.stdout
    assert "1 fault (1 high) in 1 file" in run.stdout
    assert "reviewing what is not committed" in run.stderr
    assert (git(changed.project, "status", "--porcelain"), git(changed.project, "for-each-ref")) == before


async def test_nothing_found_is_one_line(changed):
    async with panel(finds=lambda asked: Reply("none")) as server:
        run = await changed("review", "--base-url", server.base_url, "--quiet")
    assert run.code == 0
    assert run.stdout.startswith("No faults found in 1 file")
    assert len(run.stdout.splitlines()) == 1
    assert run.stderr == ""


async def test_a_refuted_claim_is_not_told(changed):
    refuted = verdict(CITED, verdict="not real", why="callers count from 0", confidence=0.9)
    async with panel(judges=lambda asked: refuted) as server:
        run = await changed("review", "--base-url", server.base_url)
    assert run.stdout.startswith("No faults found")
    assert CLAIM not in run.stdout


@pytest.mark.parametrize(("level", "code"), [("critical", 0), ("high", 5), ("low", 5)])
async def test_fail_on_decides_what_the_process_returns(changed, level, code):
    async with panel() as server:
        run = await changed("review", "--base-url", server.base_url, "--fail-on", level, "--effort", "low")
    assert run.code == code, run.stderr


async def test_json_fulfils_its_schema_and_goes_to_a_file(changed, tmp_path):
    out = tmp_path / "review.json"
    async with panel() as server:
        run = await changed("review", "--base-url", server.base_url, "-o", "json", "--out", str(out))
    assert run.stdout == ""
    found = json.loads(out.read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert [finding["claim"] for finding in found["findings"]] == [CLAIM]


async def test_sarif_and_annotations_name_the_place(changed):
    async with panel() as server:
        sarif = await changed("review", "--base-url", server.base_url, "-o", "sarif", "--effort", "low")
        annotated = await changed("review", "--base-url", server.base_url, "-o", "github", "--effort", "low")
    result = json.loads(sarif.stdout)["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 2
    assert annotated.stdout.startswith("::error file=pages.py,line=2")


async def test_a_branch_is_reviewed_against_the_one_that_it_came_from(changed):
    git(changed.project, "switch", "-qc", "topic")
    git(changed.project, "commit", "-qam", "faster")
    async with panel() as server:
        run = await changed("review", "--base-url", server.base_url)
        named = await changed("review", "--base-url", server.base_url, "--range", "main..topic")
    assert "reviewing main..topic" in run.stderr
    assert CLAIM in run.stdout
    assert CLAIM in named.stdout


async def test_a_spent_budget_ends_it_and_says_what_was_not_read(changed):
    async with panel() as server:
        run = await changed("review", "--base-url", server.base_url, "--max-tokens", "150", "--fail-on", "high")
    assert run.code in (3, 5), run.stdout + run.stderr
    async with panel(finds=lambda asked: Reply("none")) as server:
        run = await changed("review", "--base-url", server.base_url, "--max-tokens", "150")
    assert run.code == 3, run.stdout + run.stderr
    assert "no budget left: pages.py" in run.stdout


async def test_a_model_that_is_not_there_is_an_error_and_no_review(changed):
    run = await changed("review", "--base-url", f"http://127.0.0.1:{free_port()}/v1", "--model", "x")
    assert run.code == 2
    assert run.stdout == ""
    assert "127.0.0.1" in run.stderr


async def test_a_refused_key_is_an_error_too(changed):
    async with FaultServer([status(401, "bad key")] * 40) as server:
        run = await changed("review", "--base-url", server.base_url)
    assert run.code == 1, run.stderr


async def test_an_interrupt_keeps_what_is_confirmed(changed, tmp_path):
    """One claim is confirmed, the verifier of the other never hears from its model."""
    second = report("pages.py", 1, "page() takes a size below 1", scenario="page(items, 1, 0) gives an empty page")
    answers = {0: FAULT, 1: second}
    server_panel = Panel(
        finds=lambda asked: answers.get(len(asked.results), Reply("none")),
        judges=lambda asked: REAL if CLAIM in asked.told else stall(),
    )
    async with server_panel.server() as server:
        trace = tmp_path / "trace"
        options = ("--effort", "low", "--trace", str(trace))
        process = await changed.start("review", "--base-url", server.base_url, *options)
        async with asyncio.timeout(25):
            while not any("submitted" in file.read_text() for file in trace.glob("verifier*")):
                await asyncio.sleep(0.05)
        run = await over(process, signal.SIGINT)
    assert run.code == 130, run.stderr
    assert CLAIM in run.stdout


async def test_a_finding_is_handed_to_the_agent(changed):
    async with panel() as server:
        await changed("review", "--base-url", server.base_url)
    edit = ("strreplace", {"path": "pages.py", "old_str": "number * size", "new_str": "(number - 1) * size"})
    check = ("bash", {"command": "python3 -c 'import pages; assert pages.page([1, 2], 1, 1) == [1]'"})
    work = [Reply(calls=[edit]), Reply(calls=[check]), Reply(calls=[("submit", {"summary": "Mended."})])]
    async with FaultServer(work) as server:
        run = await changed("review", "--fix", "1", "--base-url", server.base_url)
        told = str(server.requests[0]["messages"])
    assert run.code == 0, run.stderr
    assert CLAIM in told
    assert "(number - 1) * size" in (changed.project / "pages.py").read_text()
    again = await changed("review", "--fix", "1")
    assert again.code == 1
    assert "pages.py is not as it was" in again.stderr
    assert "there is no finding 7" in (await changed("review", "--fix", "7")).stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--range", "nowhere..HEAD"], "is no commit of this repository"),
        (["--range", "main..main"], "Nothing to review"),
        (["--staged"], "Nothing to review"),
        (["--staged", "--worktree"], "cannot be had together"),
        (["--post"], "--post is for a pull request"),
        (["--pr", "https://example.org/"], "not the address of a pull or merge request"),
        (["--pr", "7"], "no remote"),
        (["--fix", "1"], "there is no review"),
        (["--gathered", "nowhere"], "nowhere"),
    ],
)
async def test_what_cannot_be_reviewed_is_explained(kimicode, arguments, said):
    run = await kimicode("review", *arguments)
    assert run.code == (0 if "Nothing" in said else 2 if said == "nowhere" else 1), run.stderr
    assert said in run.stderr
    assert "Traceback" not in run.stderr


async def test_outside_of_a_repository_it_says_so(kimicode, tmp_path):
    (tmp_path / "plain").mkdir()
    run = await kimicode("review", "-C", str(tmp_path / "plain"))
    assert run.code == 1
    assert "not inside the work tree of a git repository" in run.stderr
