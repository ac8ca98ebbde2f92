"""`python -m kimicode_engine`: from the command line to a server that has drained, and the exit code that says how."""

import asyncio
import contextlib
import gc
import os
import secrets
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from kimicode_engine import __version__
from kimicode_engine.errors import EngineError
from kimicode_engine.server.app import create_app
from kimicode_engine.server.console import Console
from kimicode_engine.server.listener import Listener, PortTaken, bind
from kimicode_engine.server.loading import Loaded, load, make_plan
from kimicode_engine.server.options import Options, parse, read_key
from kimicode_engine.server.service import Service
from kimicode_engine.server.state import ServerState, remove_state, write_state
from kimicode_engine.template.jinja_check import differs
from kimicode_engine.tokenizer import Tokenizer

DRAINED, USAGE, INFRASTRUCTURE, INTERRUPTED = 0, 1, 2, 130
SWITCH_SECONDS = 0.0005
"""How long the engine's thread may keep the interpreter from the event loop; Python's default of 5 ms is a token."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Plan or serve. Whatever goes wrong is one message on stderr and an exit code; a crash shows its trace."""
    options = parse(arguments)
    console = Console(sys.stderr, quiet=options.quiet)
    try:
        if options.plan:
            sys.stdout.write(make_plan(options).table())
            return DRAINED
        return run(options, console)
    except PortTaken as error:
        console.say(f"kimicode_engine: {error}", always=True)
        return INFRASTRUCTURE
    except EngineError as error:
        console.say(f"kimicode_engine: {error}", always=True)
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED


def run(options: Options, console: Console) -> int:
    """Load and serve until a signal, the end of stdin or a crash. Returns the exit code. Raises EngineError."""
    if options.exit_with_stdin:
        _in_background("stdin", _terminate_with_stdin)
    key = _key(options)
    # Bound first: a port that is taken is better known before minutes of loading than after.
    with bind(options.host, options.port) as listening:
        console.say(f"kimicode engine {__version__}: loading {options.checkpoint}")
        loaded = load(options, console)
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.freeze()  # what is there now stays
        gc.enable()
        _in_background("template", _compare_templates, options.checkpoint, loaded.tokenizer, console)
        return asyncio.run(serve(loaded, options, console, listening, key))


async def serve(loaded: Loaded, options: Options, console: Console, listening: socket.socket, key: str | None) -> int:
    """Serve on a bound socket until told to stop, drain, and say how it ended."""
    service = loaded.service(options.name, created=int(time.time()))
    worker = service.worker
    stop = Stop(console, options.state_file)
    stop.listen()
    server = Listener(create_app(service, key=key, hosts=[options.host, *options.allowed_host]))
    await server.start(listening)
    state = _state(options, service, listening, key)
    with _published(options.state_file, state):
        worker.start()
        try:
            _greet(console, state, shown=key is not None and options.api_key_file is None)
            watching = asyncio.create_task(console.watch(worker, service.metrics))
            drained = await _until_stopped(service, stop, options.drain_timeout, console)
            watching.cancel()
            await server.stop()
        finally:
            if worker.alive:
                await worker.stop()
    if worker.crash:
        traceback.print_exception(worker.crash)
        return INFRASTRUCTURE
    console.say("stopped")
    return (INTERRUPTED if stop.interrupted else DRAINED) if drained else INFRASTRUCTURE


class Stop:
    """SIGTERM and SIGINT: the first one asks for a drain, the second one ends the process where it stands."""

    def __init__(self, console: Console, state_file: Path | None) -> None:
        self._console = console
        self._state_file = state_file
        self.asked = asyncio.Event()
        self.interrupted = False

    def listen(self) -> None:
        """Take over both signals, for the running event loop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal, number)

    def _on_signal(self, number: int) -> None:
        if self.asked.is_set():
            if self._state_file:
                remove_state(self._state_file, os.getpid())
            self._console.say("ended at once; running answers are lost", always=True)
            os._exit(INTERRUPTED)
        self.interrupted = number == signal.SIGINT
        self.asked.set()


async def _until_stopped(service: Service, stop: Stop, drain_seconds: float, console: Console) -> bool:
    """Wait for a reason to end, and drain. True: every answer was completed."""
    worker = service.worker
    reasons = [asyncio.create_task(event.wait()) for event in (stop.asked, worker.ended)]
    await asyncio.wait(reasons, return_when=asyncio.FIRST_COMPLETED)
    for reason in reasons:
        reason.cancel()
    if not worker.alive:
        return False
    console.say(f"stopping: {worker.open} answers may run for {drain_seconds:g} s more; a second signal ends at once")
    drained = await worker.drain(drain_seconds)
    if not drained:
        console.say("the time was up before all answers were complete", always=True)
    return drained


@contextlib.contextmanager
def _published(path: Path | None, state: ServerState) -> Iterator[None]:
    if path is None:
        yield
        return
    try:
        write_state(path, state)
    except OSError as error:
        raise EngineError(f"the state file {path} cannot be written: {error.strerror}") from None
    try:
        yield
    finally:
        remove_state(path, state.pid)


def _key(options: Options) -> str | None:
    if options.no_api_key:
        return None
    return read_key(options.api_key_file) if options.api_key_file else secrets.token_urlsafe(24)


def _state(options: Options, service: Service, listening: socket.socket, key: str | None) -> ServerState:
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    address = f"[{host}]" if ":" in host else host
    url = f"http://{address}:{port}/v1"
    return ServerState(os.getpid(), url, key, options.name, service.window, __version__)


def _greet(console: Console, state: ServerState, *, shown: bool) -> None:
    console.say(f"ready: {state.model} at {state.base_url}, window {state.window:,} tokens")
    if shown:
        console.say(f"api key: {state.api_key}", always=True)


def _in_background(name: str, run: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=run, args=arguments, name=name, daemon=True).start()


def _compare_templates(folder: Path, tokenizer: Tokenizer, console: Console) -> None:
    difference = differs(folder, tokenizer)
    if difference:
        console.say(f"warning: {difference}")


def _terminate_with_stdin() -> None:
    # SIGTERM drains once the server runs, and before that ends the process: both are what a lost parent wants.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
