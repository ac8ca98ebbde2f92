"""The bash tool: what the model is told, what the person sees, and what counts as reading."""

import pytest

from kimicode.errors import ToolError
from kimicode.events import CommandRun
from kimicode.tools.base import Access, ToolContext, ToolOutcome
from kimicode.tools.bash import BashArguments, BashTool
from kimicode.workspace.files import Files
from kimicode.workspace.shell import Shell


@pytest.fixture
async def context(tmp_path):
    shell = Shell(tmp_path, tmp_path / "spill", prompt_quiet=0.5)
    yield ToolContext(Files(tmp_path), shell, lambda steps: None)
    await shell.close()


async def run(
    context: ToolContext, command: str, timeout: float | None = None, background: bool = False
) -> ToolOutcome:
    return await BashTool().run(BashArguments(command=command, timeout=timeout, background=background), context)


def text(outcome: ToolOutcome) -> str:
    return "".join(part.text for part in outcome.content if hasattr(part, "text"))


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("echo hello", "hello"),
        ("echo hello; exit 3", "hello\n[exit code 3]"),
        ("true", "[no output, exit code 0]"),
        ("false", "[no output, exit code 1]"),
        ("printf 'no newline'; false", "no newline\n[exit code 1]"),
    ],
)
async def test_the_model_reads_output_and_a_last_line_where_that_is_not_all(context, command, told):
    outcome = await run(context, command)
    assert text(outcome) == told
    assert not outcome.is_error


async def test_the_person_sees_the_command_and_debugging_the_rest(context):
    outcome = await run(context, "head -c 50000 /dev/zero | tr '\\0' 'x'; exit 2")
    assert isinstance(outcome.display, CommandRun)
    assert outcome.display.exit_code == 2
    assert not outcome.display.read_only
    assert outcome.debug["truncated"] is True
    assert outcome.debug["spill"] in text(outcome)
    assert outcome.debug["duration_s"] > 0


async def test_a_slow_command_becomes_a_job_that_the_model_is_told_how_to_handle(context):
    outcome = await run(context, "echo begun; sleep 1.3; echo ended", timeout=1)
    assert text(outcome).startswith("begun\n[still running after 1 s, in the background as job 1.")
    assert "job wait 1 SECONDS" in text(outcome)
    assert isinstance(outcome.display, CommandRun)
    assert outcome.display.exit_code is None
    assert text(await run(context, "job list")).startswith("job 1: running, 1 s: echo begun")
    assert text(await run(context, "job wait 1 5")) == "ended"
    assert text(await run(context, " job read 1 ")) == "[no output, exit code 0]"
    assert "job 1: exit code 0" in text(await run(context, "job list"))


async def test_a_job_is_stopped_by_its_number(context):
    await run(context, "sleep 40", background=True)
    assert text(await run(context, "job stop 1")) == "[no output, exit code 143]"


async def test_there_may_be_no_jobs_and_unknown_ones_are_refused(context):
    assert text(await run(context, "job list")) == "[no jobs]"
    with pytest.raises(ToolError, match="no job 3"):
        await run(context, "job wait 3")


async def test_other_words_behind_job_are_a_command(context):
    assert "not found" in text(await run(context, "job reload 1"))


async def test_what_was_left_running_is_named(context):
    told = text(await run(context, "sleep 40 & echo started"))
    assert told.startswith("started\n[it left running in the background: ")
    assert "sleep. To see its output or end it: job read 1, job stop 1]" in told
    assert "job 1: exit code 0, 1 of its processes still running" in text(await run(context, "job list"))


async def test_a_question_comes_with_advice(context):
    told = text(await run(context, "printf 'Proceed? [y/N] '; sleep 40"))
    assert '[stopped: it asked "Proceed? [y/N]" and nobody can answer.' in told
    assert "--yes" in told


async def test_a_deleted_folder_is_mentioned_first(context, tmp_path):
    (tmp_path / "gone").mkdir()
    await run(context, "cd gone && rmdir ../gone")
    assert text(await run(context, "pwd")).startswith("[the working directory ")


async def test_live_output_goes_to_the_report(context):
    pieces: list[str] = []
    await run(context.reporting(pieces.append), "echo live")
    assert pieces == ["live\n"]


@pytest.mark.parametrize(
    ("command", "access"),
    [
        ("ls -la", Access.READ),
        ("job list", Access.READ),
        ("job read 2", Access.READ),
        ("job wait 2 10", Access.READ),
        ("job stop 2", Access.EXECUTE),
        ("job list; rm a", Access.EXECUTE),
        ("job list\nrm a", Access.EXECUTE),
        ("make", Access.EXECUTE),
    ],
)
def test_only_looking_counts_as_reading(command, access):
    assert BashTool().access_of(BashArguments(command=command)) is access


def test_leaving_the_sandbox_is_an_access_of_its_own():
    assert BashTool().access_of(BashArguments(command="ls", outside_sandbox=True)) is Access.OUTSIDE
    assert BashTool().access_of(BashArguments(command="job list", outside_sandbox=True)) is Access.READ


def test_the_model_is_told_briefly():
    spec = BashTool.spec()
    assert spec.name == "bash"
    assert set(spec.parameters["properties"]) == {"command", "timeout", "background", "outside_sandbox"}
    assert spec.parameters["required"] == ["command"]
    assert len(spec.description) < 640
