"""Starts an engine for one run, waits until it serves, and ends it with the run, however that ends."""

import asyncio
import codecs
import contextlib
import io
import os
import re
import secrets
import signal
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kimicode.errors import ExitCode, KimicodeError, ModelError, UsageError
from kimicode.llm.local import Engine, engine_command, read_state

POLL_S = 0.02
DRAIN_S = 5
GRACE_S = 10.0
"""Seconds from SIGTERM to SIGKILL: more than the engine may take to finish its answers."""
LAST_WORDS_S = 1.0
KEPT_LINES = 12
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

Say = Callable[[str], None]


@asynccontextmanager
async def engine_for(checkpoint: Path, say: Say, *, name: str = "", grace_s: float = GRACE_S) -> AsyncIterator[Engine]:
    """A private engine on a free port, stopped at the end. `say` gets what it prints until it serves.

    `name` is the model's; "" takes the folder's.

    Raises UsageError (not installed, or it refuses the checkpoint) and ModelError (any other end before the run's).
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kimicode-engine-")))
        state, key = folder / "state.json", folder / "key"
        key.touch(0o600)
        key.write_text(secrets.token_urlsafe(32))
        # The engine ends when its stdin closes, so that not even a killed run leaves it behind.
        options = [f"--checkpoint={checkpoint}", "--port=0", f"--drain-timeout={DRAIN_S}", "--exit-with-stdin"]
        options += [f"--name={name}"] if name else []
        command = engine_command([*options, f"--api-key-file={key}", f"--state-file={state}"])
        voice = Voice(say)
        process = await _start(command, voice, stack, grace_s)
        while (engine := read_state(state)) is None:
            if process.returncode is not None:
                raise await voice.failure("did not start", process.returncode)
            await asyncio.sleep(POLL_S)
        voice.say = None
        voice.lines.clear()  # what it said while loading explains no later end
        yield engine
        if process.returncode is not None:
            raise await voice.failure("ended before the run did", process.returncode)


@dataclass(slots=True)
class Voice:
    """What an engine prints: lines that last, and before it serves one that tells how far it is."""

    say: Say | None
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Read all of it, or the engine would stand still before a full buffer."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        rest = ""
        with contextlib.suppress(OSError):  # the end of a terminal whose other side is closed
            while chunk := await reader.read(4096):
                *lines, rest = (rest + decoder.decode(chunk)).split("\n")
                said = list(filter(None, map(_shown, lines)))
                self.lines.extend(said)
                now = _shown(rest) or (said[-1] if said else "")
                if self.say is not None and now:
                    self.say(now)
                rest = rest[-4096:]
        self.lines.extend(filter(None, [_shown(rest)]))
        self.over.set()

    async def failure(self, what: str, code: int) -> KimicodeError:
        """Its end in words; its own exit code 1 means that it was asked for something that cannot be."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.over.wait(), LAST_WORDS_S)
        if code == -signal.SIGKILL:
            hint = "Was there too little memory? `kimicode serve --plan` tells what it needs."
            return ModelError(f"the local engine {what}: it was killed", hint=hint)
        kind = UsageError if code == ExitCode.USAGE else ModelError
        last = "\n".join(self.lines) or f"exit code {code}"
        return kind(f"the local engine {what}: {last}")


def _shown(line: str) -> str:
    """A line as a terminal would show it: what came behind the last return, without control sequences."""
    return _CONTROL.sub("", line.rstrip("\r").rpartition("\r")[2]).strip()


async def _start(command: list[str], voice: Voice, stack: AsyncExitStack, grace_s: float) -> Process:
    """Start the engine; the stack ends it. Its stderr is a terminal, since only on one it tells how far it is."""
    ours, theirs = os.openpty()
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), io.FileIO(ours))
    stack.callback(transport.close)
    stack.callback(asyncio.create_task(voice.listen(reader)).cancel)
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=theirs,
            start_new_session=True,  # Ctrl-C is for the run, which then ends the engine
        )
    finally:
        os.close(theirs)
    stack.push_async_callback(_stop, process, grace_s)
    return process


async def _stop(process: Process, grace_s: float) -> None:
    """SIGTERM, and SIGKILL for all of its group where that does not help."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), grace_s)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
