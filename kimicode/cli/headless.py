"""Runs a session without a person: signals, output, and exactly one result record, whatever happens."""

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kimicode.agent.budget import Limits
from kimicode.agent.delivery import Delivery, commits_in
from kimicode.agent.opening import open_session
from kimicode.agent.options import SessionOptions
from kimicode.agent.place import kept, place_of
from kimicode.agent.rulebook import Rules
from kimicode.cli.beside import Beside
from kimicode.cli.local import endpoint_of
from kimicode.cli.output import Screen, screen_for
from kimicode.config.load import Loaded, load, trust_in
from kimicode.config.trust import UNCONFINED, Trust
from kimicode.errors import DiskError, ExitCode, KimicodeError, UsageError
from kimicode.events import Notice, Result, Status


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
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    commit: bool = False
    worktree: str = ""
    """The name of a new worktree to work in, or `beside.FRESH`."""
    carry: bool = False
    trust: bool = False
    """Whether the folder is trusted for this run, whatever is on record."""


def execute(request: Request) -> int:
    """Run it and return the exit code. The last thing on stdout is the result, on every path."""
    screen = screen_for(request.output, request.progress)
    try:
        carry_out(request, screen)
        screen.close()
    except BrokenPipeError:
        return _unread()
    assert screen.result is not None
    return screen.result.exit_code


def carry_out(request: Request, screen: Screen) -> None:
    """Run it; afterwards the screen has a result. Raises BrokenPipeError where nobody reads stdout any more."""
    try:
        asyncio.run(_run(request, screen))
    except KimicodeError as error:
        _give_up(screen, "error", error.exit_code, str(error))
    except asyncio.CancelledError:
        _give_up(screen, "interrupted", screen.interrupt_code, "interrupted before the work began")
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the top-level border: a crash, too, ends with a result record
        if request.environ.get("KIMICODE_TRACEBACK"):
            traceback.print_exc()
        text = f"a fault in kimicode: {type(error).__name__}: {error} (KIMICODE_TRACEBACK=1 shows where)"
        _give_up(screen, "error", ExitCode.INFRASTRUCTURE, text)


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
    resume, folder = place_of(request.resume, request.folder, screen.show)
    loaded = load(request.flags, cwd=folder, environ=request.environ, trust=_told(request, folder))
    refuse_unconfined(loaded)
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
        patch=kept(request.patch) if request.patch else None,
        delivery=commits_in(folder) if request.commit else None,
        trust=loaded.trust,
        rules=Rules.load(),
    )
    ticker = asyncio.create_task(_tick(screen))
    beside = await _work_beside(request, folder, screen) if request.worktree else None
    if beside is not None:
        trust = _told(request, beside.folder) or trust_in(beside.folder, environ=request.environ)
        options = replace(options, cwd=beside.folder, delivery=Delivery(beside.tree), trust=trust)
    if notice := options.trust and options.trust.notice(options.cwd):
        screen.show(Notice("warning", "trust", notice))
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
        if beside is not None:
            beside.conclude(None, lambda text: screen.show(Notice("warning", "worktree", text)))


def _told(request: Request, folder: Path) -> Trust | None:
    """What was said of a folder on the command line; None: the record holds."""
    return Trust.whole(folder) if request.trust else None


def refuse_unconfined(loaded: Loaded) -> None:
    """Raises UsageError for settings under which a folder that nobody trusts could do what it likes."""
    for name, value in UNCONFINED:
        if getattr(loaded.settings, name) == value and not loaded.trust.given:
            hint = "If you trust what is in it: --trust for this time, or `kimicode trust` for good."
            source = loaded.sources[name]
            raise UsageError(f"{name} is {value} ({source}), but {loaded.trust.root} is not trusted", hint=hint)


async def _work_beside(request: Request, folder: Path, screen: Screen) -> Beside:
    beside = await asyncio.to_thread(Beside, folder, request.worktree, request.prompt, carry=request.carry)
    screen.show(Notice("warning" if beside.tree.notes else "info", "worktree", beside.opening))
    return beside


async def _tick(screen: Screen) -> None:
    while screen.progress is not None:
        screen.progress.tick()
        await asyncio.sleep(1.0)


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
                screen.on_leaving()
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
