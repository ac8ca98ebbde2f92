"""Commits, worktrees and texts about changes, from end to end: real processes, repositories and HTTP."""

import os

import pytest

from kimicode.llm.scripted import Reply, ScriptedServer
from tests.e2e.conftest import BROKEN, FIXED, git

FIX = ("strreplace", {"path": "double.py", "old_str": "x + x + 1", "new_str": "x + x"})
CHECK = ("bash", {"command": "python3 check.py"})
SUBMIT = ("submit", {"summary": "double() added one too many."})
SUBMIT_REPLY = Reply(calls=[SUBMIT])
WORK = (Reply(calls=[FIX]), Reply(calls=[CHECK]), SUBMIT_REPLY)
MESSAGE = Reply(
    "```\nfix: double without adding one\n\nThe result was off by one.\n\nCo-authored-by: A Model <m@x.y>\n```"
)
TASK = "check.py fails, fix it"


@pytest.fixture(autouse=True)
def _identity(kimicode):
    git(kimicode.project, "config", "user.name", "Tester")
    git(kimicode.project, "config", "user.email", "t@example.org")


def asked(server):
    return server.requests[-1]["messages"][-1]["content"]


async def test_a_run_commits_what_it_did_with_a_message_in_the_logs_style(kimicode):
    git(kimicode.project, "commit", "-q", "--allow-empty", "-m", "fix: something else")
    (kimicode.project / "mine").write_text("mine\n")
    git(kimicode.project, "add", "mine")
    async with ScriptedServer([*WORK, MESSAGE]) as server:
        run = await kimicode.run(server, "--commit", TASK)
        assert "- fix: something else" in asked(server)
        assert "-    return x + x + 1" in asked(server)
        assert TASK in asked(server)
    message = git(kimicode.project, "log", "-1", "--format=%B").strip()
    assert message == (
        "fix: double without adding one\n\nThe result was off by one.\n\nAssisted-by: kimicode (scripted)"
    )
    assert git(kimicode.project, "log", "-1", "--format=%an").strip() == "Tester"
    assert git(kimicode.project, "show", "--format=", "--name-only").split() == ["double.py"]
    assert git(kimicode.project, "status", "--porcelain").splitlines() == ["A  mine"]
    assert "Committed " in run.result["summary"]
    assert run.result["usage"]["input_tokens"] == 400, "the message is paid for as well"


async def test_a_model_without_words_does_not_cost_the_commit(kimicode):
    async with ScriptedServer([*WORK, Reply("```\n```")]) as server:
        run = await kimicode.run(server, "--commit", TASK)
    assert run.code == 0
    assert git(kimicode.project, "log", "-1", "--format=%s").strip() == TASK


async def test_work_that_did_not_finish_is_not_committed(kimicode):
    async with ScriptedServer(WORK) as server:
        run = await kimicode.run(server, "--commit", "--max-steps", "1", TASK)
    assert run.code == 3
    assert "Not committed: the work is not finished" in run.result["summary"]
    assert git(kimicode.project, "log", "--format=%s").split() == ["start"]


async def test_a_commit_that_cannot_be_made_is_not_a_success(kimicode):
    (kimicode.project / ".git/index.lock").touch()
    async with ScriptedServer([*WORK, MESSAGE]) as server:
        run = await kimicode.run(server, "--commit", TASK)
    assert (run.code, run.result["status"]) == (2, "error")
    assert "index.lock" in run.result["reason"]
    assert run.result["answer"], "what the model said is not lost"


async def test_without_git_a_commit_is_refused_before_any_work(kimicode):
    (kimicode.project / ".git").rename(kimicode.project.parent / "gone")
    async with ScriptedServer([]) as server:
        run = await kimicode.run(server, "--commit", TASK)
        assert not server.requests
    assert run.code == 1
    assert "--commit needs a git repository" in run.result["reason"]


async def test_a_repository_that_is_damaged_does_not_make_work_vanish_without_a_word(kimicode):
    (kimicode.project / ".git/index").write_bytes(b"garbage")
    change = ("bash", {"command": "echo x > made"})
    async with ScriptedServer([Reply(calls=[change]), SUBMIT_REPLY]) as server:
        run = await kimicode.run(server, "--commit", TASK)
    assert run.code == 2
    assert "nothing can be committed: git" in run.result["reason"]


async def test_a_commit_on_a_detached_head_says_how_it_is_kept(kimicode):
    git(kimicode.project, "checkout", "-q", "--detach")
    async with ScriptedServer([*WORK, MESSAGE]) as server:
        run = await kimicode.run(server, "--commit", TASK)
    assert run.code == 0
    assert "It is on no branch, HEAD is detached: `git switch -c NAME` makes one" in run.result["summary"]


async def test_a_worktree_holds_the_work_on_a_branch_and_tells_the_way_back(kimicode):
    (kimicode.project / "mine").write_text("mine\n")
    async with ScriptedServer([*WORK, MESSAGE]) as server:
        run = await kimicode.run(server, "--worktree", TASK)
    summary = run.result["summary"]
    assert (kimicode.project / "double.py").read_text() == BROKEN
    branch = git(kimicode.project, "branch", "--list", "kimicode/*", "--format=%(refname:short)").strip()
    assert branch.startswith("kimicode/check-py-fails-fix-it-")
    assert f"  git merge {branch}" in summary
    notice = next(record for record in run.records if record.get("code") == "worktree")
    assert notice["level"] == "warning"
    assert "1 uncommitted file" in notice["text"]
    for line in summary.splitlines():
        if line.startswith("  git "):
            git(kimicode.project, *line.split(maxsplit=3)[1:3], *line.split(maxsplit=3)[3:])
    assert (kimicode.project / "double.py").read_text() == FIXED
    assert "kimicode/" not in git(kimicode.project, "worktree", "list") + git(kimicode.project, "branch")


async def test_a_worktree_with_a_name_and_carried_changes(kimicode):
    (kimicode.project / "mine").write_text("mine\n")
    seen = ("bash", {"command": "cat mine"})
    async with ScriptedServer([Reply(calls=[seen]), *WORK, MESSAGE]) as server:
        run = await kimicode.run(server, "--worktree=try/1", "--carry", TASK)
    assert run.code == 0
    assert git(kimicode.project, "show", "kimicode/try/1", "--format=", "--name-only").split() == ["double.py"]
    told = next(record for record in run.records if record["type"] == "tool.completed")
    assert "mine" in str(told["content"])


async def test_a_worktree_in_which_nothing_changed_is_removed(kimicode):
    async with ScriptedServer([Reply("It doubles.")]) as server:
        run = await kimicode.run(server, "--worktree", "what does double do?")
    assert "Nothing changed: the worktree is removed" in run.result["summary"]
    assert git(kimicode.project, "worktree", "list").count("\n") == 1
    assert git(kimicode.project, "branch", "--list", "kimicode/*") == ""


async def test_a_worktree_of_work_that_did_not_finish_stays(kimicode):
    async with ScriptedServer(WORK) as server:
        run = await kimicode.run(server, "--worktree=w", "--max-steps", "1", TASK)
    assert run.code == 3
    line = run.result["summary"].splitlines()[-1]
    assert line.startswith("The work is in ")
    folder = line.removeprefix("The work is in ").partition(", uncommitted")[0]
    assert os.path.isdir(folder)
    assert (kimicode.project / "double.py").read_text() == BROKEN


async def test_a_session_goes_on_in_its_worktree(kimicode):
    async with ScriptedServer([WORK[0], *WORK[1:], MESSAGE]) as server:
        run = await kimicode.run(server, "--worktree=w", TASK)
    async with ScriptedServer(
        [Reply(calls=[("bash", {"command": "git branch --show-current"})]), Reply("Done.")]
    ) as server:
        again = await kimicode.run(server, "--resume", run.result["session_id"], "where are you?")
    assert "kimicode/w" in str([record for record in again.records if record["type"] == "tool.completed"])


async def test_the_interface_commits_after_each_turn_and_asks_about_merging_only_a_person(kimicode, tmp_path):
    (tmp_path / "typed").write_text(f"{TASK}\n")
    async with ScriptedServer([*WORK, MESSAGE]) as server:
        with (tmp_path / "typed").open() as typed:
            options = ["--plain", "--mode", "auto", "--worktree=w", "--base-url", server.base_url]
            done = await kimicode(*options, stdin=typed)
    assert "working in " in done.stderr
    assert "git merge kimicode/w" in done.stderr, done.stdout + done.stderr
    assert git(kimicode.project, "log", "-1", "--format=%s", "kimicode/w").strip() == "fix: double without adding one"
    assert (kimicode.project / "double.py").read_text() == BROKEN


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--carry"], "--carry brings changes into a worktree"),
        (["--worktree", "--continue"], "not in a new worktree"),
        (["--worktree=a..b"], "branch's name"),
    ],
)
async def test_options_that_make_no_sense_are_refused_before_a_model_is_asked(kimicode, options, said):
    async with ScriptedServer([]) as server:
        run = await kimicode.run(server, *options, TASK)
        assert not server.requests
    assert run.code == 1
    assert said in run.result["reason"]


async def test_a_worktree_needs_a_repository(kimicode):
    (kimicode.project / ".git").rename(kimicode.project.parent / "gone")
    async with ScriptedServer([]) as server:
        run = await kimicode.run(server, "--worktree", TASK)
    assert run.code == 1
    assert "not inside the work tree" in run.result["reason"]


async def test_what_is_staged_is_committed_with_a_message(kimicode):
    (kimicode.project / "double.py").write_text(FIXED)
    git(kimicode.project, "add", ".")
    (kimicode.project / "check.py").write_text("loose\n")
    async with ScriptedServer([MESSAGE]) as server:
        done = await kimicode("commit", "--base-url", server.base_url, "-m", "say why")
        assert "say why" in asked(server)
    assert done.code == 0, done.stderr
    assert "] fix: double without adding one\n\nThe result was off by one." in done.stdout
    assert "Assisted-by" not in git(kimicode.project, "log", "-1", "--format=%B")
    assert git(kimicode.project, "status", "--porcelain") == " M check.py\n"


async def test_all_tracked_files_can_be_committed(kimicode):
    (kimicode.project / "double.py").write_text(FIXED)
    (kimicode.project / "new").write_text("x\n")
    async with ScriptedServer([MESSAGE]) as server:
        done = await kimicode("commit", "-a", "--base-url", server.base_url)
    assert done.code == 0, done.stderr
    assert git(kimicode.project, "status", "--porcelain") == "?? new\n"


async def test_a_dry_run_only_shows_the_message(kimicode):
    (kimicode.project / "double.py").write_text(FIXED)
    git(kimicode.project, "add", ".")
    async with ScriptedServer([MESSAGE]) as server:
        done = await kimicode("commit", "--dry-run", "--base-url", server.base_url)
    assert done.stdout == "fix: double without adding one\n\nThe result was off by one.\n"
    assert git(kimicode.project, "status", "--porcelain") == "M  double.py\n"


@pytest.mark.parametrize(("arguments", "said"), [([], "nothing is staged"), (["-a"], "nothing to commit")])
async def test_with_nothing_to_commit_no_model_is_asked(kimicode, arguments, said):
    async with ScriptedServer([]) as server:
        done = await kimicode("commit", *arguments, "--base-url", server.base_url)
    assert done.code == 1
    assert said in done.stderr


async def test_a_failing_model_leaves_everything_staged(kimicode):
    (kimicode.project / "double.py").write_text(FIXED)
    git(kimicode.project, "add", ".")
    async with ScriptedServer([]) as server:
        done = await kimicode("commit", "--base-url", server.base_url)
    assert done.code != 0
    assert git(kimicode.project, "status", "--porcelain") == "M  double.py\n"


@pytest.fixture
def topic(kimicode):
    git(kimicode.project, "checkout", "-q", "-b", "topic")
    (kimicode.project / "double.py").write_text(FIXED)
    (kimicode.project / ".github").mkdir()
    (kimicode.project / ".github/pull_request_template.md").write_text("## Why\n")
    git(kimicode.project, "add", ".")
    git(kimicode.project, "commit", "-qm", "fix: double without adding one")
    return kimicode


TEXT = Reply("# Fix double()\n\n## Why\n\nIt added one.\n")


async def test_a_pull_requests_title_and_text_are_printed_and_nothing_is_sent(topic):
    async with ScriptedServer([TEXT]) as server:
        done = await topic("pr", "--base-url", server.base_url)
        for part in ("`main`", "fix: double without", "+    return x + x\n", "## Why"):
            assert part in asked(server)
    assert done.stdout == "Fix double()\n\n## Why\n\nIt added one.\n"
    assert done.code == 0


async def test_a_pull_request_is_opened_by_the_forges_own_command(topic, tmp_path):
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "gh").write_text(
        f'#!/bin/sh\nfor each; do echo "$each"; done > {tmp_path}/words\ncat > {tmp_path}/body\n'
    )
    (binaries / "gh").chmod(0o755)
    topic.variables["PATH"] = f"{binaries}:{os.environ['PATH']}"
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(topic.project, "remote", "add", "origin", str(tmp_path / "remote.git"))
    async with ScriptedServer([TEXT]) as server:
        refused = await topic("pr", "--create", "--base-url", server.base_url)
        assert "git push -u origin topic" in refused.stderr
        git(topic.project, "push", "-q", "-u", "origin", "topic")
        refused = await topic("pr", "--create", "--base-url", server.base_url)
        assert "is not trusted" in refused.stderr
        await topic("trust")
        done = await topic("pr", "--create", "--base-url", server.base_url)
    assert done.code == 0, done.stderr
    words = (tmp_path / "words").read_text().splitlines()
    assert words == ["pr", "create", "--title", "Fix double()", "--body-file", "-", "--base", "main", "--head", "topic"]
    assert (tmp_path / "body").read_text() == "## Why\n\nIt added one."


async def test_without_the_forges_command_it_says_so_before_a_model_is_asked(topic, tmp_path):
    git(tmp_path, "init", "-q", "--bare", "gitlab.git")
    git(topic.project, "remote", "add", "origin", str(tmp_path / "gitlab.git"))
    git(topic.project, "push", "-q", "-u", "origin", "topic")
    async with ScriptedServer([]) as server:
        done = await topic("pr", "--create", "--base-url", server.base_url)
    assert done.code == 1
    assert "`glab`, which is not installed" in done.stderr
