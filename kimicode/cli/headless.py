"""Runs a session without a person: signals, output, and exactly one result record, whatever happens."""

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kimicode.agent.budget import Limits
from kimicode.agent.session import SessionOptions, open_session
from kimicode.cli.output import Screen, screen_for
from kimicode.config.load import load
from kimicode.errors import ExitCode, KimicodeError, UsageError
from kimicode.events import Notice, Result, Status
from kimicode.messages import Usage
from kimicode.sessions.catalog import find_session, latest_session


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for. `resume` is a session's id or "last"; `flags` are settings by name."""

    prompt: str
    folder: Path
    flags: Mapping[str, Any]
    limits: Limits
    output: str
    plan_first: bool
    patch: Path | None
    resume: str
    progress: bool
    environ: Mapping[str, str]


def execute(request: Request) -> int:
    """Run it and return the exit code. The last thing on stdout is the result, on every path."""
    screen = screen_for(request.output, request.progress)
    try:
        asyncio.run(_run(request, screen))
    except KimicodeError as error:
        _give_up(screen, "error", error.exit_code, str(error))
    except asyncio.CancelledError:
        _give_up(screen, "interrupted", screen.interrupt_code, "interrupted before the work began")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.INFRASTRUCTURE)
    except Exception as error:  # noqa: BLE001 - the top-level border: a crash, too, ends with a result record
        if request.environ.get("KIMICODE_TRACEBACK"):
            traceback.print_exc()
        text = f"a fault in kimicode: {type(error).__name__}: {error} (KIMICODE_TRACEBACK=1 shows where)"
        _give_up(screen, "error", ExitCode.INFRASTRUCTURE, text)
    screen.close()
    assert screen.result is not None
    return screen.result.exit_code


async def _run(request: Request, screen: Screen) -> None:
    _handle_signals(screen)
    folder = request.folder.absolute()
    loaded = load(request.flags, cwd=folder, environ=request.environ)
    settings = loaded.settings
    for warning in loaded.warnings:
        screen.show(Notice("warning", "config", warning))
    options = SessionOptions(
        settings=settings,
        cwd=folder,
        mode="plan" if request.plan_first else settings.mode,
        limits=request.limits,
        toolset=settings.toolset,
        resume=_which_session(request.resume, folder),
        patch=request.patch,
    )
    async with open_session(options, screen.show) as session:
        screen.session_id = session.id
        screen.on_interrupt = session.interrupt
        await session.run(request.prompt, then=settings.mode if request.plan_first else None)


def _which_session(resume: str, folder: Path) -> str:
    """The id of the session to go on with; "" for a new one."""
    if resume != "last":
        return find_session(resume).name if resume else ""
    latest = latest_session(folder)
    if latest is None:
        raise UsageError(
            f"there is no earlier session in {folder}",
            hint="`kimicode sessions list --all` shows those of other folders.",
        )
    return latest.name


def _handle_signals(screen: Screen) -> None:
    """The first signal ends the run in good order; a second Ctrl-C ends it at once, with the result still written."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()

    def stop(code: ExitCode) -> None:
        if screen.interrupted:
            _give_up(screen, "interrupted", code, "interrupted twice")
            screen.close()
            screen.on_interrupt(code, True)
            os._exit(code)
        screen.interrupted = True
        screen.interrupt_code = code
        screen.on_interrupt(code, False)
        task.cancel()

    loop.add_signal_handler(signal.SIGINT, stop, ExitCode.INTERRUPTED)
    loop.add_signal_handler(signal.SIGTERM, stop, ExitCode.TERMINATED)
    loop.add_signal_handler(signal.SIGHUP, stop, ExitCode.TERMINATED)


def _give_up(screen: Screen, status: Status, code: ExitCode, reason: str) -> None:
    """The result of a run that never came to one of its own."""
    if screen.result is not None:
        if reason:
            screen.show(Notice("error", "late", reason))
        return
    screen.show(
        Result(
            status=status,
            exit_code=int(code),
            session_id=screen.session_id,
            steps=0,
            usage=Usage(),
            price=None,
            duration_s=round(screen.elapsed, 3),
            files_changed=(),
            summary="No file changed",
            reason=reason,
        )
    )
