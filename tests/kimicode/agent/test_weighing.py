"""A call is weighed with the files that it names, and an answer is bound to all that decides what it does."""

from dataclasses import replace

import pytest

from kimicode.agent.weighing import digest_of, weigh
from kimicode.tools.base import Access, ToolContext
from kimicode.tools.bash import BashArguments, BashTool
from kimicode.tools.createfile import CreateFile
from kimicode.tools.fetch import Fetch, FetchArguments
from kimicode.tools.view import View
from kimicode.workspace.files import Files
from kimicode.workspace.sandbox.secretfiles import named_like_a_secret
from kimicode.workspace.shell import Shell


@pytest.fixture
async def context(tmp_path):
    shell = Shell(tmp_path, tmp_path / "out")
    yield ToolContext(
        Files(tmp_path), shell, lambda steps: None, hides=lambda path: named_like_a_secret(path.name), confinement="b 1"
    )
    await shell.close()


def write(path):
    return CreateFile.arguments(path=path, file_text="x")


def test_an_ordinary_file_is_written_and_one_that_runs_later_is_a_hazard(context):
    assert weigh(CreateFile(), write("src/a.py"), context) is Access.WRITE
    for path in ("Makefile", "./sub/../package.json", ".github/workflows/x.yml"):
        assert weigh(CreateFile(), write(path), context) is Access.HAZARD


def test_a_link_does_not_hide_what_a_file_is(context, tmp_path):
    (tmp_path / ".env").write_text("A=1")
    (tmp_path / "plain.txt").symlink_to(".env")
    assert weigh(View(), View.arguments(path="plain.txt"), context) is Access.SECRET
    assert weigh(CreateFile(), write(".env"), context) is Access.SECRET


def test_outside_is_outside_only_where_there_is_an_inside(context):
    leaving = BashArguments(command="make", outside_sandbox=True)
    assert weigh(BashTool(), leaving, context) is Access.OUTSIDE
    assert weigh(BashTool(), leaving, replace(context, confinement="")) is Access.EXECUTE


def test_a_path_that_cannot_be_is_left_to_the_tool(context):
    assert weigh(View(), View.arguments(path="~/x"), context) is Access.READ


async def test_the_digest_differs_with_the_words_the_place_the_variables_and_the_sandbox(context, tmp_path):
    (tmp_path / "sub").mkdir()
    make = BashArguments(command="make")
    seen = {digest_of("bash", make, context)}
    assert {digest_of("bash", make, context)} == seen
    seen.add(digest_of("bash", BashArguments(command="make "), context))
    seen.add(digest_of("bash", BashArguments(command="make", outside_sandbox=True), context))
    seen.add(digest_of("bash", make, replace(context, confinement="b 2")))
    await context.shell.run("cd sub")
    seen.add(digest_of("bash", make, context))
    await context.shell.run("export CC=evil")
    seen.add(digest_of("bash", make, context))
    assert len(seen) == 6


def test_a_page_of_a_host_that_commands_reach_anyway_is_only_read(context):
    reaching = replace(context, reachable=lambda url: url.startswith("https://pypi.org/"))
    assert weigh(Fetch(), FetchArguments(url="https://pypi.org/simple"), reaching) is Access.READ
    assert weigh(Fetch(), FetchArguments(url="https://evil.example/"), reaching) is Access.FETCH
    assert weigh(Fetch(), FetchArguments(url="https://pypi.org/"), context) is Access.FETCH


def test_an_answer_is_bound_to_the_whole_address(context):
    one, other = (FetchArguments(url=f"https://a.example/{path}") for path in ("x", "x?secret"))
    assert digest_of("fetch", one, context) != digest_of("fetch", other, context)


def test_a_look_at_secrets_is_asked_about_where_nothing_keeps_the_command_from_them(context, tmp_path):
    (tmp_path / ".env").write_text("A=1")
    (tmp_path / "plain").symlink_to(".env")
    bare = replace(context, confinement="")
    for command in ("cat .env", "ls && head -3 ./plain", f"cat {tmp_path}/.env | sort"):
        looking = BashArguments(command=command)
        assert weigh(BashTool(), looking, context) is Access.READ, "in the sandbox it is not there"
        assert weigh(BashTool(), looking, bare) is Access.SECRET
    assert weigh(BashTool(), BashArguments(command="cat app.py"), bare) is Access.READ
