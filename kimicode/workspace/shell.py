"""Runs the model's shell commands: one process group each, bounded in time and output, with nothing left behind.

The working directory and exported variables pass from one command to the next. What takes too long goes on as a
numbered job in the background.
"""

import asyncio
import contextlib
import os
import re
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path

from kimicode import programs
from kimicode.config.secrets import Redact, unredacted
from kimicode.errors import ToolError
from kimicode.workspace.environment import load, wrap
from kimicode.workspace.job import Job, Launch
from kimicode.workspace.live import LiveReport
from kimicode.workspace.output import OutputBuffer
from kimicode.workspace.places import Enclosure, Machine, Place
from kimicode.workspace.processes import MARK_VARIABLE, family, kill, number_inside, terminate
from kimicode.workspace.sandbox.sandbox import Sandbox
from kimicode.workspace.sandbox.supervisor import NoFolder

TIMEOUT_S = 60.0
TIMEOUT_LIMIT_S = 600.0
PROMPT_QUIET_S = 5.0
_BACKGROUND_LOOK_S = 1.0
_TICK_S = 0.5
_PROMPT = re.compile(
    r"(\[y(es)?/n(o)?\]|\(y(es)?/n(o)?(/\[\w+\])?\)|(password|passphrase|username)\b.*:|^>>>|^\(pdb\)"
    r"|press (any key|enter|return)\b.*|(continue|proceed|overwrite|are you sure)\b[^?]*\?)\s*[:?]?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command printed since it was last looked at, and how it stands.

    `exit_code` is None while it runs in the background. `job_id` is set where it, or something it started
    (`survivors`, as "PID NAME", the id being the one that the next command sees), still runs. `stuck_prompt` is the
    question that it was stopped at.
    `spill` is the file with all of the output where `output` is `truncated`.
    """

    output: str
    exit_code: int | None
    job_id: str | None
    duration_s: float
    truncated: bool
    spill: Path | None
    survivors: tuple[str, ...] = ()
    stuck_prompt: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A line of the job list; `exit_code` is None while the command runs, `processes` counts what still runs of it."""

    id: str
    command: str
    exit_code: int | None
    duration_s: float
    processes: int


def _discard(text: str) -> None:
    pass


class Shell:
    """Commands of one agent, one at a time, in the sandbox where there is one.

    Close it: nothing that it started outlives that.
    """

    def __init__(
        self,
        cwd: Path,
        spill_dir: Path,
        *,
        sandbox: Sandbox | None = None,
        environment: Mapping[str, str] | None = None,
        prompt_quiet: float = PROMPT_QUIET_S,
        redact: Redact = unredacted,
    ) -> None:
        """`sandbox` is closed with the shell. `environment` stands for the process's own. `spill_dir` is made when the
        first long output comes.

        `prompt_quiet` is how many seconds an unanswered question may stand before its command is stopped. `redact`
        takes secrets out of what is written there.
        """
        inherited = os.environ if environment is None else environment
        self.cwd = cwd.absolute()
        self._root = self.cwd
        self._spill_dir = spill_dir.absolute()
        self._prompt_quiet = prompt_quiet
        self._redact = redact
        self._outside = Machine(inherited)
        self._inside = Enclosure(sandbox, inherited) if sandbox is not None else None
        bash = programs.find("bash", inherited)
        self._program = (bash, "--noprofile", "--norc", "-c") if bash else ("/bin/sh", "-c")
        self._outer_marks = inherited.get(MARK_VARIABLE, "")
        self._session = secrets.token_hex(8)
        self._started = 0
        self._jobs: dict[str, Job] = {}
        self._current: set[Job] = set()
        self._turn = asyncio.Lock()
        self._notes: list[str] = []

    async def run(
        self,
        command: str,
        *,
        timeout: float = TIMEOUT_S,
        background: bool = False,
        outside: bool = False,
        report: Callable[[str], None] = _discard,
        only_here: Mapping[str, str] | None = None,
    ) -> CommandResult:
        """Run `command` to its end, or for `timeout` seconds (1 to 600) and from then on in the background.

        `outside` runs it beside the sandbox, in the environment that the agent was started in: of commands in the
        sandbox only the working directory reaches it. `only_here` are variables for this command alone, which then
        leaves no others behind. Cancelling this kills the command. Raises ToolError where it cannot be started at all.
        """
        async with self._turn:
            place = self._place(outside)
            token = secrets.token_hex(8)
            job, state_file = await self._surely(self._start(place, command, token, report, only_here or {}))
            self._current.add(job)
            try:
                limit = _BACKGROUND_LOOK_S if background else min(max(timeout, 1.0), TIMEOUT_LIMIT_S)
                prompt = await self._watch(job, limit)
            except asyncio.CancelledError:
                await job.stop()
                raise
            finally:
                self._current.discard(job)
            if not background and prompt is None and job.exit_code is not None:
                self._adopt(place, state_file, token, with_variables=only_here is None)
            return self._result(job, None, prompt)

    @property
    def variables(self) -> Mapping[str, str]:
        """What the next command starts with, in the sandbox where there is one."""
        return self.variables_of(outside=False)

    def variables_of(self, *, outside: bool) -> Mapping[str, str]:
        """The same for a command that runs outside, or not."""
        return self._place(outside).variables

    def jobs(self) -> tuple[JobStatus, ...]:
        """All jobs that ever went to the background, oldest first."""
        return tuple(
            JobStatus(job_id, job.command, job.exit_code, job.duration_s, len(job.survivors()))
            for job_id, job in self._jobs.items()
        )

    def peek(self, job_id: str) -> str:
        """The recent output of a job, for the person; what `read` brings stays the same."""
        return self._job(job_id).output.peek()

    async def read(self, job_id: str) -> CommandResult:
        """What the job printed since the last look at it. Raises ToolError for an unknown id, as `wait` and `stop`."""
        return self._result(self._job(job_id), job_id)

    async def wait(self, job_id: str, timeout: float = TIMEOUT_S) -> CommandResult:
        """Wait up to `timeout` seconds (at most 600) until the job and all that it started are over."""
        job = self._job(job_id)
        deadline = time.monotonic() + min(timeout, TIMEOUT_LIMIT_S)
        prompt = await self._watch(job, deadline - time.monotonic())
        while job.exit_code is not None and time.monotonic() < deadline:
            if not job.survivors():
                break
            await asyncio.sleep(_TICK_S)
        return self._result(job, job_id, prompt)

    async def stop(self, job_id: str) -> CommandResult:
        """End the job and everything that it started."""
        job = self._job(job_id)
        await job.stop()
        return self._result(job, job_id)

    async def close(self) -> None:
        """End everything that this shell ever started and that still runs, and let go of all files."""
        jobs = {*self._jobs.values(), *self._current}
        if self._started:
            await terminate(lambda: family(f"{self._session}."))
        for job in jobs:
            await job.stop()
        for place in self._places:
            await place.close()

    def kill(self) -> None:
        """Kill everything that still runs, without waiting: for a process that is about to end itself."""
        if self._started:
            kill(lambda: family(f"{self._session}."))
        for job in {*self._jobs.values(), *self._current}:
            kill(job.survivors)
        for place in self._places:
            place.kill()

    @property
    def _places(self) -> tuple[Place, ...]:
        return (self._outside,) if self._inside is None else (self._inside, self._outside)

    def _place(self, outside: bool) -> Place:
        return self._outside if outside or self._inside is None else self._inside

    async def _start(
        self,
        place: Place,
        command: str,
        token: str,
        report: Callable[[str], None],
        only_here: Mapping[str, str],
    ) -> tuple[Job, Path]:
        """The job, and the file to which it saves its state. Raises ToolError."""
        if not command.strip():
            raise ToolError("the command is empty")
        self._started += 1
        mark = f"{self._session}.{self._started};"
        try:
            state_file = await place.ready() / token
            argv = (*self._program, *wrap(command, Path(self._program[0]).name, state_file, token))
            output = OutputBuffer(self._spill_dir / f"output-{self._started}-{token}.txt", self._redact)
            if place is self._outside and not self.cwd.is_dir():
                self._go_to_root()
            while True:
                variables = {**place.variables, **only_here, "PWD": str(self.cwd)}
                variables[MARK_VARIABLE] = self._outer_marks + mark
                launch = Launch(command, argv, self.cwd, variables, mark)
                try:
                    return await Job.start(launch, output, LiveReport(report), place.spawn), state_file
                except NoFolder:
                    if self.cwd == self._root:
                        raise
                    self._go_to_root()
        except (OSError, ValueError) as error:
            raise ToolError(f"the command could not be started: {error}") from error

    async def _surely(self, start: Coroutine[None, None, tuple[Job, Path]]) -> tuple[Job, Path]:
        """Cancelled halfway, a start would leave a command of which nobody knows: that is waited for, and ended."""
        starting = asyncio.ensure_future(start)
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            with contextlib.suppress(ToolError):
                job, _ = await starting
                await job.stop()
            raise

    def _go_to_root(self) -> None:
        if self.cwd != self._root:
            gone, self.cwd = self.cwd, self._root
            self._notes.append(f"the working directory {gone} no longer exists; the command ran in {self._root}")

    async def _watch(self, job: Job, timeout: float) -> str | None:
        """Until the job is over or time is up. Returns the question it waits at, having stopped it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while (left := deadline - loop.time()) > 0:
            if await job.exited(min(left, _TICK_S)):
                await job.drain()
                await job.settle()
                return None
            if job.quiet_s >= self._prompt_quiet and _PROMPT.search(job.output.last_line):
                prompt = job.output.last_line.strip()
                await job.stop()
                return prompt
        return None

    def _result(self, job: Job, job_id: str | None, prompt: str | None = None) -> CommandResult:
        notes = (*self._notes, *(remark for place in self._places for remark in place.remarks()))
        self._notes.clear()
        running = job.exit_code is None
        survivors = () if running else tuple(f"{number_inside(p.pid)} {p.name}" for p in job.survivors())
        if running or survivors:
            job.live.close()
            job_id = job_id or self._keep(job)
        excerpt = job.output.take(final=not running)
        if not running and not survivors:
            job.close()
        return CommandResult(
            output=excerpt.text,
            exit_code=job.exit_code,
            job_id=job_id,
            duration_s=job.duration_s,
            truncated=excerpt.truncated,
            spill=excerpt.spill,
            survivors=survivors,
            stuck_prompt=prompt,
            notes=notes,
        )

    def _keep(self, job: Job) -> str:
        job_id = str(len(self._jobs) + 1)
        self._jobs[job_id] = job
        return job_id

    def _job(self, job_id: str) -> Job:
        if job_id not in self._jobs:
            known = ", ".join(self._jobs) or "none"
            raise ToolError(f"there is no job {job_id}; known jobs: {known}")
        return self._jobs[job_id]

    def _adopt(self, place: Place, state_file: Path, token: str, *, with_variables: bool) -> None:
        """Go on from where the command ended. Its state file is of no use after that."""
        state = load(state_file, token)
        with contextlib.suppress(OSError):
            state_file.unlink()
        if state is not None:
            self.cwd = state.cwd
            if with_variables:
                place.variables = state.variables
