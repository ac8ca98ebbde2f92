"""Commands that change who answers and what it may do."""

from typing import TYPE_CHECKING

from kimicode.errors import UsageError
from kimicode.tui.commands.command import Command
from kimicode.tui.commands.face import Face
from kimicode.tui.widgets.rows import Row

if TYPE_CHECKING:
    from kimicode.agent.approval import Mode

MODES: "dict[Mode, str]" = {
    "plan": "looks and plans, changes nothing",
    "ask": "asks before edits and commands",
    "auto-edit": "edits files, asks before commands",
    "auto": "edits, and runs commands in the sandbox",
    "yolo": "no sandbox, no questions: all that you could do yourself",
}
GIVEN_UP = """\
Commands run outside of the sandbox, with all your rights: your files, your keys, the network.
Files that hold secrets are read, files that run later are written, and nobody asks you first."""
"""What the mode yolo costs, said before it begins."""
_ON = {"on": True, "off": False, "": None}


async def model(face: Face, argument: str) -> None:
    name: str | None = argument
    if not argument:
        from kimicode.tui.models import offered, rows

        settings = face.conversation.settings
        name = await face.pick("Model", rows(await offered(settings), face.conversation.state.model, settings))
    if name:
        await face.conversation.switch_model(name)


async def thinking(face: Face, argument: str) -> None:
    wanted = _ON.get(argument.lower(), "?")
    if wanted == "?":
        raise UsageError("thinking is on or off", hint="/thinking [on|off]")
    await face.conversation.switch_thinking(not face.conversation.state.thinking if wanted is None else bool(wanted))


async def mode(face: Face, argument: str) -> None:
    present = face.conversation.state.mode
    name: str | None = argument.lower()
    if not name:
        choice = [Row(each, (each, text), marked=each == present) for each, text in MODES.items()]
        name = await face.pick("What may it do without a question?", choice)
    if name == "yolo" and present != "yolo":
        sure = [Row("", ("stay as it is",)), Row(name, ("give that up, until the mode changes or the session ends",))]
        face.note("warning", GIVEN_UP)
        name = await face.pick("No sandbox and no questions?", sure)
    if name:
        face.conversation.set_mode(_mode(name))


def _mode(name: str) -> "Mode":
    for mode in MODES:
        if mode == name:
            return mode
    raise UsageError(f"there is no mode {name!r}", hint=f"The modes are: {', '.join(MODES)}.")


async def plan(face: Face, argument: str) -> None:
    """Without words the plan's steps; with words plan mode and the words as a prompt."""
    if not argument:
        face.show_plan()
        return
    face.conversation.set_mode("plan")
    await face.conversation.send(argument)


async def offer_plan(face: Face) -> None:
    """The agent has a plan and may not act: let the person choose how it is carried out."""
    ways = [Row(name, (f"carry it out: {MODES[name]}", name)) for name in ("auto-edit", "ask", "auto")]
    name = await face.pick("The plan is made", [*ways, Row("", ("keep planning: say what is missing",))])
    if name:
        await face.conversation.accept_plan(_mode(name))


COMMANDS = (
    Command("mode", "what it may do without a question", mode, "[plan|ask|auto-edit|auto|yolo]"),
    Command("model", "another model answers", model, "[NAME]"),
    Command("thinking", "let the model think first, or answer at once", thinking, "[on|off]"),
    Command("plan", "show the plan's steps; with words: plan this first", plan, "[PROMPT]"),
)
