"""Commands that go back: /undo and /rewind, files and conversation together or apart."""

from dataclasses import replace
from typing import TYPE_CHECKING

from kimicode.errors import UsageError
from kimicode.tui.commands.command import Command
from kimicode.tui.commands.face import Face
from kimicode.tui.widgets.rows import Row

if TYPE_CHECKING:
    from kimicode.agent.undo import Goal
    from kimicode.workspace.restore import Plan

BOTH, FILES, TALK = "both", "files", "conversation"
_PARTS = (
    Row(BOTH, ("Files and conversation",)),
    Row(TALK, ("The conversation alone; files stay as they are",)),
    Row(FILES, ("The files alone; the conversation goes on",)),
)


async def undo(face: Face, argument: str) -> None:
    """The last turn, or all from a turn ("t3") or step ("7") on."""
    await _go(face, *await face.conversation.past.way_back(argument))


async def rewind(face: Face, argument: str) -> None:
    """To before a prompt that the person chooses, and then what goes back."""
    prompts = face.conversation.past.prompts()
    if not prompts:
        raise UsageError("nothing was asked yet")
    rows = [Row(turn, (prompt,)) for turn, prompt in reversed(prompts)]
    turn = await face.pick("Back to before which prompt?", rows)
    if not turn:
        return
    goal, plan = await face.conversation.past.way_back(turn)
    what = await face.pick("What goes back?", _PARTS) if plan.changes else BOTH
    if what == BOTH:
        await _go(face, goal, plan)
    elif what == FILES:
        await _go(face, replace(goal, turn_id=""), plan)
    elif what == TALK:
        await _go(face, replace(goal, number=0), replace(plan, changes=(), edited=(), lost=()))


async def _go(face: Face, goal: "Goal", plan: "Plan") -> None:
    if plan.edited and not await _may_overwrite(face, plan):
        return
    prompt = await face.conversation.past.go_back(goal, plan, force=bool(plan.edited))
    if prompt:
        face.write(prompt)
    if not plan.changes:  # else an event tells of the files
        face.note("info", _told(goal, plan))


async def _may_overwrite(face: Face, plan: "Plan") -> bool:
    from kimicode.agent.undo import named

    rows = [Row("no", ("Leave everything as it is",)), Row("yes", ("Go back, and lose these changes of mine",))]
    return await face.pick(f"You changed since then: {named(plan.edited)}", rows) == "yes"


def _told(goal: "Goal", plan: "Plan") -> str:
    from kimicode.agent.undo import named

    lost = f"; not kept, so left as they are: {named(plan.lost)}" if plan.lost else ""
    talk = " The conversation is back." if goal.turn_id else ""
    return f"No file had to change{lost}.{talk}"


COMMANDS = (
    Command("undo", "take back the last turn, or all from a step on: files and conversation", undo, "[STEP]"),
    Command("rewind", "back to before a prompt: files, conversation or both", rewind),
)
