"""A project is opened whose files are of any kind and say anything: all of it is looked at, nothing waited for."""

import os
import shutil
import subprocess
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimicode.agent.mentions import attachable, named_files
from kimicode.agent.proposals import proposal_in
from kimicode.agent.surroundings import look_around
from kimicode.config.instructions import instructions
from kimicode.config.load import load, trust_in
from kimicode.config.trust import Record
from kimicode.errors import ConfigError
from kimicode.git.repository import Repository
from kimicode.index.walk import walk
from kimicode.tui.commands.user import commands_for
from kimicode.workspace.diagnostics.configured import Checkers
from kimicode.workspace.sandbox import gitfolders, secretfiles
from kimicode.workspace.sandbox.workspace import Place, policy_for
from tests.fakes.damage import NESTED

HANGS_S = 30
FILES = (
    *("AGENTS.md", "CLAUDE.md", ".kimicode/config.toml", ".kimicode/commands/look.md", ".env", ".envrc", ".npmrc"),
    *("package.json", "pyproject.toml", "Makefile", "tsconfig.json", "tests/test_a.py", "src/a.py", ".gitignore"),
)
GIT = (".git", ".git/HEAD", ".git/config", ".git/commondir", ".git/modules/a/HEAD", ".git/worktrees/a/gitdir")
KINDS = ("pipe", "link to a pipe", "link to nothing", "link to itself", "folder", "huge")
ANSWER = "In src/a.py:\n```python\nimport b\nfrom c import d\nprint(1)\n```\n"


@pytest.fixture
def project(tmp_path):
    return made(tmp_path)


def made(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    git("init", "-q", "--template=", str(project))
    (tmp_path / "home").mkdir()
    (tmp_path / "scratch").mkdir()
    return project


def git(*arguments):
    subprocess.run(["git", *arguments], check=True, timeout=HANGS_S)


def put(project, name, kind):
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    match kind:
        case bytes():
            path.write_bytes(kind)
        case "pipe":
            os.mkfifo(path)
        case "link to a pipe":
            os.mkfifo(project / "pipe")
            path.symlink_to(project / "pipe")
        case "link to nothing":
            path.symlink_to("nothing")
        case "link to itself":
            path.symlink_to(path)
        case "folder":
            path.mkdir()
        case "huge":
            with path.open("wb") as file:
                file.truncate(20_000_000_000)


def looked_at(project, *, with_git):
    """Everything that kimicode itself reads of a project when a session opens, and of what a model names in it.

    git itself waits for a pipe, until it is ended after two minutes.
    """
    home, scratch = project.parent / "home", project.parent / "scratch"
    environ = {"KIMICODE_HOME": str(home)}
    record = Record(home / "trust.toml")
    record.remember(project, "trusted")
    trust = trust_in(project, environ=environ)
    instructions(project, trust, user_dir=home)
    commands_for(project, trust)
    look_around(project, Repository.discover(project) if with_git else None, ())
    list(walk(project))
    Checkers((project,), scratch, "/usr/bin", lambda command, folder: False).of(project / "src/a.py")
    named_files(" ".join(FILES), project)
    attachable(" ".join(FILES), project, set())
    proposal_in(ANSWER, project, FILES)
    secretfiles.search(project)
    try:
        gitfolders.guard(project, home)
        policy_for(Place((project,), scratch, home=home, own=(), cache=scratch))
        load({}, cwd=project, environ=environ)
    except ConfigError as error:  # a link in the place of .git, or settings that are none
        return str(error)
    return "looked at"


def in_time(project, name):
    """What `looked_at` returns or raises; it fails where that hangs."""
    found = []

    def calling():
        try:
            found.append(looked_at(project, with_git=name in GIT))
        except BaseException as error:  # noqa: BLE001 - raised again below
            found.append(error)

    thread = threading.Thread(target=calling, daemon=True)
    thread.start()
    thread.join(HANGS_S)
    assert found, "it hangs"
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*FILES, *GIT])
def test_a_file_of_another_kind_is_passed_over_or_said_to_be(project, name, kind):
    put(project, name, kind)
    assert in_time(project, name)


@pytest.mark.parametrize("name", [*FILES, *GIT])
def test_a_file_that_no_parser_likes_is_passed_over_or_said_to_be(project, name):
    for content in (*NESTED, b"\0" * 1000, b"\xff\xfe" * 1000, b"[" + b"a" * 1_000_000, b"*?[!-" * 10_000 + b"\n"):
        put(project, name, content)
        assert in_time(project, name)


@given(name=st.sampled_from([*FILES, *GIT]), content=st.binary(max_size=200))
def test_no_bytes_in_any_of_its_files_break_it(tmp_path_factory, name, content):
    project = made(tmp_path_factory.mktemp("hostile"))
    put(project, name, content)
    assert in_time(project, name)
