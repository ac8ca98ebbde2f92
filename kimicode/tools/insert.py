"""The `insert` tool: whole lines after a given line."""

from pydantic import Field

from kimicode.tools.aliases import INSERT_LINE, NEW_STR, PATH
from kimicode.tools.base import Access, Arguments, Tool, ToolContext, ToolOutcome


class InsertArguments(Arguments):
    path: str = Field(validation_alias=PATH)
    insert_line: int = Field(validation_alias=INSERT_LINE)
    new_str: str = Field(validation_alias=NEW_STR)


class Insert(Tool[InsertArguments]):
    name = "insert"
    access = Access.WRITE
    arguments = InsertArguments

    async def run(self, arguments: InsertArguments, context: ToolContext) -> ToolOutcome:
        edit = context.files.insert(arguments.path, arguments.insert_line, arguments.new_str)
        done = f"Inserted at line {edit.line} of {edit.diff.path}"
        return ToolOutcome.of(edit.report(done), edit.diff)
