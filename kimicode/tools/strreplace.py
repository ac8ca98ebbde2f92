"""The `strreplace` tool: one quoted piece of a file replaced by another."""

from pydantic import Field

from kimicode.tools.aliases import NEW_STR, OLD_STR, PATH
from kimicode.tools.base import Access, Arguments, Tool, ToolContext, ToolOutcome


class StrReplaceArguments(Arguments):
    path: str = Field(validation_alias=PATH)
    old_str: str = Field(validation_alias=OLD_STR)
    new_str: str = Field(validation_alias=NEW_STR)


class StrReplace(Tool[StrReplaceArguments]):
    name = "strreplace"
    access = Access.WRITE
    arguments = StrReplaceArguments

    async def run(self, arguments: StrReplaceArguments, context: ToolContext) -> ToolOutcome:
        edit = context.files.replace(arguments.path, arguments.old_str, arguments.new_str)
        done = f"Edited {edit.diff.path} at line {edit.line}"
        return ToolOutcome.of(edit.report(done), edit.diff)
