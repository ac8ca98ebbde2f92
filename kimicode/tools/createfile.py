"""The `createfile` tool: a new file, never an overwritten one."""

from pydantic import Field

from kimicode.tools.aliases import FILE_TEXT, PATH
from kimicode.tools.base import Access, Arguments, Tool, ToolContext, ToolOutcome


class CreateFileArguments(Arguments):
    path: str = Field(validation_alias=PATH)
    file_text: str = Field(validation_alias=FILE_TEXT)


class CreateFile(Tool[CreateFileArguments]):
    name = "createfile"
    access = Access.WRITE
    arguments = CreateFileArguments

    async def run(self, arguments: CreateFileArguments, context: ToolContext) -> ToolOutcome:
        edit = context.files.create(arguments.path, arguments.file_text)
        # the model has just written the text, so the answer does not repeat it
        size = f"{edit.diff.added} line{'s' * (edit.diff.added != 1)}"
        lines = [f"Created {edit.diff.path} ({size}).", edit.warning]
        return ToolOutcome.of("\n".join(filter(None, lines)), edit.diff)
