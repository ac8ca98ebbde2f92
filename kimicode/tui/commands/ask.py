"""Commands that put prepared words to the agent, and the question beside the conversation."""

from importlib import resources

from kimicode.errors import UsageError
from kimicode.tui.commands.command import Command
from kimicode.tui.commands.face import Face


async def make_instructions(face: Face, argument: str) -> None:
    await face.conversation.send(_prepared("init", argument))


async def review(face: Face, argument: str) -> None:
    await face.conversation.send(_prepared("review", argument))


async def beside(face: Face, argument: str) -> None:
    if not argument:
        raise UsageError("what is the question?", hint="/btw QUESTION")
    await face.conversation.aside(argument)


def _prepared(name: str, argument: str) -> str:
    text = resources.files("kimicode").joinpath("tui", "commands", f"{name}.md").read_text("utf-8").strip()
    return f"{text}\n\n{argument}" if argument else text


COMMANDS = (
    Command("init", "have AGENTS.md written for this project", make_instructions, "[WISHES]"),
    Command("review", "have the uncommitted changes reviewed", review, "[WHAT MATTERS]"),
    Command("btw", "ask something that the conversation forgets again", beside, "QUESTION", aliases=("aside",)),
)
