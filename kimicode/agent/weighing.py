"""What a call amounts to: the access that it needs with the files it names, and what an answer to it is bound to."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from kimicode.errors import ToolError
from kimicode.tools.base import Access, Arguments, Tool, ToolContext
from kimicode.workspace.commands.unwrap import innermost
from kimicode.workspace.hazards import runs_later


def weigh(tool: Tool[Any], arguments: Arguments, context: ToolContext) -> Access:
    """The tool's own access, unless the file that the call names asks for more."""
    access = tool.access_of(arguments)
    if access is Access.OUTSIDE and not context.confinement:
        return tool.access  # there is nothing to leave
    if access is Access.FETCH and context.reachable(getattr(arguments, "url", "")):
        return Access.READ
    if access is Access.READ and not context.confinement and _names_secrets(arguments, context):
        return Access.SECRET
    path = getattr(arguments, "path", "")
    if not path or access not in (Access.READ, Access.WRITE):
        return access
    try:
        real = context.files.resolve(path)
    except ToolError:  # the call itself will say so
        return access
    if context.hides(real):
        return Access.SECRET
    if access is Access.WRITE and runs_later(_in_its_root(real, context)):
        return Access.HAZARD
    return access


def _names_secrets(arguments: Arguments, context: ToolContext) -> bool:
    """Whether a command names a file that holds secrets: nothing keeps it from reading that."""
    named = (word for words in innermost(getattr(arguments, "command", "")) for word in words[1:] if "\0" not in word)
    return any(context.hides(Path(os.path.realpath(context.shell.cwd / word))) for word in named if word[:1] != "-")


def _in_its_root(real: Path, context: ToolContext) -> Path:
    root = next((root for root in context.files.roots if real.is_relative_to(root)), None)
    return real.relative_to(root) if root else real


def digest_of(name: str, arguments: Arguments, context: ToolContext) -> str:
    """SHA-256 over everything that decides what a call does: an answer to a question holds for exactly this.

    For commands that is also the directory, the variables that they start with, and the sandbox they run in.
    """
    said: dict[str, Any] = {"tool": name, "arguments": arguments.model_dump(mode="json")}
    if hasattr(arguments, "command"):
        shell, outside = context.shell, getattr(arguments, "outside_sandbox", False)
        variables = dict(shell.variables_of(outside=outside or not context.confinement))
        said |= {"cwd": str(shell.cwd), "variables": variables, "sandbox": context.confinement}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()
