"""The `bash` tool: runs a command in the workspace's shell, and speaks of the jobs that went to the background."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from kimicode.events import CommandRun
from kimicode.git.programs import READING_VARIABLES, reading_settings
from kimicode.tools.base import Access, Arguments, Tool, ToolContext, ToolOutcome
from kimicode.workspace.commands.readonly import git_folders, is_read_only
from kimicode.workspace.environment import git_settings
from kimicode.workspace.shell import TIMEOUT_S, CommandResult, JobStatus, Shell

_JOB = re.compile(r"job (?:(?P<verb>read|stop) (?P<id>\d+)|wait (?P<wait>\d+)(?: (?P<seconds>\d+(?:\.\d+)?))?|list)")

_STOPPED_BY_SANDBOX = re.compile(
    r"read-only file system|operation not permitted|permission denied|network is unreachable|could ?n.t resolve host"
    r"|could not resolve|name resolution|name or service not known|no route to host|getaddrinfo|EROFS|EACCES|EPERM"
    r"|device or resource busy|ENETUNREACH|EAI_AGAIN|ENOTFOUND|failed to fetch|connection error|proxy",
    re.IGNORECASE,
)
_SANDBOX = (
    "the sandbox may be why: commands reach no hosts but those that the user allows, and write only in the project "
    "and in /tmp."
)


class BashArguments(Arguments):
    command: str
    timeout: float | None = None
    background: bool = False
    outside_sandbox: bool = False


class BashTool(Tool[BashArguments]):
    """Runs shell commands. A command that fails is a result, not an error of the tool."""

    name: ClassVar[str] = "bash"
    access: ClassVar[Access] = Access.EXECUTE
    arguments = BashArguments

    def access_of(self, arguments: BashArguments) -> Access:
        """READ for commands that provably only read, and for looking at jobs; OUTSIDE where that is asked for."""
        if _JOB.fullmatch(arguments.command.strip()) is None and arguments.outside_sandbox:
            return Access.OUTSIDE
        return Access.READ if _only_reads(arguments.command) else self.access

    async def run(self, arguments: BashArguments, context: ToolContext) -> ToolOutcome:
        command, shell = arguments.command, context.shell
        job = _JOB.fullmatch(command.strip())
        if job is None:
            timeout = TIMEOUT_S if arguments.timeout is None else arguments.timeout
            outside = arguments.outside_sandbox or not context.confinement
            variables = shell.variables_of(outside=outside)
            only_here = await asyncio.to_thread(_reading_variables, command, shell.cwd, variables)
            result = await shell.run(
                command,
                timeout=timeout,
                background=arguments.background,
                outside=outside,
                report=context.report,
                only_here=only_here,
            )
        elif job["id"] or job["wait"]:
            result = await _ask_job(shell, job)
        else:
            listing = _listing(shell)
            return ToolOutcome.of(listing, CommandRun(command, listing, 0, read_only=True))
        confined = bool(context.confinement) and not arguments.outside_sandbox
        return ToolOutcome.of(
            _for_model(result) + (_way_out(result, context.way_out) if confined else ""),
            CommandRun(command, result.output, result.exit_code, _only_reads(command), not confined),
            duration_s=round(result.duration_s, 3),
            truncated=result.truncated,
            spill=str(result.spill) if result.spill else None,
        )


def _only_reads(command: str) -> bool:
    job = _JOB.fullmatch(command.strip())
    return job["verb"] != "stop" if job else is_read_only(command)


def _reading_variables(command: str, cwd: Path, variables: Mapping[str, str]) -> Mapping[str, str] | None:
    """For a command that counts as reading because of its words: no repository may make git start a program for it."""
    folders = git_folders(command, cwd, variables) if is_read_only(command) else []
    if not folders:
        return None
    return {**READING_VARIABLES, **git_settings(variables, reading_settings(folders))}


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


def _way_out(result: CommandResult, way_out: str) -> str:
    """Where the sandbox may be why a command failed: what it keeps commands from, and what can be done."""
    suspect = result.exit_code not in (0, None) and _STOPPED_BY_SANDBOX.search(result.output)
    return f"\n[{_SANDBOX} {way_out}]" if suspect else ""


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
