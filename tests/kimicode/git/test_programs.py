"""A repository whose configuration names programs wherever git would take one: what only reads starts none of them."""

import os
from pathlib import Path

import pytest

from kimicode.git.branch import against
from kimicode.git.describe import describe
from kimicode.git.snapshot import WorkTree
from kimicode.git.style import style_of
from kimicode.git.work import of_work
from kimicode.git.worktree import create, remove
from kimicode.tools.base import Access, ToolContext
from kimicode.tools.bash import BashArguments, BashTool
from kimicode.workspace.files import Files
from kimicode.workspace.shell import Shell

READING = [
    "git status",
    "git status --short",
    "git diff",
    "git diff --cached",
    "git diff HEAD",
    "git log -p",
    "git log --oneline -3",
    "git show",
    "git blame a.txt",
    "git grep hello",
    "git ls-files -m",
    "git branch -a",
    "cat a.txt | wc -l && git diff",
]


@pytest.fixture
def canary(tmp_path):
    """A program that leaves a line in `sung`, and is a filter that changes nothing."""
    program = tmp_path / "canary.sh"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/sung\ncat\n')
    program.chmod(0o755)
    return program


def sung(tmp_path: Path) -> str:
    file = tmp_path / "sung"
    return file.read_text() if file.exists() else ""


def make_hostile(root: Path, git, canary: Path) -> None:
    root.mkdir(parents=True)
    git(root, "init", "--initial-branch=main")
    (root / "a.txt").write_text("hello\n")
    (root / ".gitattributes").write_text("*.txt diff=evil filter=evil\n")
    git(root, "add", ".")
    git(root, "commit", "-m", "one")
    signed = git(root, "cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n x\n\n", 1
    )
    (root / ".git/signed").write_text(f"{signed}\n")
    git(root, "update-ref", "HEAD", git(root, "hash-object", "-t", "commit", "-w", ".git/signed"))
    for key, word in {
        "core.fsmonitor": "fsmonitor",
        "filter.evil.clean": "clean",
        "filter.evil.smudge": "smudge",
        "filter.evil.process": "process",
        "diff.evil.textconv": "textconv",
        "diff.default.textconv": "default",
        "diff.evil.command": "command",
        "diff.external": "external",
        "core.pager": "pager",
        "core.sshCommand": "ssh",
    }.items():
        git(root, "config", key, f"{canary} {word}")
    verifier = canary.with_name("verify.sh")
    verifier.write_text(f"#!/bin/sh\n{canary} gpg\n")
    verifier.chmod(0o755)
    git(root, "config", "gpg.program", str(verifier))
    git(root, "config", "gpg.openpgp.program", str(verifier))
    git(root, "config", "filter.evil.required", "true")
    git(root, "config", "log.showSignature", "true")
    git(root, "config", "format.pretty", "%G?")
    git(root, "config", "core.hooksPath", ".git/own")
    (root / ".git/own").mkdir()
    (root / ".git/own/post-index-change").write_text(f"#!/bin/sh\n{canary} hook\n")
    (root / ".git/own/post-index-change").chmod(0o755)
    (root / "a.txt").write_text("hello\nmore\n")


@pytest.fixture
def hostile(tmp_path, git, canary):
    make_hostile(tmp_path / "project", git, canary)
    return tmp_path / "project"


@pytest.fixture
async def context(hostile):
    shell = Shell(hostile, hostile.parent / "spill")
    yield ToolContext(Files(hostile), shell, lambda steps: None)
    await shell.close()


async def run(context: ToolContext, command: str) -> str:
    arguments = BashArguments(command=command)
    assert BashTool().access_of(arguments) is Access.READ
    outcome = await BashTool().run(arguments, context)
    return "".join(part.text for part in outcome.content if hasattr(part, "text"))


async def test_this_repository_is_hostile_indeed(hostile, tmp_path, context):
    await context.shell.run("git log; git log -p -1 --format=%s; git diff; git status; unset GIT_OPTIONAL_LOCKS")
    for key in ("filter.evil.process", "diff.evil.command", "diff.external"):
        await context.shell.run(f"touch a.txt; git config --unset {key}; git diff; git show --format=%s; git status")
    heard = {line.split()[0] for line in sung(tmp_path).splitlines()}
    assert heard >= {"hook", "process", "gpg", "clean", "textconv", "default", "external"}, heard


@pytest.mark.parametrize("command", READING)
async def test_reading_starts_no_program_of_the_repository(command, hostile, context, tmp_path):
    await run(context, command)
    assert sung(tmp_path) == ""


def test_our_own_use_of_git_starts_none_either(hostile, found, opened, git, tmp_path):
    git(hostile, "config", "user.name", "Test")
    git(hostile, "config", "user.email", "test@example.org")
    git(hostile, "-c", "core.hooksPath=/dev/null", "checkout", "-q", "-b", "topic")
    (tmp_path / "sung").unlink(missing_ok=True)
    repository = found(hostile)
    told = describe(repository)
    assert "+more" in told
    style_of(repository.origin)
    with WorkTree(repository, tmp_path / "scratch") as tree:
        before = tree.snapshot()
        (hostile / "plain").write_text("x\n")
        (hostile / "a.txt").write_text("other\n")
        draft = of_work(tree, before, tree.snapshot())
        assert "through the filter evil" in draft.left_out[0]
        draft.commit("Plain")
    against(repository.origin, "main")
    worktree = create(repository, tmp_path / "tree", "w", carry=True, scratch=tmp_path / "carry")
    remove(worktree)
    assert sung(tmp_path) == ""


async def test_a_diff_still_shows_the_difference(context):
    assert "+more" in await run(context, "git diff")
    assert "a.txt" in await run(context, "git status --short")
    assert "hello" in await run(context, "git show")


@pytest.mark.parametrize("way", ["cd inner && git status", "git -C inner diff", "cd inner; cd ../inner; git diff"])
async def test_a_repository_inside_is_disarmed_as_well(way, hostile, git, canary, context, tmp_path):
    make_hostile(hostile / "inner", git, canary)
    git_settings = (hostile / "inner/.git/config").read_text().replace("evil", "other")
    (hostile / "inner/.git/config").write_text(git_settings)
    (hostile / "inner/.gitattributes").write_text("*.txt diff=other filter=other\n")
    (tmp_path / "sung").unlink(missing_ok=True)
    await run(context, way)
    assert sung(tmp_path) == ""


async def test_a_submodule_is_not_entered_whatever_its_parent_says(hostile, git, canary, context, tmp_path):
    make_hostile(tmp_path / "library", git, canary)
    git(hostile, "-c", "core.hooksPath=/dev/null", "submodule", "add", str(tmp_path / "library"), "library")
    config = (tmp_path / "library/.git/config").read_text().partition("[filter")[2]
    with (hostile / ".git/modules/library/config").open("a") as file:
        file.write(f"[filter{config}")
    git(hostile, "config", "--file", ".gitmodules", "submodule.library.ignore", "none")
    (hostile / "library/a.txt").write_text("changed\n")
    (tmp_path / "sung").unlink(missing_ok=True)
    await run(context, "git status")
    await run(context, "git diff")
    assert sung(tmp_path) == ""


async def test_a_folder_that_only_looks_like_a_repository_is_none(hostile, git, canary, context, tmp_path):
    bare = hostile / "docs"
    git(hostile, "-c", "core.hooksPath=/dev/null", "init", "--bare", str(bare))
    git(bare, "config", "core.bare", "false")
    git(bare, "config", "core.worktree", str(bare))
    git(bare, "config", "core.fsmonitor", f"{canary} bare")
    await run(context, "cd docs && git status")
    assert sung(tmp_path) == ""


async def test_nothing_of_it_is_left_for_the_next_command(hostile, context, tmp_path):
    before = dict(context.shell.variables)
    await run(context, "cd . && git status")
    assert dict(context.shell.variables) == before
    await context.shell.run("git -c core.pager=cat diff")
    assert sung(tmp_path) != ""


async def test_settings_passed_by_the_environment_stay(hostile, tmp_path):
    passed = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "alias.hello", "GIT_CONFIG_VALUE_0": "rev-parse --show-cdup"}
    shell = Shell(hostile, tmp_path / "spill", environment={**os.environ, **passed})
    try:
        outcome = await BashTool().run(
            BashArguments(command="git status --short"), ToolContext(Files(hostile), shell, lambda steps: None)
        )
        assert not outcome.is_error
        assert (await shell.run("git hello && git config core.fsmonitor")).output.strip().endswith("false")
    finally:
        await shell.close()
