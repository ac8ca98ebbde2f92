"""The `strreplace` tool: one quoted piece of a file replaced by another."""

from pydantic import Field

from kimicode.errors import ToolError
from kimicode.tools.aliases import NEW_STR, OLD_STR, PATH
from kimicode.tools.base import Access, Arguments, Tool, ToolContext, ToolOutcome
from kimicode.workspace.excerpt import numbered
from kimicode.workspace.files import Files


class StrReplaceArguments(Arguments):
    path: str = Field(validation_alias=PATH)
    old_str: str = Field(validation_alias=OLD_STR)
    new_str: str = Field(validation_alias=NEW_STR)


class StrReplace(Tool[StrReplaceArguments]):
    name = "strreplace"
    access = Access.WRITE
    arguments = StrReplaceArguments

    async def run(self, arguments: StrReplaceArguments, context: ToolContext) -> ToolOutcome:
        unseen = _unseen(arguments.path, context.files)
        try:
            edit = context.files.replace(arguments.path, arguments.old_str, arguments.new_str)
        except ToolError as error:
            raise (_with_file(error, arguments.path, context.files) if unseen else error) from error
        done = f"Edited {edit.diff.path} at line {edit.line}"
        return ToolOutcome.of(edit.report(done), edit.diff)


MOST_SHOWN = 150
"""Lines of a file that a blind edit is answered with."""


def _unseen(path: str, files: Files) -> str:
    """The file's name below the root if it was not looked at yet, else ""."""
    try:
        name = str(files.resolve(path, for_edit=True).relative_to(files.root))
    except (ToolError, ValueError):
        return ""
    return "" if name in files.recently_seen(1000) else name


def _with_file(error: ToolError, path: str, files: Files) -> ToolError:
    """A failed edit of a file that was never seen is answered with the file: the next try need not be blind."""
    try:
        lines = files.read(path).lines
    except ToolError:
        return error
    if len(lines) > MOST_SHOWN or "\n" in error.message:  # the message shows lines that come near: that is enough
        return error
    return ToolError(f"{error.message} You had not looked at the file yet; here it is:\n{numbered(lines, 1)}")
