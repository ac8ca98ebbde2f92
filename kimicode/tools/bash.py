"""The `bash` tool: runs a command in the workspace's shell, and speaks of the jobs that went to the background."""

import asyncio
import re
from collections.abc import Mapping
from typing import ClassVar

from kimicode.events import CommandRun
from kimicode.git.programs import READING_VARIABLES, reading_settings
from kimicode.tools.base import Access, Arguments, Tool, ToolContext, ToolOutcome
from kimicode.workspace.environment import git_settings
from kimicode.workspace.readonly import git_folders, is_read_only
from kimicode.workspace.shell import TIMEOUT_S, CommandResult, JobStatus, Shell

_JOB = re.compile(r"job (?:(?P<verb>read|stop) (?P<id>\d+)|wait (?P<wait>\d+)(?: (?P<seconds>\d+(?:\.\d+)?))?|list)")


class BashArguments(Arguments):
    command: str
    timeout: float | None = None
    background: bool = False


class BashTool(Tool[BashArguments]):
    """Runs shell commands. A command that fails is a result, not an error of the tool."""

    name: ClassVar[str] = "bash"
    access: ClassVar[Access] = Access.EXECUTE
    arguments = BashArguments

    def access_of(self, arguments: BashArguments) -> Access:
        """READ for commands that provably only read, and for looking at jobs."""
        return Access.READ if _only_reads(arguments.command) else self.access

    async def run(self, arguments: BashArguments, context: ToolContext) -> ToolOutcome:
        command, shell = arguments.command, context.shell
        job = _JOB.fullmatch(command.strip())
        if job is None:
            timeout = TIMEOUT_S if arguments.timeout is None else arguments.timeout
            only_here = await asyncio.to_thread(_reading_variables, command, shell)
            result = await shell.run(
                command, timeout=timeout, background=arguments.background, report=context.report, only_here=only_here
            )
        elif job["id"] or job["wait"]:
            result = await _ask_job(shell, job)
        else:
            listing = _listing(shell)
            return ToolOutcome.of(listing, CommandRun(command, listing, 0, read_only=True))
        return ToolOutcome.of(
            _for_model(result),
            CommandRun(command, result.output, result.exit_code, _only_reads(command)),
            duration_s=round(result.duration_s, 3),
            truncated=result.truncated,
            spill=str(result.spill) if result.spill else None,
        )


def _only_reads(command: str) -> bool:
    job = _JOB.fullmatch(command.strip())
    return job["verb"] != "stop" if job else is_read_only(command)


def _reading_variables(command: str, shell: Shell) -> Mapping[str, str] | None:
    """For a command that counts as reading because of its words: no repository may make git start a program for it."""
    folders = git_folders(command, shell.cwd, shell.variables) if is_read_only(command) else []
    if not folders:
        return None
    return {**READING_VARIABLES, **git_settings(shell.variables, reading_settings(folders))}


async def _ask_job(shell: Shell, job: re.Match[str]) -> CommandResult:
    if job["wait"]:
        return await shell.wait(job["wait"], float(job["seconds"] or TIMEOUT_S))
    if job["verb"] == "read":
        return await shell.read(job["id"])
    return await shell.stop(job["id"])


def _listing(shell: Shell) -> str:
    lines = [f"job {job.id}: {_state(job)}, {job.duration_s:.0f} s: {job.command}" for job in shell.jobs()]
    return "\n".join(lines) or "[no jobs]"


def _state(job: JobStatus) -> str:
    if job.exit_code is None:
        return "running"
    left = f", {job.processes} of its processes still running" if job.processes else ""
    return f"exit code {job.exit_code}{left}"


def _for_model(result: CommandResult) -> str:
    """The output, and below it in brackets whatever else the model must know to go on."""
    lines = [f"[{note}]" for note in result.notes]
    if result.output:
        lines.append(result.output.rstrip("\n"))
    lines.extend(f"[{remark}]" for remark in _remarks(result))
    return "\n".join(lines)


def _remarks(result: CommandResult) -> list[str]:
    job = result.job_id
    remarks = []
    if result.stuck_prompt is not None:
        remarks.append(
            f'stopped: it asked "{result.stuck_prompt}" and nobody can answer. '
            "Use a flag such as --yes, or give the answers in the command: printf 'y\\n' | COMMAND"
        )
    if result.exit_code is None:
        remarks.append(
            f"still running after {result.duration_s:.0f} s, in the background as job {job}. "
            f"Go on with: job read {job}, job wait {job} SECONDS, job stop {job}"
        )
    elif result.exit_code != 0 or not result.output:
        remarks.append(f"{'' if result.output else 'no output, '}exit code {result.exit_code}")
    if result.survivors:
        remarks.append(
            f"it left running in the background: {', '.join(result.survivors)}. To see its output or end it: "
            f"job read {job}, job stop {job}"
        )
    return remarks
