"""One measured session: real repository, journal and tools; the model in this process, or behind HTTP in another.

Each in a process of its own, for its memory's sake: `python -m kimicode.benchmarks.loop_session NAME STEPS EVERY`.
"""

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kimicode import paths
from kimicode.agent.budget import Limits
from kimicode.agent.options import SessionOptions
from kimicode.agent.session import Session
from kimicode.benchmarks.busywork import InProcessModel, Work, create_repository
from kimicode.benchmarks.meter import MeasuredJournal, MeasuredModel, Meter, measured_tools
from kimicode.config.catalog import model_info
from kimicode.config.schema import Settings
from kimicode.errors import KimicodeError
from kimicode.events import CompactionCompleted, Event, StepStarted, ToolCompleted, UsageUpdated
from kimicode.llm.connect import Connection, connect
from kimicode.messages import encode
from kimicode.sessions.journal import JOURNAL, new_session_id
from kimicode.tools.toolset import tools

SMALL, LARGE = 32_768, 262_144


@dataclass(frozen=True, slots=True)
class Scenario:
    """`window` in tokens; `http`: with the real client, from a server in another process; `most` steps fit."""

    about: str
    window: int
    http: bool = False
    most: int = 1_000_000
    delay: float = 0.0
    """Seconds between two streamed tokens."""
    compacts: bool = True


SCENARIOS = {
    "loop": Scenario("a model in this process; compacted again and again", SMALL),
    "loop-256k": Scenario("a model in this process; one large window", LARGE, most=700, compacts=False),
    "http": Scenario("the client and a server; compacted again and again", SMALL, http=True),
    "http-256k": Scenario("the client and a server; one large window", LARGE, http=True, most=700, compacts=False),
    "http-paced": Scenario("the client and a server of 100 tokens a second", SMALL, http=True, most=20, delay=0.01),
}


@dataclass(frozen=True, slots=True)
class Window:
    """Some steps in a row: CPU milliseconds per step by account, the wait for the disk, and the state at their end."""

    first_step: int
    steps: int
    loop_ms: float
    journal_ms: float
    """Part of `loop_ms`."""
    model_ms: float
    tools_ms: float
    behind_ms: float
    """Of other threads: the index after an edit, undo's look at what a step changed."""
    disk_wait_ms: float
    """Wall time, not CPU."""
    rss_mb: float
    journal_mb: float
    context_tokens: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One session. The first step loads what is loaded late (openai), so the windows begin with the second."""

    name: str
    steps: int
    window: int
    compactions: int
    seconds: float
    start_mb: float
    """Resident memory before the session began."""
    peak_mb: float
    first_step_ms: float
    end_ms: float
    """CPU of composing the result, after the last step."""
    windows: tuple[Window, ...]


@dataclass(slots=True)
class Watch:
    """A frontend that takes the meter's reading every `every` steps."""

    meter: Meter
    journal: Path
    every: int
    compactions: int = 0
    step: int = 0
    tokens: int = 0
    windows: list[Window] = field(default_factory=list)
    first_step_ms: float = 0.0
    _first: int = 2
    _last: dict[str, float] = field(default_factory=dict)

    def show(self, event: Event) -> None:
        """One event. Raises KimicodeError where a tool failed: then the work is not the one to be measured."""
        if isinstance(event, StepStarted):
            self.step = event.step
            if event.step == 1:
                self._last = self._reading()
            elif event.step == 2:
                now = self._reading()
                spent = (now[name] - self._last[name] for name in ("loop", "journal", "model"))
                self.first_step_ms = round(1000 * sum(spent), 1)
                self._last = now
            elif (event.step - 1) % self.every == 0:
                self.close_window(event.step - 1)
        elif isinstance(event, UsageUpdated):
            self.tokens = event.context_tokens
        elif isinstance(event, CompactionCompleted):
            self.compactions += 1
        elif isinstance(event, ToolCompleted) and event.is_error:
            raise KimicodeError(f"step {self.step}: {event.name} failed: {event.content}")

    def close_window(self, last_step: int) -> None:
        """The steps up to `last_step` become a window."""
        steps = last_step - self._first + 1
        if steps <= 0:
            return
        now = self._reading()
        spent = {name: 1000 * (now[name] - self._last[name]) / steps for name in now}
        self.windows.append(
            Window(
                first_step=self._first,
                steps=steps,
                loop_ms=round(spent["loop"] + spent["journal"], 3),
                journal_ms=round(spent["journal"], 3),
                model_ms=round(spent["model"], 3),
                tools_ms=round(spent["tools"], 3),
                behind_ms=round(spent["behind"], 3),
                disk_wait_ms=round(spent["disk"], 3),
                rss_mb=rss_mb(),
                journal_mb=round(self.journal.stat().st_size / 1e6, 2),
                context_tokens=self.tokens,
            )
        )
        self._first, self._last = last_step + 1, now

    def _reading(self) -> dict[str, float]:
        self.meter.switch("loop")
        return {"disk": self.meter.waited} | {str(account): spent for account, spent in self.meter.spent.items()}


def rss_mb() -> float:
    """Resident memory of this process; where there is no /proc, its peak."""
    return _status_mb("VmRSS")


def peak_mb() -> float:
    """The most that it was. Linux counts it anew at exec, unlike getrusage, which begins with the parent's size."""
    return _status_mb("VmHWM")


def _status_mb(name: str) -> float:
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1)
    return round(next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024 / 1e6, 1)


async def measure(name: str, steps: int, every: int, scratch: Path) -> Measured:
    """Run one scenario; what it writes lies in `scratch`. Raises KimicodeError where it did not run as planned."""
    scenario = SCENARIOS[name]
    start_mb = rss_mb()
    repository = scratch / "repository"
    create_repository(repository)
    meter = Meter()
    async with _connection(scenario, steps) as plain:
        connection = Connection(MeasuredModel(plain.model, meter), plain.model_name, plain.window, plain.info)
        journal = MeasuredJournal.measured(paths.sessions_dir() / new_session_id(), meter)
        watch = Watch(meter, journal.folder / JOURNAL, every)
        options = SessionOptions(Settings(), repository, limits=Limits(steps=None))
        session = Session(options, journal, connection, watch.show)
        session.start(None)
        assert session.agent is not None
        session.agent.set_tools(measured_tools(tools(), meter))
        await session.baseline.ready()
        began = time.monotonic()
        stop = await session.agent.run("Turn the dials of all modules, one at a time, and check every ten steps.")
        watch.close_window(watch.step)
        seconds = time.monotonic() - began
        before = time.process_time()
        result = await session.finish(stop)
        end = time.process_time() - before
        await session.close()
        journal.close()
    if result.status != "finished" or result.steps != steps or (watch.compactions and not scenario.compacts):
        raise KimicodeError(
            f"{name}: {result.status} after {result.steps} steps and {watch.compactions} compactions: {result.reason}"
        )
    return Measured(
        name=name,
        steps=steps,
        window=scenario.window,
        compactions=watch.compactions,
        seconds=round(seconds, 1),
        start_mb=start_mb,
        peak_mb=peak_mb(),
        first_step_ms=watch.first_step_ms,
        end_ms=round(1000 * end, 1),
        windows=tuple(watch.windows),
    )


@asynccontextmanager
async def _connection(scenario: Scenario, steps: int) -> AsyncIterator[Connection]:
    if not scenario.http:
        info = model_info("in-process", "http://127.0.0.1")
        yield Connection(InProcessModel(Work(steps)), "in-process", scenario.window, info)
        return
    command = [sys.executable, "-m", "kimicode.benchmarks.busywork", str(steps), str(scenario.delay)]
    server = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert server.stdout is not None
        url = (await server.stdout.readline()).decode().strip()
        connection = await connect(Settings(base_url=url, model="scripted", window=scenario.window))
        yield connection
        await connection.model.close()
    finally:
        server.terminate()
        await server.wait()


def main() -> None:
    """Measure one scenario in a home of its own and print it as JSON."""
    name, steps, every = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with tempfile.TemporaryDirectory(prefix="kimicode-cost-") as scratch:
        os.environ["KIMICODE_HOME"] = str(Path(scratch) / "home")
        print(json.dumps(encode(asyncio.run(measure(name, steps, every, Path(scratch))))))


if __name__ == "__main__":
    main()
