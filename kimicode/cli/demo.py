"""`kimicode demo`: kimi-nano, on this machine and without network, looks for a bug that it was never shown."""

import asyncio
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Annotated

import typer

from kimicode.agent.budget import Limits
from kimicode.cli.demo_bugs import DemoBug, choose, load
from kimicode.cli.demo_face import DemoProgress
from kimicode.cli.demo_place import COMMAND, Outcome, Place, environment, make
from kimicode.cli.demo_verdict import judge
from kimicode.cli.headless import Request, carry_out
from kimicode.cli.output import Screen
from kimicode.config import nano
from kimicode.config.catalog import NANO
from kimicode.errors import ExitCode, KimicodeError, UsageError
from kimicode.llm.local import engine_command

MOST_STEPS = 40
_SHOWN = 3


def complete_bug(incomplete: str) -> list[tuple[str, str]]:
    """What a shell offers where a bug is wanted: numbers, with what they are."""
    with suppress(KimicodeError):
        numbered = ((str(number), each.title) for number, each in enumerate(_bugs(), 1))
        return [(number, title) for number, title in numbered if number.startswith(incomplete)]
    return []


Number = Annotated[
    str,
    typer.Option("--bug", metavar="N", help="This one of `--list`; else any, at random.", autocompletion=complete_bug),
]
TimeLimit = Annotated[float, typer.Option("--time-limit", min=1, metavar="SECONDS", help="For the agent, at most.")]


def command(
    bug: Number = "",
    list_bugs: Annotated[bool, typer.Option("--list", help="List the bugs, and do nothing else.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the project where it is, to look at.")] = False,
    time_limit: TimeLimit = 50.0,
) -> int:
    """Watch kimi-nano look for a bug: a real model on this machine's own engine, driven by the real agent.

    It makes a small repository in a temporary folder, with one of the bugs that were kept out of the training, lets
    the agent work on it, and runs the tests afterwards by itself. It needs no key and no network.

    Exit codes: 0 the bug is found, 3 it is not, 1 kimi-nano is not installed, 130 interrupted.
    """
    if not list_bugs:
        nano.checkpoint()
        engine_command(())
    bugs = _bugs()
    if list_bugs:
        _say(*(f"{number:>4}  {each.title}" for number, each in enumerate(bugs, 1)))
        return int(ExitCode.FINISHED)
    number, chosen = choose(bugs, bug)
    with _terminable():
        place = make(chosen)
        try:
            _say(nano.ABOUT, "", f"Bug {number} of {len(bugs)}: {chosen.title}, in {place.project}")
            with environment(place) as variables:
                return _demonstrate(place, variables, time_limit)
        finally:
            if keep:
                _say("", f"Kept: {place.scratch}")
            else:
                place.clear()


def _bugs() -> Sequence[DemoBug]:
    """Raises UsageError where kimi-nano is not there."""
    folder = nano.place()
    if folder is None:
        raise UsageError(nano.lacking(), hint=f"Install it: {nano.INSTALL}")
    return load(folder / "bugs.json")


def _demonstrate(place: Place, variables: dict[str, str], time_limit: float) -> int:
    """Break, mend, judge; returns the exit code."""
    before = asyncio.run(place.test())
    _say("It was not trained on this one.", "", f"$ {COMMAND}", *_told(before))
    if before.passed or not before.count:
        hint = f"`{COMMAND}` should find {place.bug.path} broken. Is that python3 3.11 or newer?"
        raise KimicodeError(f"the tests do not run here as they should: {before.reason or 'they pass'}", hint=hint)
    _say("", f'$ kimicode run --model {NANO} "{place.bug.prompt}"')
    progress = DemoProgress()
    screen = Screen("none", progress, on_leaving=place.clear)
    request = Request(
        prompt=place.bug.prompt,
        folder=place.project,
        flags={"model": NANO, "mode": "auto"},
        limits=Limits(steps=MOST_STEPS, seconds=time_limit),
        output="none",
        plan_first=False,
        patch=None,
        resume="",
        progress=True,
        environ=variables,
    )
    carry_out(request, screen)
    screen.close()
    assert screen.result is not None
    with _terminable():
        after = asyncio.run(place.test())
        _say("", f"$ {COMMAND}", *_told(after), "")
        verdict = judge(place.bug, before, after, screen.result, progress.pace, tampered=place.tests_changed)
        _say(*verdict.lines)
    return verdict.exit_code


def _told(outcome: Outcome) -> list[str]:
    """The tests' outcome in a few lines."""
    if outcome.passed:
        return [f"  {outcome.count} tests, all pass"]
    names = ", ".join(outcome.failed[:_SHOWN]) + (" …" if len(outcome.failed) > _SHOWN else "")
    return [f"  {len(outcome.failed)} of {outcome.count} tests fail: {names}", f"  {outcome.reason:.150}"]


@contextmanager
def _terminable() -> Iterator[None]:
    """Inside, SIGTERM and a closed terminal end it as errors do: what was made is cleared away."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(int(ExitCode.TERMINATED))

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(*lines: str) -> None:
    sys.stdout.buffer.write("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()
