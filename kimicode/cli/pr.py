"""`kimicode pr`: title and text of a pull request from a branch's commits; `--create` hands them to gh or glab."""

import asyncio
import os
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from kimicode import programs
from kimicode.agent.wording import pull_request
from kimicode.cli.asking import asking
from kimicode.cli.commit import AskedModel, DryRun, Folder, Hint, repository_at, say
from kimicode.cli.run import BaseUrl, Thinking
from kimicode.config.load import trust_in
from kimicode.errors import KimicodeError, UsageError
from kimicode.git.branch import Branch, against, remote_of
from kimicode.git.repository import Repository
from kimicode.git.style import style_of
from kimicode.sessions.transcript import printable

_TEMPLATES = (
    ".github/pull_request_template.md",
    ".github/PULL_REQUEST_TEMPLATE.md",
    "docs/pull_request_template.md",
    "pull_request_template.md",
    "PULL_REQUEST_TEMPLATE.md",
    ".gitlab/merge_request_templates/Default.md",
)


def command(
    base: Annotated[str, typer.Option("--base", "-b", metavar="BRANCH", help="What it is to be merged into.")] = "",
    create: Annotated[bool, typer.Option("--create", help="Open it with gh or glab.")] = False,
    dry_run: DryRun = False,
    hint: Hint = "",
    folder: Folder = None,
    model: AskedModel = None,
    base_url: BaseUrl = None,
    thinking: Thinking = None,
) -> None:
    """Write title and text of a pull request from the branch's commits. Nothing is sent anywhere without --create.

    Examples:

      kimicode pr

      kimicode pr --base develop -m "mention the migration"

      git push -u origin HEAD && kimicode pr --create
    """
    repository = repository_at(folder)
    branch = against(repository.origin, base)
    program = _program(repository, branch) if create and not dry_run else ""
    flags = {"model": model, "base_url": base_url, "thinking": thinking}

    async def write() -> tuple[str, str]:
        async with asking(flags, repository.root, say) as ask:
            return await pull_request(ask, branch, style_of(repository.origin), _template(repository.root), hint)

    title, body = asyncio.run(write())
    typer.echo(printable(f"{title}\n\n{body}".rstrip()))
    if program:
        _create(program, repository.root, branch, title, body)


def _template(root: Path) -> str:
    for name in _TEMPLATES:
        path = root / name
        if path.is_file() and not path.is_symlink():
            return path.read_bytes()[:8_000].decode("utf-8", "replace")
    return ""


def _program(repository: Repository, branch: Branch) -> str:
    """The forge's own command. Raises UsageError where it cannot be used, before a model is asked."""
    if not branch.name:
        raise UsageError("a pull request needs a branch, and HEAD is detached", hint="git switch -c NAME")
    url, pushed = remote_of(repository.origin, branch.name)
    if not url:
        raise UsageError("there is no remote to open a pull request at", hint="Add one: git remote add origin URL.")
    if not pushed:
        raise UsageError(f"{branch.name} is not pushed as it is", hint=f"git push -u origin {branch.name}")
    name = "glab" if "gitlab" in url else "gh"
    if programs.find(name) is None:
        hint = "Leave out --create and take the text."
        raise UsageError(f"--create needs `{name}`, which is not installed", hint=hint)
    if not trust_in(repository.root, environ=os.environ).given:
        text = f"`{name}` runs git as the repository's own configuration says, and {repository.root} is not trusted"
        raise UsageError(text, hint="kimicode trust, or leave out --create and take the text.")
    return name


def _create(program: str, root: Path, branch: Branch, title: str, body: str) -> None:
    told = ["--title", title]
    if program == "gh":
        command = ["gh", "pr", "create", *told, "--body-file", "-", "--base", branch.base, "--head", branch.name]
    else:
        places = ["--target-branch", branch.base, "--source-branch", branch.name]
        command = ["glab", "mr", "create", *told, "--description", body, *places, "--yes"]
    environ = {**os.environ, "PATH": programs.places()}  # for what it starts: git
    command[0] = programs.find(program) or program
    done = subprocess.run(command, cwd=root, env=environ, input=body.encode(), check=False)
    if done.returncode != 0:
        raise KimicodeError(f"`{program}` did not open it (exit code {done.returncode})", hint="The text is above.")
