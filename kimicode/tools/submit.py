"""`submit`: the model says that it is done; in plan mode, that its plan is ready."""

from pydantic import AliasChoices, Field

from kimicode.tools.base import Access, Arguments, Submitted, Tool, ToolContext, ToolOutcome


class SubmitArguments(Arguments):
    summary: str = Field("", validation_alias=AliasChoices("summary", "message", "answer", "result", "text"))


class Submit(Tool[SubmitArguments]):
    name = "submit"
    access = Access.CONTROL
    arguments = SubmitArguments

    async def run(self, arguments: SubmitArguments, context: ToolContext) -> ToolOutcome:
        raise Submitted(arguments.summary.strip())
