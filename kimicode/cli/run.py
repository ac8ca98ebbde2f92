"""`kimicode run`: one task, start to end, without a question."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from kimicode.agent.budget import Limits
from kimicode.agent.place import absolute
from kimicode.cli.beside import refuse_stray
from kimicode.cli.headless import Request, execute, refuse
from kimicode.cli.sessions import complete_session
from kimicode.errors import DiskError, KimicodeError, UsageError

LONGEST_PROMPT = 10_000_000
"""Bytes; more than any model reads."""


class Output(StrEnum):
    TEXT = "text"
    JSON = "json"
    STREAM = "stream-json"


class ModeName(StrEnum):
    PLAN = "plan"
    ASK = "ask"
    AUTO_EDIT = "auto-edit"
    AUTO = "auto"
    YOLO = "yolo"


class SandboxName(StrEnum):
    AUTO = "auto"
    REQUIRED = "required"
    OFF = "off"


class ToolsetName(StrEnum):
    FULL = "full"
    SWE = "swe"


Checkpoint = Annotated[
    Path | None,
    typer.Option("--checkpoint", metavar="DIR", file_okay=False, help="With --model local: what to serve for the run."),
]
ModelName = Annotated[
    str | None, typer.Option("--model", "-m", metavar="NAME", help="Model to use; `local` is this machine's engine.")
]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", metavar="URL", help="An OpenAI-compatible endpoint, up to /v1.")
]
Thinking = Annotated[
    bool | None, typer.Option("--thinking/--instant", help="Let the model think first, or answer at once.")
]
ModeOption = Annotated[
    ModeName | None, typer.Option("--mode", help="What it may do without a question (`kimicode help modes`).")
]
SandboxOption = Annotated[
    SandboxName | None,
    typer.Option("--sandbox", help="Confine commands: where it can be had, always, never."),
]
OutputForm = Annotated[Output, typer.Option("--output", "-o", help="What stdout gets (`kimicode help output`).")]
PatchFile = Annotated[
    Path | None, typer.Option("--patch", metavar="FILE", help="Write the git diff of what it did to a file.")
]
CommitWork = Annotated[bool, typer.Option("--commit", help="Commit what it did, and that alone.")]
WorktreeName = Annotated[
    str, typer.Option("--worktree", metavar="[=NAME]", help="Work in a new worktree, on a branch of its own.")
]
TrustFolder = Annotated[
    bool, typer.Option("--trust", help="Obey this folder's own instructions, settings and checkers, this time.")
]
Carry = Annotated[bool, typer.Option("--carry", help="With --worktree: bring uncommitted changes along.")]
PromptFile = Annotated[Path | None, typer.Option("--file", "-f", metavar="FILE", help="Read the prompt from a file.")]
ResumeId = Annotated[
    str,
    typer.Option("--resume", "-r", metavar="ID", help="Go on with this session.", autocompletion=complete_session),
]


def command(
    prompt: Annotated[str, typer.Argument(help="What to do; `-` reads it from stdin.", show_default=False)] = "",
    prompt_file: PromptFile = None,
    folder: Annotated[Path | None, typer.Option("-C", metavar="DIR", help="Work in this folder.")] = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    checkpoint: Checkpoint = None,
    thinking: Thinking = None,
    mode: ModeOption = None,
    sandbox: SandboxOption = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only look and plan: the same as --mode plan.")] = False,
    plan_first: Annotated[bool, typer.Option("--plan-first", help="Make a plan, then carry it out.")] = False,
    output: OutputForm = Output.TEXT,
    patch: PatchFile = None,
    commit: CommitWork = False,
    worktree: WorktreeName = "",
    carry: Carry = False,
    trust: TrustFolder = False,
    max_steps: Annotated[int, typer.Option(min=1, metavar="N", help="Requests to the model at most.")] = 250,
    max_tokens: Annotated[int | None, typer.Option(min=1, metavar="N", help="Tokens in and out at most.")] = None,
    max_price: Annotated[float | None, typer.Option(min=0, metavar="USD", help="US dollars at most.")] = None,
    time_limit: Annotated[float | None, typer.Option(min=0, metavar="SECONDS", help="Seconds at most.")] = None,
    go_on: Annotated[bool, typer.Option("--continue", "-c", help="Go on with this folder's last session.")] = False,
    resume: ResumeId = "",
    toolset: Annotated[ToolsetName | None, typer.Option("--toolset", help="`swe`: the six core tools alone.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> int:
    """Do one task in this folder and exit. It never asks; what would need a question is denied and reported.

    Examples:

      kimicode run "the test in tests/test_parse.py fails, fix it"

      git diff | kimicode run --plan -          (the prompt is stdin)

      kimicode run --output stream-json --max-price 0.50 --patch fix.patch -f task.md
    """
    try:
        refuse_contradictions(plan, plan_first, mode, go_on and bool(resume))
        refuse_stray(worktree, carry, go_on or bool(resume))
        text = read_prompt(prompt, prompt_file)
        flags = _flags(model, base_url, checkpoint, thinking, ModeName.PLAN if plan else mode, sandbox, toolset)
    except KimicodeError as error:
        return refuse(output.value, error)
    request = Request(
        prompt=text,
        folder=folder,
        flags=flags,
        limits=Limits(max_steps, max_tokens, max_price, time_limit),
        output=output.value,
        plan_first=plan_first,
        patch=patch,
        resume="last" if go_on else resume,
        progress=not quiet and sys.stderr.isatty(),
        commit=commit,
        worktree=worktree,
        carry=carry,
        trust=trust,
    )
    return execute(request)


def _flags(
    model: str | None,
    base_url: str | None,
    checkpoint: Path | None,
    thinking: bool | None,
    mode: ModeName | None,
    sandbox: SandboxName | None,
    toolset: ToolsetName | None,
) -> dict[str, Any]:
    """The settings among the options, by name."""
    return {
        "model": model,
        "base_url": base_url,
        "checkpoint": checkpoint and absolute(checkpoint.expanduser()),
        "thinking": thinking,
        "mode": mode and mode.value,
        "sandbox": sandbox and sandbox.value,
        "toolset": toolset and toolset.value,
    }


def refuse_contradictions(plan: bool, plan_first: bool, mode: ModeName | None, two_sessions: bool) -> None:
    """Raises UsageError for flags that cannot both be meant."""
    hint = "Give one of them."
    if plan and mode not in (None, ModeName.PLAN):
        raise UsageError(f"--plan and --mode {mode} contradict each other", hint=hint)
    if plan_first and (plan or mode is ModeName.PLAN):
        raise UsageError("--plan-first carries the plan out, --plan does not", hint=hint)
    if two_sessions:
        raise UsageError("--continue and --resume contradict each other", hint=hint)


def read_prompt(prompt: str, file: Path | None) -> str:
    """The prompt from the argument, stdin (`-`) or a file. Raises UsageError when there is none, or two."""
    if prompt and file:
        raise UsageError("there are two prompts: an argument and a file", hint="Give one of them.")
    try:
        if file:
            with file.open("rb") as stream:
                prompt = _read(stream)
        elif prompt == "-":
            prompt = _read(sys.stdin.buffer)
    except OSError as error:
        raise DiskError.from_os("read the prompt from", file or "stdin", error) from error
    if not prompt.strip():
        raise UsageError(
            "there is no prompt", hint='Say what to do: kimicode run "the tests fail, fix them", or `-` to read stdin.'
        )
    return prompt.strip()


def _read(stream: BinaryIO) -> str:
    data = stream.read(LONGEST_PROMPT + 1)
    if len(data) > LONGEST_PROMPT:
        hint = "Name the file in the prompt instead: the agent reads what it needs of it."
        raise UsageError(f"the prompt is longer than {LONGEST_PROMPT // 1_000_000} MB", hint=hint)
    return data.decode("utf-8", "replace")
