"""The `outline` tool: what a file defines, and on which lines."""

import asyncio

from pydantic import Field

from kimicode.errors import ToolError
from kimicode.events import Brief
from kimicode.tools.aliases import PATH
from kimicode.tools.base import Access, Arguments, Tool, ToolContext, ToolOutcome
from kimicode.workspace.encoding import detect, showable


class OutlineArguments(Arguments):
    path: str = Field(validation_alias=PATH)


class Outline(Tool[OutlineArguments]):
    name = "outline"
    access = Access.READ
    arguments = OutlineArguments

    async def run(self, arguments: OutlineArguments, context: ToolContext) -> ToolOutcome:
        from kimicode.index.outline import outline

        data = context.files.read_bytes(arguments.path)
        if detect(data) is None:
            raise ToolError(f"{arguments.path} is a binary file")
        text = await asyncio.to_thread(outline, arguments.path, data)
        return ToolOutcome.of(showable(text), Brief(f"outline of {arguments.path}"))
