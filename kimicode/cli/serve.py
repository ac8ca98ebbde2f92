"""`kimicode serve`: becomes the local engine, `python -m kimicode_engine`, with the options that it takes."""

import os
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from kimicode.agent.place import absolute
from kimicode.config.load import load
from kimicode.errors import DiskError
from kimicode.llm.local import checkpoint_of, engine_command, state_file

DEVICES = {"auto": "a GPU where there is one", "cpu": "plain PyTorch", "cuda": "the first GPU", "cuda:1": "another GPU"}


class Precision(StrEnum):
    AUTO = "auto"
    BFLOAT16 = "bfloat16"
    FLOAT32 = "float32"


class CachePrecision(StrEnum):
    AUTO = "auto"
    BF16 = "bf16"
    FP8 = "fp8"


def complete_device(incomplete: str) -> list[tuple[str, str]]:
    """What a shell offers."""
    return [item for item in DEVICES.items() if item[0].startswith(incomplete)]


Checkpoint = Annotated[
    Path | None,
    typer.Option("--checkpoint", metavar="DIR", file_okay=False, help="Folder of weights, as Hugging Face has them."),
]
Device = Annotated[
    str | None,
    typer.Option("--device", metavar="DEVICE", help="auto, cpu, cuda or cuda:N.", autocompletion=complete_device),
]
Dtype = Annotated[Precision | None, typer.Option("--dtype", help="Precision of what is not INT4.")]
CacheDtype = Annotated[
    CachePrecision | None, typer.Option("--cache-dtype", help="Precision of the conversations' cache.")
]
Host = Annotated[str, typer.Option(metavar="ADDRESS", help="Address; others than loopback need a key file.")]
CacheMemory = Annotated[float | None, typer.Option(min=0, metavar="GB", help="Memory for the conversations' cache.")]
DrainTimeout = Annotated[
    float | None, typer.Option(min=0, metavar="SECONDS", help="How long a stop waits for running answers.")
]
KeyFile = Annotated[
    Path | None,
    typer.Option("--api-key-file", metavar="FILE", dir_okay=False, help="Ask for the key in this file, not a new one."),
]
AllowedHosts = Annotated[
    list[str] | None,
    typer.Option("--allowed-host", metavar="NAME", help="Another name under which it may be called; repeatable."),
]


def command(
    checkpoint: Checkpoint = None,
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="N", help="Port; 0 takes a free one.")] = 8421,
    host: Host = "127.0.0.1",
    device: Device = None,
    dtype: Dtype = None,
    cache_dtype: CacheDtype = None,
    window: Annotated[int | None, typer.Option(min=1, metavar="N", help="Tokens of one conversation at most.")] = None,
    cache_memory: CacheMemory = None,
    max_running: Annotated[int | None, typer.Option(min=1, metavar="N", help="Answers at the same time.")] = None,
    step_tokens: Annotated[int | None, typer.Option(min=1, metavar="N", help="Tokens computed in one step.")] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="The model's name for clients.")] = None,
    api_key_file: KeyFile = None,
    no_api_key: Annotated[bool, typer.Option("--no-api-key", help="Answer everybody on this machine.")] = False,
    allowed_host: AllowedHosts = None,
    drain_timeout: DrainTimeout = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would go where, and load nothing.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no status line.")] = False,
) -> None:
    """Serve a checkpoint of the Kimi K2 family on this machine, over OpenAI's and Anthropic's API.

    It runs until Ctrl-C, finishes what it is answering, and ends. `kimicode run --model local` finds it by itself.

    Examples:

      kimicode serve --checkpoint ~/models/Kimi-K2.6 --plan     (does it fit?)

      kimicode serve --checkpoint ~/models/Kimi-K2.6

      kimicode serve --host 0.0.0.0 --api-key-file key.txt --allowed-host gpu1.lan

    The folder may also stand in KIMICODE_CHECKPOINT or config.toml. More: `kimicode help local`.
    """
    here = absolute(Path())
    flags = {"checkpoint": checkpoint and here / checkpoint.expanduser()}
    folder = checkpoint_of(load(flags, cwd=here, environ=os.environ).settings)
    options = {
        "checkpoint": folder,
        "host": host,
        "port": port,
        "device": device,
        "dtype": dtype,
        "cache-dtype": cache_dtype,
        "window": window,
        "cache-memory": cache_memory,
        "max-running": max_running,
        "step-tokens": step_tokens,
        "name": name,
        "api-key-file": api_key_file,
        "drain-timeout": drain_timeout,
    }
    switches = {"no-api-key": no_api_key, "plan": plan, "quiet": quiet}
    given = arguments(options, switches, allowed_host or ())
    if not plan:
        given += ["--state-file", str(state_file(str(port) if port else f"pid-{os.getpid()}"))]
    become(engine_command(given))


def arguments(options: Mapping[str, object], switches: Mapping[str, bool], hosts: Iterable[str]) -> list[str]:
    """The engine's command line: what was given, its own defaults for the rest."""
    valued = [f"--{name}={value}" for name, value in options.items() if value is not None]
    named = [f"--allowed-host={host}" for host in hosts]
    return [*valued, *named, *(f"--{name}" for name, on in switches.items() if on)]


def become(command: list[str]) -> NoReturn:
    """Replace this process, so that signals, terminal and exit code are the engine's. Raises DiskError."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execv(command[0], command)
    except OSError as error:
        raise DiskError.from_os("start", command[0], error) from error
