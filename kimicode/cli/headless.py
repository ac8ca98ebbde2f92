"""Runs a session without a person: signals, output, and exactly one result record, whatever happens."""

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kimicode.agent.budget import Limits
from kimicode.agent.session import SessionOptions, open_session
from kimicode.cli.local import endpoint_of
from kimicode.cli.output import Screen, screen_for
from kimicode.config.load import load
from kimicode.errors import DiskError, ExitCode, KimicodeError, UsageError
from kimicode.events import Notice, Result, Status
from kimicode.sessions.catalog import describe, find_session, latest_session


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for. `resume` is a session's id or "last"; `flags` are settings by name.

    `folder` is None where none was named: then it is the present one, or that of the session to go on with.
    """

    prompt: str
    folder: Path | None
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
        return _unread()
    except Exception as error:  # noqa: BLE001 - the top-level border: a crash, too, ends with a result record
        if request.environ.get("KIMICODE_TRACEBACK"):
            traceback.print_exc()
        text = f"a fault in kimicode: {type(error).__name__}: {error} (KIMICODE_TRACEBACK=1 shows where)"
        _give_up(screen, "error", ExitCode.INFRASTRUCTURE, text)
    try:
        screen.close()
    except BrokenPipeError:
        return _unread()
    assert screen.result is not None
    return screen.result.exit_code


def refuse(form: str, error: KimicodeError) -> int:
    """The end of a run that was asked for in a way that cannot be: a result record here as well."""
    screen = screen_for(form, False)
    _give_up(screen, "error", error.exit_code, str(error))
    screen.close()
    return int(error.exit_code)


def _unread() -> int:
    """Whoever read stdout went away; what Python still wants to flush goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return int(ExitCode.INFRASTRUCTURE)


async def _run(request: Request, screen: Screen) -> None:
    _handle_signals(screen)
    resume, folder = _where(request, screen)
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
        resume=resume,
        patch=absolute(request.patch) if request.patch else None,
    )
    ticker = asyncio.create_task(_tick(screen))
    try:
        async with (
            endpoint_of(loaded, screen) as reachable,
            open_session(replace(options, settings=reachable), screen.show) as session,
        ):
            screen.session_id = session.id
            screen.on_interrupt = session.interrupt
            await session.run(request.prompt, then=settings.mode if request.plan_first else None)
    finally:
        ticker.cancel()


async def _tick(screen: Screen) -> None:
    while screen.progress is not None:
        screen.progress.tick()
        await asyncio.sleep(1.0)


def _where(request: Request, screen: Screen) -> tuple[str, Path]:
    """The id of the session to go on with ("" for a new one) and the folder to work in: by default the session's own.

    What the model knows of a session are paths of the folder in which it began.
    """
    here = absolute(request.folder or Path())
    if request.resume == "last":
        latest = latest_session(here)
        if latest is None:
            hint = "`kimicode sessions list --all` shows those of other folders."
            raise UsageError(f"there is no earlier session in {here}", hint=hint)
        return latest.name, here
    if not request.resume:
        return "", here
    session = describe(find_session(request.resume))
    began = Path(session.cwd or here)
    if began.resolve() == here.resolve():
        return session.id, here
    if request.folder is not None:
        screen.show(Notice("warning", "folder", f"the session began in {began} and goes on in {here}"))
        return session.id, here
    if not began.is_dir():
        raise DiskError(f"the session's folder {began} is gone", hint="Say where it is now: -C DIR.")
    screen.show(Notice("warning", "folder", f"working in {began}, where the session began"))
    return session.id, began


def absolute(path: Path) -> Path:
    """Raises DiskError where there is no folder to start from any more."""
    try:
        return path.absolute()
    except FileNotFoundError:
        raise DiskError("the current folder no longer exists", hint="Change to another folder, or use -C.") from None


def _handle_signals(screen: Screen) -> None:
    """The first signal ends the run in good order; a second Ctrl-C ends it at once, with the result still written."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()

    def stop(code: ExitCode) -> None:
        if screen.interrupted:
            try:
                screen.on_interrupt(code, True)
                _give_up(screen, "interrupted", code, "interrupted twice")
                screen.close()
            finally:
                os._exit(screen.result.exit_code if screen.result else code)
        screen.interrupt_code = code
        screen.stopping()
        screen.on_interrupt(code, False)
        task.cancel()

    loop.add_signal_handler(signal.SIGINT, stop, ExitCode.INTERRUPTED)
    loop.add_signal_handler(signal.SIGTERM, stop, ExitCode.TERMINATED)
    loop.add_signal_handler(signal.SIGHUP, stop, ExitCode.TERMINATED)


def _give_up(screen: Screen, status: Status, code: ExitCode, reason: str) -> None:
    """The result of a run that never came to one of its own; one that has its result keeps it."""
    if screen.result is not None:
        if status == "error":
            screen.show(Notice("error", "late", reason))
        return
    result = Result(
        status=status,
        exit_code=int(code),
        session_id=screen.session_id,
        steps=screen.steps,
        usage=screen.usage,
        price=screen.usage.price,
        duration_s=round(screen.elapsed, 3),
        files_changed=(),
        summary="What it changed was not looked at" if screen.steps else "No file changed",
        reason=reason,
    )
    try:
        screen.show(result)
    except DiskError as error:
        screen.show(Notice("error", "stdout", str(error)))
