"""The command line of `python -m kimicode_engine`: what can be chosen, and what is refused at once."""

import argparse
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from kimicode_engine.errors import EngineError

PORT = 8421
DESCRIPTION = "Serve a checkpoint in the format of Kimi K2, K2.5 or K2.6 over OpenAI- and Anthropic-compatible HTTP."
EXAMPLES = """examples:
  python -m kimicode_engine --checkpoint ~/models/Kimi-K2.6 --plan       what would go where, without loading
  python -m kimicode_engine --checkpoint ~/models/Moonlight              serve on http://127.0.0.1:8421/v1
  python -m kimicode_engine --checkpoint DIR --port 0 --state-file FILE  any free port; FILE says which
  python -m kimicode_engine --checkpoint DIR --host 0.0.0.0 --api-key-file KEY --allowed-host gpu-box

exit codes: 0 drained and ended, 1 usage or checkpoint, 2 infrastructure (port taken, crash), 130 interrupted"""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, checked."""

    checkpoint: Path
    host: str
    port: int
    device: str
    dtype: str
    cache_dtype: str
    window: int | None
    cache_memory: float | None
    """GB (10^9 bytes) for the cache; None: as memory.plan decides."""
    max_running: int
    step_tokens: int
    name: str
    api_key_file: Path | None
    no_api_key: bool
    allowed_host: tuple[str, ...]
    state_file: Path | None
    drain_timeout: float
    plan: bool
    quiet: bool
    exit_with_stdin: bool


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line. Ends the process with help or, by SystemExit 1, with a usage error."""
    parser = _Parser(
        prog="kimicode_engine",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_model(parser)
    _add_server(parser)
    found = vars(parser.parse_args(arguments))
    found["name"] = found["name"] or found["checkpoint"].resolve().name
    found["allowed_host"] = tuple(found["allowed_host"])
    options = Options(**found)
    if not options.plan and not is_loopback(options.host) and options.api_key_file is None:
        parser.error(
            f"--host {options.host} can be reached by other machines: it needs --api-key-file FILE"
            " (a file with the key as its only line)"
        )
    return options


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read_key(path: Path) -> str:
    """The key in a file. Raises EngineError if there is none, or one that no header can carry."""
    try:
        key = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError(f"the key file {path} cannot be read: {error}") from None
    if not key.isprintable() or len(key) < 8 or " " in key:
        raise EngineError(f"the key file {path} must hold one line of at least 8 visible ASCII characters")
    return key


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Usage errors end with 1: 2 is for what may go away by itself."""
        self.exit(1, f"{self.prog}: {message}\ntry --help\n")


def _add_model(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("model").add_argument
    add("--checkpoint", type=Path, required=True, metavar="DIR", help="folder with config.json and *.safetensors")
    add("--device", default="auto", metavar="auto|cpu|cuda[:N]", help="where to compute (default: auto)")
    add("--dtype", default="auto", choices=("auto", "bfloat16", "float32"), help="type of weights and cache")
    add(
        "--cache-dtype", default="auto", choices=("auto", "bf16", "fp8"),
        help="how the cache holds a token: as --dtype, or in fp8, in 57%% of bf16's memory (default: auto, as --dtype)",
    )  # fmt: skip
    add("--window", type=_positive, metavar="N", help="tokens of prompt and answer (default: the checkpoint's)")
    add("--cache-memory", type=_amount, metavar="GB", help="memory for the cache (default: within what is free)")
    add("--max-running", type=_positive, default=64, metavar="N", help="answers computed at once (default: 64)")
    add("--step-tokens", type=_positive, default=2048, metavar="N", help="tokens of one step (default: 2048)")
    add("--plan", action="store_true", help="print what would go where, load nothing, and end")


def _add_server(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("server").add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine alone)")
    add("--port", type=_port, default=PORT, help=f"port to listen on; 0 takes a free one (default: {PORT})")
    add("--name", metavar="NAME", help="the model's name in requests and answers (default: the folder's)")
    keys = parser.add_mutually_exclusive_group()
    keys.add_argument("--api-key-file", type=Path, metavar="FILE", help="the key (default: a random one, shown once)")
    keys.add_argument("--no-api-key", action="store_true", help="let every program of this machine in")
    add("--allowed-host", action="append", default=[], metavar="H", help="a further name this server is known by")
    add("--state-file", type=Path, metavar="FILE", help="write address and key here (mode 0600) when ready")
    add("--drain-timeout", type=_amount, default=30.0, metavar="S", help="seconds for running answers on SIGTERM")
    add("--quiet", action="store_true", help="no progress and no status line")
    add("--exit-with-stdin", action="store_true", help="drain and end when stdin reaches its end (for a parent)")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def _amount(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value < 65536:
        raise ValueError(text)
    return value
