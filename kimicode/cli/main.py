"""The `kimicode` command: a fast path for help and version, then the one command that was asked for, lazily.

This module imports nothing but the standard library's cheapest parts: `kimicode --help` must feel like `ls --help`.
"""

import contextlib
import errno
import os
import sys
from typing import TYPE_CHECKING

from kimicode import __version__

if TYPE_CHECKING:
    import typer

COMMANDS = {
    "run": "do one task in this folder and exit",
    "review": "find faults that a change or a pull request brings",
    "commit": "commit what is staged, with a message of the model's",
    "pr": "write title and text of a pull request",
    "serve": "serve a model's weights with the local engine",
    "web": "work with the agent in a browser",
    "demo": "watch a small model on this machine find a bug; no key, no network",
    "sessions": "list, show and export recorded sessions",
    "undo": "take back what the agent did, files and conversation",
    "index": "read this folder into the index that searches use, or say what it holds",
    "map": "print the repository's most important definitions",
    "trust": "obey a project's own instructions and settings, or no longer",
    "doctor": "check the set-up: endpoint, key, model, git, terminal",
    "help": "read about a topic: " + "tui, output, config, modes, review, git, undo, local, demo, exit-codes",
}

COMPLETION = ("--install-completion", "--show-completion")

HELP = """\
kimicode {version}: a terminal coding agent for Kimi K2.6 and any OpenAI-compatible model

Usage: kimicode [OPTIONS]            work with the agent in this folder
       kimicode COMMAND [OPTIONS]

Commands:
{commands}

Start:
  export MOONSHOT_API_KEY=sk-...                     a Moonshot key is all that Kimi K2.6 needs
  kimicode                                           without a key it asks how to reach a model
  kimicode demo                                      without key and network: a tiny model, to see it all at work
  kimicode run "the test in tests/test_parse.py fails, fix it"

Any OpenAI-compatible server:
  kimicode run --base-url http://127.0.0.1:8000/v1 --model NAME "..."

A model on this machine:
  kimicode serve --checkpoint DIR                    then, in another terminal:
  kimicode run --model local "..."

Options:
  -c, --continue         go on with this folder's last session
  -r, --resume [ID]      go on with another one, or choose
  --plain                lines of text; so too where stdin or stdout is no terminal: each line of stdin is a prompt
  --model, --mode, --theme ...                       `kimicode --continue --help` lists them all
  --version              show the version
  --install-completion   install completion for the present shell
  -h, --help             show this; `kimicode COMMAND --help` shows a command's options
"""


def main() -> None:
    """Entry point of the console script. Always ends in sys.exit with a code of `kimicode.errors.ExitCode`."""
    open_closed_streams()
    forget_relative_places()
    arguments = sys.argv[1:]
    completing = "_KIMICODE_COMPLETE" in os.environ
    quick = None
    if not completing and arguments in (["-h"], ["--help"], ["help"]):
        quick = top_help()
    elif not completing and arguments in (["--version"], ["-V"]):
        quick = f"kimicode {__version__}\n"
    try:
        code = dispatch(arguments) if quick is None else 0
        sys.stdout.write(quick or "")
        sys.stdout.flush()
    except OSError as error:
        code = unwritten(error)
    try:
        sys.stderr.flush()
    except OSError:  # the terminal was closed; Python would flush once more and change the exit code
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    sys.exit(code)


def seen() -> bool:
    """Whether a person sits before this: at a terminal, or at a browser that shows one."""
    streams = (sys.stdin, sys.stdout, sys.stderr)  # Textual paints on stderr
    return bool(os.environ.get("TEXTUAL_DRIVER")) or all(stream.isatty() for stream in streams)


def forget_relative_places() -> None:
    """Take out of PATH what is not absolute: git must not be a program of the folder that it is to look at."""
    places = os.environ.get("PATH", os.defpath).split(os.pathsep)
    os.environ["PATH"] = os.pathsep.join(place for place in places if os.path.isabs(place))


def open_closed_streams() -> None:
    """Put /dev/null where a standard stream is closed: the next file to be opened would take its place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            stream = open(number, "w" if number else "r", encoding="utf-8", errors="replace")  # noqa: SIM115 - for good
            setattr(sys, name, stream)


def top_help() -> str:
    commands = "\n".join(f"  {name:<10} {text}" for name, text in COMMANDS.items())
    return HELP.format(version=__version__, commands=commands)


def dispatch(arguments: list[str]) -> int:
    """Do what was asked and return the exit code; every error is explained here, none escapes."""
    from kimicode.errors import ExitCode, KimicodeError

    try:
        if "_KIMICODE_COMPLETE" in os.environ or (arguments and not arguments[0].startswith("-")):
            return call(arguments)
        from kimicode.cli import quick

        given = quick.read(arguments)
        if given is None:
            return call(arguments)
        from kimicode.cli.interactive import begin  # without typer: the first paint does not wait for it

        return begin(given)
    except KimicodeError as error:
        return complain(str(error), error.exit_code)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError as error:
        return unwritten(error)
    except Exception as error:  # the top-level border: explained, with a trace on request
        if os.environ.get("KIMICODE_TRACEBACK"):
            raise
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return unwritten(error)
        text = (
            f"a fault in kimicode: {type(error).__name__}: {error}\nKIMICODE_TRACEBACK=1 shows where. Please report it."
        )
        return complain(text, ExitCode.INFRASTRUCTURE)


def call(arguments: list[str]) -> int:
    """Parse the arguments and run what they name: a command, or, where there are options alone, the interface."""
    from typer.exceptions import Abort, TyperException

    from kimicode.cli.beside import with_fresh_names
    from kimicode.errors import ExitCode

    first = arguments[0] if arguments else ""
    chosen = first if first in COMMANDS else None
    try:
        if first.startswith("-") and not first.startswith(COMPLETION):
            from kimicode.cli.tui import with_picker

            arguments, app = with_fresh_names(with_picker(arguments)), build_interactive()
        else:
            app = build_app(chosen)
            arguments = with_fresh_names(arguments) if chosen == "run" else arguments
        code = app(arguments, prog_name="kimicode", standalone_mode=False)
    except TyperException as error:
        return complain(explain(error, chosen), ExitCode.USAGE)
    except Abort:
        return int(ExitCode.INTERRUPTED)
    return int(code) if isinstance(code, int) else int(ExitCode.FINISHED)


def explain(error: Exception, chosen: str | None) -> str:
    """What was wrong with the arguments, and where help is; "" where the help itself was the answer."""
    text: str = getattr(error, "format_message", error.__str__)().replace("Value error, ", "")
    if not text.strip():
        return ""
    if chosen == "run" and "extra argument" in text:
        text += '\nThe task is one argument: put it in quotes, kimicode run "..."'
    if chosen == "review" and text.startswith("No such command") and "Did you mean" not in text:
        text += "\nWhat is to be reviewed is an option: --range A..B, --staged, --pr URL"
    return f"{text}\nTry `{f'kimicode {chosen} --help' if chosen else 'kimicode --help'}`."


def unwritten(error: OSError) -> int:
    """The end where stdout takes no more: quiet where its reader went away (`| head`), explained where a disk is full.

    Afterwards stdout is /dev/null, for what is still to be flushed at the exit.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0 if isinstance(error, BrokenPipeError) else complain(f"cannot write the output: {error.strerror}", 2)


def build_app(only: str | None) -> "typer.Typer":
    """The command-line application with one command, or with all of them for completion and suggestions."""
    import importlib

    import typer
    from typer.models import Default

    both = {"help_option_names": ["-h", "--help"]}
    app = typer.Typer(name="kimicode", add_completion=only is None, no_args_is_help=True, context_settings=both)
    app.callback()(_options)
    for name in (only,) if only else COMMANDS:
        module = importlib.import_module(f"kimicode.cli.{name}")
        if hasattr(module, "app"):
            own = module.app.registered_callback is not None  # then its docstring is the help, unless one is given
            app.add_typer(module.app, name=name, help=Default(None) if own else COMMANDS[name].capitalize() + ".")
        else:
            app.command(name)(getattr(module, "command", None) or getattr(module, name))
    return app


def build_interactive() -> "typer.Typer":
    """The application behind options without a command."""
    import typer

    from kimicode.cli import tui

    app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})
    app.command()(tui.command)
    return app


def _options() -> None:
    """A terminal coding agent for Kimi K2.6 and any OpenAI-compatible model."""


def complain(text: str, code: int) -> int:
    """Say what went wrong on stderr, if anything; returns the exit code."""
    lines = text.splitlines()
    said = "\n".join([*(f"kimicode: {line}" for line in lines[:1]), *(f"  {line}" for line in lines[1:]), ""])
    with contextlib.suppress(OSError):  # stderr on a full disk: the exit code has to do
        sys.stderr.write(said if lines else "")
        sys.stderr.flush()
    return int(code)


if __name__ == "__main__":
    main()
