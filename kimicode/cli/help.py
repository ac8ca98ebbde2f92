"""`kimicode help TOPIC`: the shipped documents."""

import sys
from importlib import resources
from typing import Annotated

import typer

from kimicode.cli.main import COMMANDS
from kimicode.errors import UsageError

SCHEMAS = ("", "output", "review")


def topics() -> list[str]:
    """The names under which documents are shipped."""
    folder = resources.files("kimicode").joinpath("docs")
    return sorted(item.name.removesuffix(".md") for item in folder.iterdir() if item.name.endswith(".md"))


def complete_topic(incomplete: str) -> list[str]:
    """What a shell offers."""
    return [topic for topic in topics() if topic.startswith(incomplete)]


def command(
    topic: Annotated[
        str,
        typer.Argument(
            metavar="TOPIC", help="One of the topics listed by `kimicode help`.", autocompletion=complete_topic
        ),
    ] = "",
    schema: Annotated[bool, typer.Option("--schema", help="With `output` or `review`: the JSON Schema.")] = False,
) -> None:
    """Read about a topic: tui, config, modes, sandbox, security, review, git, undo, output, exit-codes, local, demo.

    Examples:

      kimicode help output

      kimicode help output --schema > kimicode.schema.json
    """
    docs = resources.files("kimicode").joinpath("docs")
    known = topics()
    if schema:
        if topic not in SCHEMAS:
            raise UsageError(f"there is no schema of {topic!r}", hint="There is one of output and one of review.")
        sys.stdout.write(docs.joinpath(f"{topic or 'output'}.schema.json").read_text("utf-8"))
    elif topic in known:
        sys.stdout.write(docs.joinpath(f"{topic}.md").read_text("utf-8"))
    elif topic in COMMANDS:
        raise UsageError(f"{topic!r} is a command, not a topic", hint=f"See `kimicode {topic} --help`.")
    else:
        raise UsageError(f"there is no topic {topic!r}", hint=f"The topics are: {', '.join(known)}.")
